"""The binder of one plan, put together from functions that were made for it.

It returns the same as `Binder` for the same request, or raises; then the general binder runs and
writes the error message. Before a statement is first bound by it, both have bound the same request
to the same values: a binder that differs is never used again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gql.engine.bind import ConstantBindings, Values, VariantKey, bind_fields
from gql.engine.coercion import Coercions
from gql.engine.plan import ParameterizedField
from gql.identity import Identity

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CompiledBinder:
    """Binds the parameterized fields of a plan.

    Attributes:
        fields: Those of the plan.
        readers: For each field, the function from the coerced variables to its arguments.
    """

    fields: tuple[ParameterizedField, ...]
    readers: tuple[Callable[[Mapping[str, Any]], dict[str, Any]], ...]

    @classmethod
    def of(cls, coercions: Coercions, fields: tuple[ParameterizedField, ...]) -> "CompiledBinder":
        """The binder of a plan.

        Raises:
            NoFunction: when there is none for one of its arguments.
        """
        return cls(fields, tuple(map(coercions.arguments, fields)))

    def bind(
        self, variables: Mapping[str, Any], identity: Identity, constants: ConstantBindings
    ) -> tuple[VariantKey, Values]:
        """As `Binder.bind`; any exception means that the general binder has to run."""
        readers = self.readers
        return bind_fields(
            self.fields, lambda number: readers[number](variables), identity, constants
        )
