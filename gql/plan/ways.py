"""Which way operations went, and why not the compiled one: counted, and told by `explain`."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from graphql import GraphQLError, GraphQLSchema, OperationType

from gql.errors import GatewayError
from gql.plan.collecting import Unsupported


class Reason(StrEnum):
    """Why an operation was run field by field, in one word."""

    MUTATION = "mutation"
    INTROSPECTION = "introspection"
    UNSUPPORTED = "unsupported"
    ARGUMENTS = "arguments"
    FAILED = "failed"
    RESTING = "resting"
    OFF = "off"
    NOTHING = "nothing"


MEANINGS: dict[Reason, str] = {
    Reason.MUTATION: "It writes; a plan only reads.",
    Reason.INTROSPECTION: "It asks for the schema, which is in no table.",
    Reason.UNSUPPORTED: "It asks for a field that has no plan; the label `field` names it.",
    Reason.ARGUMENTS: "Variables or arguments were refused, or are more than a plan is good for.",
    Reason.FAILED: "Its plan or its statement failed; the log has it.",
    Reason.RESTING: "Its statement failed too often, and is not tried again for a minute.",
    Reason.OFF: "`GQL_COMPILED` is off.",
    Reason.NOTHING: "What a REST read looks up is not there; the 404 is worded the same way.",
}
"""What each word means."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why one operation was run field by field.

    Attributes:
        reason: In one word, to be counted.
        detail: What in the operation it was, for whoever reads an explanation.
    """

    reason: Reason
    detail: str = ""


OFF = Why(Reason.OFF)
RESTING = Why(Reason.RESTING)
FORGOTTEN = Why(Reason.RESTING, "the statement is too large to be kept")
NOTHING = Why(Reason.NOTHING)
MISSING = Why(Reason.FAILED, "a record is missing that must be there")


class NoPlan(Exception):  # noqa: N818 -- a fact about a document, not a fault
    """There is no plan for a document, as is remembered.

    Attributes:
        why: Why not.
    """

    def __init__(self, why: Why) -> None:
        super().__init__(why.reason)
        self.why = why


def why(error: Exception) -> Why | None:
    """What an exception before the statement ran says; None when it is a bug of ours."""
    if isinstance(error, NoPlan):
        return error.why
    if isinstance(error, Unsupported):
        return Why(Reason.ARGUMENTS, str(error))
    if isinstance(error, GatewayError):
        return Why(Reason.ARGUMENTS, error.message)
    if isinstance(error, GraphQLError):
        return Why(Reason.ARGUMENTS, error.message)
    return None


def unsupported(what: str) -> Why:
    """Why a document has no plan, from what the planner stopped at."""
    if what == OperationType.MUTATION.value:
        return Why(Reason.MUTATION)
    if what.startswith("__"):
        return Why(Reason.INTROSPECTION, what)
    return Why(Reason.UNSUPPORTED, what)


@dataclass
class Counts:
    """How operations were answered since the process started.

    Attributes:
        compiled: By a plan.
        resolved: Field by field: how many for which reason, and for a field without a plan its
            name; no other text of a client's, of which there is no end.
        fields: The names that may be counted: those of the schema.
    """

    compiled: int = 0
    resolved: Counter[tuple[Reason, str]] = field(default_factory=Counter)
    fields: frozenset[str] = frozenset()

    def resolve(self, why: Why) -> Why:
        """Count an operation that goes the reference way; answers why it does."""
        named = why.reason == Reason.UNSUPPORTED and why.detail in self.fields
        self.resolved[why.reason, why.detail if named else ""] += 1
        return why

    @property
    def failed(self) -> int:
        """How many of them went so because something of ours failed."""
        return sum(number for (why, _), number in self.resolved.items() if why == Reason.FAILED)


def field_names(schema: GraphQLSchema) -> frozenset[str]:
    """The name of every field of a schema."""
    types = schema.type_map.values()
    return frozenset(name for kind in types for name in getattr(kind, "fields", ()))
