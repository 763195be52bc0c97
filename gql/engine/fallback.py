"""Why resolvers answered an operation and not its plan: counted, and shown by `explain`."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from graphql import GraphQLError, GraphQLSchema, OperationType

from gql.errors import GatewayError


class FallbackReason(StrEnum):
    """Why resolvers answered, in one word; `MEANINGS` explains each."""

    MUTATION = "mutation"
    INTROSPECTION = "introspection"
    UNSUPPORTED = "unsupported"
    ARGUMENTS = "arguments"
    FAILED = "failed"
    RESTING = "resting"
    OFF = "off"


MEANINGS: dict[FallbackReason, str] = {
    FallbackReason.MUTATION: "It writes; a plan only reads.",
    FallbackReason.INTROSPECTION: "It selects the schema together with data, or has variables.",
    FallbackReason.UNSUPPORTED: (
        "It selects a field that has no plan; the label `field` names it."
    ),
    FallbackReason.ARGUMENTS: ("Variables or arguments were refused."),
    FallbackReason.FAILED: "Its plan or its statement failed; the log has it.",
    FallbackReason.RESTING: "Its statement failed too often, and is not tried again for a minute.",
    FallbackReason.OFF: "`GQL_COMPILED` is off.",
}


_OF_DOCUMENTS = frozenset({FallbackReason.UNSUPPORTED, FallbackReason.ARGUMENTS})
"""The reasons whose details are about the caller's own document."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Why resolvers answered one operation.

    Attributes:
        reason: Counted by the metrics.
        detail: What in the operation it was; shown by `explain`.
    """

    reason: FallbackReason
    detail: str = ""

    @property
    def explanation(self) -> str:
        """The reason for the caller, who may know what an argument lacks and not what failed."""
        meaning = MEANINGS[self.reason].removesuffix(".")
        return f"{meaning}: {self.detail}" if self.reason in _OF_DOCUMENTS else meaning


OFF = Fallback(FallbackReason.OFF)
RESTING = Fallback(FallbackReason.RESTING)
MISSING = Fallback(FallbackReason.FAILED, "a required record is missing")


class NoPlan(Exception):  # noqa: N818 -- a fact about a document, not a fault
    """A document has no plan.

    Attributes:
        fallback: Why not.
    """

    def __init__(self, fallback: Fallback) -> None:
        super().__init__(fallback.reason)
        self.fallback = fallback


def fallback_of(error: Exception) -> Fallback | None:
    """What an exception before the statement ran means; None when it is a bug of ours."""
    if isinstance(error, NoPlan):
        return error.fallback
    if isinstance(error, (GatewayError, GraphQLError)):
        return refused_arguments(error.message)
    return None


def refused_arguments(message: str) -> Fallback:
    """Why resolvers answer a request whose variables or arguments cannot be used."""
    return Fallback(FallbackReason.ARGUMENTS, message)


def unsupported(name: str) -> Fallback:
    """Why a document has no plan, from the name that the planner stopped at."""
    if name == OperationType.MUTATION.value:
        return Fallback(FallbackReason.MUTATION)
    if name.startswith("__"):
        return Fallback(FallbackReason.INTROSPECTION, name)
    return Fallback(FallbackReason.UNSUPPORTED, name)


@dataclass
class AnswerCounts:
    """How operations were answered since the process started.

    Attributes:
        compiled: How many by a plan.
        cached: How many by what a plan had printed before.
        resolved: How many by resolvers, by reason, and for a field without a plan by its name. No
            other text of a client may be a label, since there is no end of them.
        fields: The names of the schema's fields, which may be labels.
        own_binder: How many operations the binder of their own plan bound.
        binders_off: How many plans lost the binder of their own, as it did not bind what the
            general one does: a bug.
    """

    compiled: int = 0
    cached: int = 0
    resolved: Counter[tuple[FallbackReason, str]] = field(default_factory=Counter)
    fields: frozenset[str] = frozenset()
    own_binder: int = 0
    binders_off: int = 0

    def record_fallback(self, fallback: Fallback) -> Fallback:
        """Count an operation that resolvers answer; returns the same."""
        is_field = fallback.reason == FallbackReason.UNSUPPORTED and fallback.detail in self.fields
        self.resolved[fallback.reason, fallback.detail if is_field else ""] += 1
        return fallback

    @property
    def failed(self) -> int:
        """How many of them resolvers answered because something of ours failed."""
        return sum(
            number
            for (reason, _), number in self.resolved.items()
            if reason == FallbackReason.FAILED
        )


def field_names(schema: GraphQLSchema) -> frozenset[str]:
    """The name of every field of a schema."""
    types = schema.type_map.values()
    return frozenset(name for each in types for name in getattr(each, "fields", ()))
