"""From the values of one request to what a plan is bound with, and to the shape of its SQL.

Two requests have the same shape when the same SQL serves both: they filter by the same fields with
the same comparators, page the same way, and differ in values alone. So SQL never asks whether a
parameter is NULL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import get_argument_values, get_named_type
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments

from gql.engine.collect_fields import Unsupported
from gql.engine.connection import ConnectionSource
from gql.engine.fields import JsonPathSource, ViewerFieldSource, ViewerRecordSource
from gql.engine.parameterized_fields import DEFINITION, ParameterizedField
from gql.engine.root_fields import LookupSource, NodesSource
from gql.identity import Identity
from gql.query.cursor import Cursor
from gql.query.filters import Criterion, Filter
from gql.query.json_pointer import tokens
from gql.query.paging import Paging
from gql.query.resource import Resource
from gql.query.rollup import depth
from gql.sql.json_step import is_index

Values = dict[str, Any]
"""What the statement's parameters are filled with, by name."""


@dataclass(frozen=True)
class LookupVariant:
    """A look-up: by which column, and of which resource where that is not settled."""

    column: str
    resource: str = ""


@dataclass(frozen=True)
class ConditionVariant:
    """One condition: how many parameters it has, or that nothing can match it."""

    field: str
    comparator: str
    literal: bool | None
    parameters: int | None
    selective: bool = False


@dataclass(frozen=True)
class ListVariant:
    """A page: its paging with marks in place of numbers and cursors, and its conditions."""

    paging: Paging
    terms: tuple[ConditionVariant, ...]


@dataclass(frozen=True)
class PathVariant:
    """A JSON Pointer: for each of its tokens, whether it may be an index."""

    indexes: tuple[bool, ...]


@dataclass(frozen=True)
class FilterVariant:
    """A whole list: its conditions alone."""

    terms: tuple[ConditionVariant, ...]


FieldVariant = tuple[LookupVariant, ...] | ListVariant | PathVariant | FilterVariant

VariantKey = tuple[FieldVariant, ...]
"""The shape of every slot."""


def is_selective(shapes: VariantKey) -> bool:
    """Whether there are few or many rows depending on the values: some criterion says so."""
    return any(
        term.selective
        for shape in shapes
        if isinstance(shape, (ListVariant, FilterVariant))
        for term in shape.terms
    )


ConstantBindings = dict[int, tuple[FieldVariant, Values]]
"""What settled slots were bound to, by number."""

MAX_STEPS = 32
"""Most tokens of a JSON Pointer that a plan follows; each number of them is another shape."""


class Binder:
    """Coerces the arguments of slots, as the reference way does."""

    def __init__(self, converter: GraphQLCoreConverter) -> None:
        self._registry = converter.scalar_registry
        self._config = converter.config

    def bind(
        self,
        slots: tuple[ParameterizedField, ...],
        variables: VariableValues,
        identity: Identity,
        constants: ConstantBindings,
    ) -> tuple[VariantKey, Values]:
        """The shape of every slot, and the values of the statement's parameters.

        Args:
            slots: Those of a plan.
            variables: Of the request.
            identity: Who is asking.
            constants: What the settled slots of this plan gave the first time; filled here.

        Raises:
            GatewayError: when an argument cannot be used; the reference way words the answer.
            GraphQLError: the same, for an argument of the wrong type.
            Unsupported: when the arguments are more than a plan is good for.
        """
        values: Values = {}
        shapes = []
        for number, slot in enumerate(slots):
            bound = constants.get(number)
            if bound is None:
                own: Values = {}
                bound = self._slot(f"s{number}", slot, variables, identity, own), own
                if slot.is_constant:
                    constants[number] = bound
            shapes.append(bound[0])
            values.update(bound[1])
        return tuple(shapes), values

    def _slot(
        self,
        name: str,
        slot: ParameterizedField,
        variables: VariableValues,
        identity: Identity,
        values: Values,
    ) -> FieldVariant:
        match slot.source:
            case ViewerFieldSource(tell):
                values[f"{name}_told"] = _printed(slot, tell(identity))
                return ()
            case ViewerRecordSource(key=key):
                values[f"{name}_key0"] = key(identity)
                return ()
            case ConnectionSource(needs=needs) if needs is not None:
                identity.require(needs)
        return self._asked(name, slot.source, self._arguments(slot, variables), values)

    def _arguments(self, slot: ParameterizedField, variables: VariableValues) -> dict[str, Any]:
        return convert_arguments(
            get_argument_values(slot.definition, slot.node, variables),
            slot.definition.extensions[DEFINITION].arguments,
            self._registry,
            self._config,
        )

    def _asked(
        self, name: str, fact: Any, arguments: dict[str, Any], values: Values
    ) -> FieldVariant:
        match fact:
            case ConnectionSource(resource=resource, ask=ask):
                paging, wanted = ask(**arguments)
                return bind_page(name, resource, paging, wanted, values)
            case LookupSource(ask=look):
                column, values[f"{name}_key0"] = look(**arguments)
                return (LookupVariant(column),)
            case JsonPathSource():
                return _steps(name, tokens(arguments["path"]), values)
        return _named(name, fact, fact.ask(**arguments), values)


