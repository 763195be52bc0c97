"""Which way operations went, and why not the compiled one: counted, and told by `explain`."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from graphql import GraphQLError, GraphQLSchema, OperationType

from gql.engine.collect_fields import Unsupported
from gql.errors import GatewayError


class FallbackReason(StrEnum):
    """Why an operation was run field by field, in one word."""

    MUTATION = "mutation"
    INTROSPECTION = "introspection"
    UNSUPPORTED = "unsupported"
    ARGUMENTS = "arguments"
    FAILED = "failed"
    RESTING = "resting"
    OFF = "off"
    NOTHING = "nothing"


MEANINGS: dict[FallbackReason, str] = {
    FallbackReason.MUTATION: "It writes; a plan only reads.",
    FallbackReason.INTROSPECTION: "It asks for the schema, which is in no table.",
    FallbackReason.UNSUPPORTED: "It asks for a field that has no plan; the label `field` names it.",
    FallbackReason.ARGUMENTS: (
        "Variables or arguments were refused, or are more than a plan is good for."
    ),
    FallbackReason.FAILED: "Its plan or its statement failed; the log has it.",
    FallbackReason.RESTING: "Its statement failed too often, and is not tried again for a minute.",
    FallbackReason.OFF: "`GQL_COMPILED` is off.",
    FallbackReason.NOTHING: (
        "What a REST read looks up is not there; the 404 is worded the same way."
    ),
}
"""What each word means."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Why one operation was run field by field.

    Attributes:
        reason: In one word, to be counted.
        detail: What in the operation it was, for whoever reads an explanation.
    """

    reason: FallbackReason
    detail: str = ""


OFF = Fallback(FallbackReason.OFF)
RESTING = Fallback(FallbackReason.RESTING)
NOT_FOUND = Fallback(FallbackReason.NOTHING)
MISSING = Fallback(FallbackReason.FAILED, "a record is missing that must be there")


class NoPlan(Exception):  # noqa: N818 -- a fact about a document, not a fault
    """There is no plan for a document, as is remembered.

    Attributes:
        fallback: Why not.
    """

    def __init__(self, why: Fallback) -> None:
        super().__init__(why.reason)
        self.fallback = why


def fallback_of(error: Exception) -> Fallback | None:
    """What an exception before the statement ran says; None when it is a bug of ours."""
    if isinstance(error, NoPlan):
        return error.fallback
    if isinstance(error, Unsupported):
        return Fallback(FallbackReason.ARGUMENTS, str(error))
    if isinstance(error, GatewayError):
        return Fallback(FallbackReason.ARGUMENTS, error.message)
    if isinstance(error, GraphQLError):
        return Fallback(FallbackReason.ARGUMENTS, error.message)
    return None


def unsupported(what: str) -> Fallback:
    """Why a document has no plan, from what the planner stopped at."""
    if what == OperationType.MUTATION.value:
        return Fallback(FallbackReason.MUTATION)
    if what.startswith("__"):
        return Fallback(FallbackReason.INTROSPECTION, what)
    return Fallback(FallbackReason.UNSUPPORTED, what)


@dataclass
class AnswerCounts:
    """How operations were answered since the process started.

    Attributes:
        compiled: By a plan.
        resolved: Field by field: how many for which reason, and for a field without a plan its
            name; no other text of a client's, of which there is no end.
        fields: The names that may be counted: those of the schema.
    """

    compiled: int = 0
    resolved: Counter[tuple[FallbackReason, str]] = field(default_factory=Counter)
    fields: frozenset[str] = frozenset()

    def record_fallback(self, why: Fallback) -> Fallback:
        """Count an operation that goes the reference way; answers why it does."""
        named = why.reason == FallbackReason.UNSUPPORTED and why.detail in self.fields
        self.resolved[why.reason, why.detail if named else ""] += 1
        return why

    @property
    def failed(self) -> int:
        """How many of them went so because something of ours failed."""
        return sum(
            number for (why, _), number in self.resolved.items() if why == FallbackReason.FAILED
        )


def field_names(schema: GraphQLSchema) -> frozenset[str]:
    """The name of every field of a schema."""
    types = schema.type_map.values()
    return frozenset(name for kind in types for name in getattr(kind, "fields", ()))
