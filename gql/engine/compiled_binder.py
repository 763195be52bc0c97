"""The binder of one plan, put together from functions that were made for it.

It gives what `Binder` gives for the same request, or it raises; then the general binder runs, and
words what is wrong. Before a statement is first bound by it, both have bound the same request to
the same values: a binder that differs is never used again.
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
        readers: What gives the arguments of each field, from the coerced variables.
    """

    fields: tuple[ParameterizedField, ...]
    readers: tuple[Callable[[Mapping[str, Any]], dict[str, Any]], ...]

    @classmethod
    def of(cls, coercions: Coercions, fields: tuple[ParameterizedField, ...]) -> "CompiledBinder":
        """The binder of a plan.

        Raises:
            NoFunction: when one of its arguments has none.
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