def _named(
    name: str, fact: NodesSource, named: Sequence[tuple[Resource, int]], values: Values
) -> tuple[LookupVariant, ...]:
    """One id makes its look-up; of many, what they name is data like the ids themselves."""
    if fact.many:
        values[f"{name}_kinds"] = [resource.name for resource, _ in named]
        values[f"{name}_numbers"] = [number for _, number in named]
        return ()
    ((resource, values[f"{name}_key0"]),) = named
    return (LookupVariant("id", resource.name),)


def _steps(name: str, pointer: Sequence[str], values: Values) -> PathVariant:
    if len(pointer) > MAX_STEPS:
        raise Unsupported(f"a JSON Pointer of {len(pointer)} steps")
    values.update((f"{name}_token{number}", token) for number, token in enumerate(pointer))
    return PathVariant(tuple(is_index(token) for token in pointer))


def _printed(slot: ParameterizedField, told: Any) -> str:
    """A fact about who is asking, as JSON."""
    kind: Any = get_named_type(slot.definition.type)
    many = isinstance(told, list)
    return orjson.dumps(
        [kind.serialize(item) for item in told] if many else kind.serialize(told)
    ).decode()


def bind_page(
    name: str, resource: Resource, paging: Paging, wanted: Filter, values: Values
) -> ListVariant:
    """The shape of a page; what is bound goes into `values`, under names that begin with `name`."""
    terms = bind_terms(name, resource.filters, wanted, values)
    return ListVariant(_paging(name, paging, values), terms)


MARK = Cursor("", 1)
"""Stands for a cursor with a sort key."""

MARK_OF_NONE = Cursor(None, 1)
"""Stands for a cursor of a row without one, which is other SQL."""


def _paging(name: str, paging: Paging, values: Values) -> Paging:
    """The paging with its values moved out."""
    values[f"{name}_limit"] = paging.limit
    values[f"{name}_more"] = paging.limit + 1
    if paging.offset:
        values[f"{name}_offset"] = paging.offset
    for side in ("after", "before"):
        cursor = getattr(paging, side)
        if cursor is not None:
            values[f"{name}_{side}_key"] = cursor.key
            values[f"{name}_{side}_id"] = cursor.id
    return replace(
        paging,
        limit=1,
        offset=depth(paging.offset),
        after=_mark(paging.after),
        before=_mark(paging.before),
    )


def _mark(cursor: Cursor | None) -> Cursor | None:
    if cursor is None:
        return None
    return MARK_OF_NONE if cursor.key is None else MARK


def bind_terms(
    name: str, filters: Mapping[str, Criterion], wanted: Filter, values: Values
) -> tuple[ConditionVariant, ...]:
    """The shape of conditions; what is bound goes into `values`."""
    terms = []
    for number, (field, comparator, value) in enumerate(wanted):
        if comparator == "is_null":
            terms.append(ConditionVariant(field, comparator, value, 0))
            continue
        criterion = filters[field]
        prepared = criterion.prepare(comparator, value)
        for place, part in enumerate(prepared or ()):
            values[f"{name}_{number}_{place}"] = part
        size = None if prepared is None else len(prepared)
        selective = criterion.is_selective(comparator)
        terms.append(ConditionVariant(field, comparator, None, size, selective))
    return tuple(terms)
