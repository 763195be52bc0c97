"""GraphQL enums, made of those of the tables: their names are the values, each described."""

from enum import Enum

import strawberry

from gql.identity import Method, Permission
from gql.models.enums import (
    CallStatus,
    Channel,
    ConditionLogic,
    ConditionType,
    Direction,
    NodeType,
    Role,
    Speaker,
)

__all__ = [
    "CallStatus",
    "Channel",
    "ConditionLogic",
    "ConditionType",
    "Direction",
    "Method",
    "NodeType",
    "Permission",
    "Role",
    "Speaker",
]


def describe(cls: type[Enum], description: str, **values: str) -> None:
    """Make an enum of the tables a GraphQL enum; every value must be described.

    Raises:
        ValueError: when a value has no description, or a description no value.
    """
    strawberry.enum(cls, description=description)
    definition = cls.__strawberry_definition__  # type: ignore[attr-defined]
    if {value.name for value in definition.values} != values.keys():
        raise ValueError(f"describe exactly the values of {cls.__name__}")
    for value in definition.values:
        value.description = values[value.name]


describe(
    NodeType,
    "What a node of an assistant graph is for.",
    ENTRY="Where conversations start; at most one per graph.",
    STANDARD="An assistant that speaks and may hand over.",
    EXIT="Ends the call.",
    ESCALATION="Hands the customer to a person.",
)
describe(
    ConditionType,
    "What an edge's condition looks at.",
    INTENT="Any keyword of `intentPattern` in what the customer says.",
    NATURAL_LANGUAGE="The situation that `naturalLanguageTrigger` describes.",
    MATHEMATICAL="The formula in `mathematicalExpression`.",
    STATE_VARIABLE="A variable of the graph session's context.",
)
describe(
    ConditionLogic,
    "How several conditions of an edge combine.",
    AND="All must hold.",
    OR="One is enough.",
)
describe(
    Channel,
    "How the customer and the assistant talk.",
    VOICE="A telephone call.",
    SMS="A thread of text messages.",
)
describe(
    Direction,
    "Who started it.",
    INBOUND="The customer.",
    OUTBOUND="The organization.",
)
describe(
    CallStatus,
    "How far a call or an SMS conversation is.",
    ACTIVE="An SMS conversation that goes on.",
    ONGOING="A voice call that goes on.",
    COMPLETED="Ended normally.",
    FAILED="A voice call that did not come about: no answer, busy or an error.",
)
describe(
    Role,
    "Who wrote a message.",
    SYSTEM="The prompt before the conversation.",
    USER="The customer.",
    ASSISTANT="The assistant.",
)
describe(
    Speaker,
    "Who is heard.",
    USER="The customer.",
    ASSISTANT="The assistant.",
)
describe(
    Permission,
    "What a credential may do inside its organization.",
    READ="Read everything.",
    WRITE="Change things.",
    ADMIN="Manage people and keys, and read the audit log.",
    EXPLAIN="See how the database runs an operation; only the operator gives it, and to keys.",
)
describe(
    Method,
    "How a caller proved who they are.",
    API_KEY="By an API key.",
    BEARER="By a JSON Web Token.",
    DASHBOARD="By the cookie of a login.",
)
