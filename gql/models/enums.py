"""The documented words of enumerated columns; every table stores them in lower case."""

from enum import StrEnum


class NodeType(StrEnum):
    """What a node of an assistant graph is for."""

    ENTRY = "entry"
    STANDARD = "standard"
    EXIT = "exit"
    ESCALATION = "escalation"


class ConditionType(StrEnum):
    """What an edge's condition looks at."""

    INTENT = "intent"
    NATURAL_LANGUAGE = "natural_language"
    MATHEMATICAL = "mathematical"
    STATE_VARIABLE = "state_variable"


class ConditionLogic(StrEnum):
    """How several conditions of an edge combine."""

    AND = "AND"
    OR = "OR"


class Channel(StrEnum):
    """How the customer and the assistant talk."""

    VOICE = "voice"
    SMS = "sms"


class Direction(StrEnum):
    """Who started it: inbound is the customer."""

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
    """Who is heard in a transcript."""

    USER = "user"
    ASSISTANT = "assistant"


def one_of(column: str, words: type[StrEnum]) -> str:
    """The check constraint that keeps unknown words out of `column`."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"
