"""The binder of one plan, put together from functions that were made for it.

It returns the same as `Binder` for the same request, or raises; then the general binder runs and
writes the error message. Before a statement is first bound by it, both have bound the same request
to the same values: a binder that differs is never used again.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from gql.engine.bind import (
    ConstantBindings,
    Values,
    bind_conditions,
    bind_field,
    bind_fields,
    bind_paging,
)
from gql.engine.coercion import Coercions, Variables
from gql.engine.fields import ConnectionSource, LookupSource
from gql.engine.filter_reader import FILTER, filter_reader
from gql.engine.plan import ParameterizedField, argument_prefix, has_variable
from gql.engine.variants import (
    FieldVariant,
    ListVariant,
    LookupVariant,
    VariantKey,
)
from gql.errors import GatewayError
from gql.identity import Identity
from gql.query.paging import Paging

FieldBinder = Callable[[Variables, Identity, Values], FieldVariant]
"""From the coerced variables and the caller to a field's variant; it adds the field's values."""


ArgumentReader = Callable[[Variables], dict[str, Any]]
"""From the coerced variables to a field's arguments, by their names in Python."""


@dataclass(frozen=True, slots=True)
class CompiledBinder:
    """Binds the parameterized fields of a plan.

    Attributes:
        fields: Those of the plan.
        binders: For each field, what binds it.
        has_constants: Whether one of them has the same values in every request.
    """

    fields: tuple[ParameterizedField, ...]
    binders: tuple[FieldBinder, ...]
    has_constants: bool

    @classmethod
    def of(cls, coercions: Coercions, fields: tuple[ParameterizedField, ...]) -> "CompiledBinder":
        """The binder of a plan.

        Raises:
            NoFunction: when there is none for one of its arguments.
        """
        binders = (_field_binder(coercions, *numbered) for numbered in enumerate(fields))
        return cls(fields, tuple(binders), any(field.is_constant for field in fields))

    def bind(
        self, variables: Variables, identity: Identity, constants: ConstantBindings
    ) -> tuple[VariantKey, Values]:
        """As `Binder.bind`; any exception means that the general binder has to run."""
        binders = self.binders
        if not self.has_constants:
            values: Values = {}
            return tuple([bind(variables, identity, values) for bind in binders]), values
        return bind_fields(
            self.fields,
            lambda number, values: binders[number](variables, identity, values),
            constants,
        )


def _field_binder(coercions: Coercions, number: int, field: ParameterizedField) -> FieldBinder:
    if isinstance(field.source, ConnectionSource):
        return _page_binder(coercions, number, field, field.source)
    read = coercions.arguments(field)
    if isinstance(field.source, LookupSource):
        return _lookup_binder(number, field.source, read)

    def bind(variables: Variables, identity: Identity, values: Values) -> FieldVariant:
        return bind_field(number, field, partial(read, variables), identity, values)

    return bind


def _lookup_binder(number: int, source: LookupSource, read: ArgumentReader) -> FieldBinder:
    """What binds the look-up of one record, the smallest of requests."""
    parameter, read_key = f"{argument_prefix(number)}_key", source.read_arguments

    def bind(variables: Variables, _identity: Identity, values: Values) -> FieldVariant:
        column, values[parameter] = read_key(**read(variables))
        return LookupVariant(column)

    return bind


def _page_binder(
    coercions: Coercions, number: int, field: ParameterizedField, source: ConnectionSource
) -> FieldBinder:
    """What binds a page; a paging without variables is read once."""
    prefix, resource, permission = (
        argument_prefix(number),
        source.resource,
        source.resource.permission,
    )
    read_filter = filter_reader(coercions, field)
    read_bounds = coercions.arguments(field, without=FILTER)
    constant_values: Values = {}
    constant: Paging | None = None
    bounds = (each for each in field.node.arguments or () if each.name.value != FILTER)
    if not any(has_variable(each.value) for each in bounds):
        with suppress(GatewayError):  # else every request is refused, by the general binder
            paging, _ = source.read_arguments(**read_bounds({}))
            constant = bind_paging(prefix, paging, constant_values)

    def bind(variables: Variables, identity: Identity, values: Values) -> FieldVariant:
        if permission is not None:
            identity.require(permission)
        conditions = bind_conditions(prefix, resource.filters, read_filter(variables), values)
        if constant is not None:
            values.update(constant_values)
            return ListVariant(constant, conditions)
        paging, _ = source.read_arguments(**read_bounds(variables))
        return ListVariant(bind_paging(prefix, paging, values), conditions)

    return bind
