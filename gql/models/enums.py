"""The values of enumerated columns, as tables store them and the API documents name them."""

from enum import StrEnum


class NodeType(StrEnum):
    """What a node of an assistant graph is for."""

    ENTRY = "entry"
    STANDARD = "standard"
    EXIT = "exit"
    ESCALATION = "escalation"


class ConditionType(StrEnum):
    """What an edge's condition is evaluated on."""

    INTENT = "intent"
    NATURAL_LANGUAGE = "natural_language"
    MATHEMATICAL = "mathematical"
    STATE_VARIABLE = "state_variable"


class ConditionLogic(StrEnum):
    """How several conditions of an edge combine."""

    AND = "AND"
    OR = "OR"


class Channel(StrEnum):
    """The medium of a conversation."""

    VOICE = "voice"
    SMS = "sms"


class Direction(StrEnum):
    """Who called whom: the customer starts an inbound conversation."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallStatus(StrEnum):
    """Voice calls are ongoing, completed or failed; SMS conversations active or completed."""

    ACTIVE = "active"
    ONGOING = "ongoing"
    COMPLETED = "completed"
    FAILED = "failed"


class Role(StrEnum):
    """Who wrote a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Speaker(StrEnum):
    """Who speaks in a transcript."""

    USER = "user"
    ASSISTANT = "assistant"


class HookRole(StrEnum):
    """What the deliveries of a webhook endpoint may do."""

    PRIMARY = "primary"
    CARRIER = "carrier"


class DeliveryState(StrEnum):
    """What became of a webhook delivery.

    `UNKNOWN` is kept, though this gateway has no place for it; `DEAD` was refused, or failed too
    often; `WAITING` waits for the call that it belongs to.
    """

    NEW = "new"
    WAITING = "waiting"
    DONE = "done"
    UNKNOWN = "unknown"
    DEAD = "dead"


def one_of(column: str, values: type[StrEnum]) -> str:
    """The SQL of a check constraint: `column` has one of the values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"
