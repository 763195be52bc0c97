"""A document, which owns its plans, and a request for one of its operations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cachetools import LRUCache
from graphql import DocumentNode, OperationDefinitionNode

from gql.engine.collect_fields import steering_variables
from gql.engine.fallback import Fallback
from gql.engine.plan import Plan

MOST_PLANS = 32
"""How many plans a document keeps: those used last. Each set of values of its `@skip` and
`@include` variables has its own, and so has each operation."""

_BYTES_PER_TOKEN = 420
_BYTES_PER_CHARACTER = 4
_BYTES_PER_FALLBACK = 1_000
_BYTES_PER_VARIABLE = 1_800

PlanKey = tuple[Any, ...]
"""The name of an operation, and the values of the steering variables."""


@dataclass(eq=False)
class Document:
    """A valid document: an entry of the cache, which owns everything that was made from it.

    Attributes:
        text: By which it is cached.
        node: The same, parsed.
        plans: Of its operations; a `Fallback` for an operation that has no plan.
        costs: Of its operations, by name; the door works them out, and they are not weighed.
        kinds: What its operations need of callers with levels per kind of object, by name; the door
            works that out too, and it is not weighed.
        coercions: What coerces the variables of its operations, by name.
        operations: Those that requests named, by name; None stands for no name.
    """

    text: str
    node: DocumentNode
    plans: "LRUCache[PlanKey, Plan | Fallback]" = field(
        default_factory=lambda: LRUCache(MOST_PLANS)
    )
    costs: dict[str | None, Any] = field(default_factory=dict)
    kinds: dict[str | None, Any] = field(default_factory=dict)
    coercions: dict[str | None, Callable[[dict[str, Any]], dict[str, Any]]] = field(
        default_factory=dict
    )
    operations: dict[str | None, OperationDefinitionNode] = field(default_factory=dict)

    @cached_property
    def steering(self) -> tuple[str, ...]:
        """The variables that choose a plan."""
        return tuple(sorted(steering_variables(self.node)))

    @cached_property
    def _variables(self) -> int:
        """How many variables its operations declare."""
        return sum(
            len(getattr(each, "variable_definitions", None) or ()) for each in self.node.definitions
        )

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with its plans and their statements."""
        own = self.node.token_count * _BYTES_PER_TOKEN + len(self.text) * _BYTES_PER_CHARACTER
        if self.coercions:
            own += self._variables * _BYTES_PER_VARIABLE
        return own + sum(
            plan.weight if isinstance(plan, Plan) else _BYTES_PER_FALLBACK
            for plan in self.plans.values()
        )


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as the engine takes it.

    Attributes:
        document: The valid document.
        operation: The operation in it that is meant.
        variables: As they came.
    """

    document: Document
    operation: OperationDefinitionNode
    variables: dict[str, Any] | None

    @property
    def name(self) -> str | None:
        """The operation's name."""
        return self.operation.name.value if self.operation.name else None
