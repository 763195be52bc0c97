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


class TransitionCondition(StrEnum):
    """What made a graph session change its node: an edge's condition, or a rule of its source."""

    INTENT = "intent"
    NATURAL_LANGUAGE = "natural_language"
    MATHEMATICAL = "mathematical"
    STATE_VARIABLE = "state_variable"
    OTHER = "other"


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


class EndedReasonKind(StrEnum):
    """Why a call ended, in the same words for every source."""

    CUSTOMER_HANGUP = "customer_hangup"
    ASSISTANT_HANGUP = "assistant_hangup"
    COMPLETED = "completed"
    TRANSFERRED = "transferred"
    TRANSFER_FAILED = "transfer_failed"
    VOICEMAIL = "voicemail"
    IVR = "ivr"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    INVALID_NUMBER = "invalid_number"
    CANCELED = "canceled"
    SILENCE = "silence"
    MAX_DURATION = "max_duration"
    ACCOUNT_LIMIT = "account_limit"
    CONFIGURATION_ERROR = "configuration_error"
    TELEPHONY_ERROR = "telephony_error"
    LLM_ERROR = "llm_error"
    TTS_ERROR = "tts_error"
    STT_ERROR = "stt_error"
    PLATFORM_ERROR = "platform_error"
    UNKNOWN = "unknown"


class CallSuccess(StrEnum):
    """Whether a call reached its goal, as its source judged; nothing about its status."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNKNOWN = "unknown"


class CostService(StrEnum):
    """What an amount was paid for. The documents have a total of each but of the last."""

    LLM = "llm"
    TTS = "tts"
    STT = "stt"
    TELEPHONY = "telephony"
    OTHER = "other"


class RecordingKind(StrEnum):
    """What a file about a call holds: all of it, one side, pictures, packets or a log."""

    FULL = "full"
    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    VIDEO = "video"
    PCAP = "pcap"
    LOG = "log"


class Role(StrEnum):
    """Who wrote a message; a tool's is what it answered to the assistant."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Speaker(StrEnum):
    """Who speaks in a transcript; anybody else is an operator, or to whom a call was passed on."""

    USER = "user"
    ASSISTANT = "assistant"
    OTHER = "other"


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


class WebhookDeliveryState(StrEnum):
    """What became of what a webhook subscription is told.

    `FAILED` is given up, though other deliveries to the same address succeeded.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class EventKind(StrEnum):
    """What was written; the triggers of the migration `events` spell the same words."""

    CALL_CREATED = "call_created"
    CALL_UPDATED = "call_updated"
    CALL_DELETED = "call_deleted"
    SMS_CONVERSATION_CREATED = "sms_conversation_created"
    SMS_CONVERSATION_UPDATED = "sms_conversation_updated"
    SMS_CONVERSATION_DELETED = "sms_conversation_deleted"
    SMS_MESSAGE_CREATED = "sms_message_created"
    SMS_MESSAGE_UPDATED = "sms_message_updated"
    GRAPH_CREATED = "graph_created"
    GRAPH_UPDATED = "graph_updated"
    GRAPH_DELETED = "graph_deleted"
    GRAPH_SESSION_CREATED = "graph_session_created"
    GRAPH_SESSION_UPDATED = "graph_session_updated"
    GRAPH_SESSION_DELETED = "graph_session_deleted"
    COST_BUDGET_PASSED = "cost_budget_passed"
    TRANSCRIPT_CREATED = "transcript_created"
    TRANSCRIPT_UPDATED = "transcript_updated"


def one_of(column: str, values: type[StrEnum]) -> str:
    """The SQL of a check constraint: `column` has one of the values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"
