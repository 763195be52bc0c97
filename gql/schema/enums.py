"""GraphQL enums, made of those of the tables: their names are the values, each described."""

from enum import Enum, StrEnum

import strawberry

from gql.domain.structure_diff import ChangeKind
from gql.identity import Method, Permission
from gql.models.enums import (
    CallStatus,
    CallSuccess,
    Channel,
    ConditionLogic,
    ConditionType,
    CostService,
    DeliveryState,
    Direction,
    EndedReasonKind,
    EventKind,
    HookRole,
    NodeType,
    RecordingKind,
    Role,
    Speaker,
    TransitionCondition,
    WebhookDeliveryState,
)

__all__ = [
    "CallStatus",
    "CallSuccess",
    "ChangeKind",
    "Channel",
    "ConditionLogic",
    "ConditionType",
    "CostService",
    "DeliveryState",
    "Direction",
    "EndedReasonKind",
    "EventKind",
    "HookRole",
    "Method",
    "NodeType",
    "Permission",
    "RecordingKind",
    "Role",
    "Speaker",
    "TransitionCondition",
    "UserErrorCode",
    "WebhookDeliveryState",
]


class UserErrorCode(StrEnum):
    """The codes of `Problem`, and those of the errors that become problems of a mutation."""

    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_CURSOR = "BAD_CURSOR"
    CONFLICT = "CONFLICT"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IN_USE = "IN_USE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


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
    TransitionCondition,
    "What led from one node to the next.",
    INTENT="An edge's keyword in what the customer said.",
    NATURAL_LANGUAGE="The situation that an edge describes.",
    MATHEMATICAL="An edge's formula.",
    STATE_VARIABLE="A variable of the graph session's context.",
    OTHER="A rule of the system that the session is known from.",
)
describe(
    ConditionLogic,
    "How several conditions of an edge combine.",
    AND="All must hold.",
    OR="One is enough.",
)
describe(
    ChangeKind,
    "What became of a node or an edge.",
    ADDED="It is new.",
    REMOVED="It is gone.",
    CHANGED="It is another in `fields`.",
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
    EndedReasonKind,
    "Why a call ended, in the same words for every source.",
    CUSTOMER_HANGUP="The customer hung up.",
    ASSISTANT_HANGUP="The assistant hung up.",
    COMPLETED="It came to its end; nobody says who hung up.",
    TRANSFERRED="The customer was passed on.",
    TRANSFER_FAILED="The customer was to be passed on, and nobody took over.",
    VOICEMAIL="A mailbox answered.",
    IVR="A menu answered.",
    NO_ANSWER="Nobody answered.",
    BUSY="The line was busy.",
    REJECTED="Whoever was called declined.",
    BLOCKED="It was taken for spam or fraud.",
    INVALID_NUMBER="There is no such number.",
    CANCELED="It was called off before anybody answered.",
    SILENCE="Nobody spoke for too long.",
    MAX_DURATION="It took as long as it may.",
    ACCOUNT_LIMIT="The account with the source may do no more: its money or its calls are used up.",
    CONFIGURATION_ERROR="The assistant is not set up right.",
    TELEPHONY_ERROR="The telephone line failed.",
    LLM_ERROR="The language model failed.",
    TTS_ERROR="Text to speech failed.",
    STT_ERROR="Speech to text failed.",
    PLATFORM_ERROR="The source itself failed.",
    UNKNOWN="The source does not say, or in a word that is not known here.",
)
describe(
    CallSuccess,
    "Whether a call reached its goal, as its source judged.",
    SUCCESS="It did.",
    FAILURE="It did not.",
    UNKNOWN="The source cannot tell.",
)
describe(
    CostService,
    "What an amount was paid for.",
    LLM="The language model.",
    TTS="Text to speech.",
    STT="Speech to text.",
    TELEPHONY="The telephone line.",
    OTHER="Anything else, such as the source's own fee or a discount.",
)
describe(
    RecordingKind,
    "What a file about a call holds.",
    FULL="Both sides.",
    CUSTOMER="The customer alone.",
    ASSISTANT="The assistant alone.",
    VIDEO="Pictures and sound.",
    PCAP="The packets of the line.",
    LOG="A log.",
)
describe(
    Role,
    "Who wrote a message.",
    SYSTEM="The prompt before the conversation.",
    USER="The customer.",
    ASSISTANT="The assistant.",
    TOOL="A tool that the assistant called, with what it answered.",
)
describe(
    Speaker,
    "Who is heard.",
    USER="The customer.",
    ASSISTANT="The assistant.",
    OTHER="Anybody else, such as to whom the call was passed on.",
)
describe(
    HookRole,
    "What the deliveries of a webhook endpoint may do.",
    PRIMARY="Make calls.",
    CARRIER="Only add to the calls of an assistant platform, and wait for these.",
)
describe(
    DeliveryState,
    "What became of a webhook delivery.",
    NEW="It is yet to be applied, or to be tried again.",
    WAITING="It waits for the call that it belongs to.",
    DONE="It was applied.",
    UNKNOWN="It is kept, but there is no place for what it says.",
    DEAD="It was refused, failed too often, or waited too long; `error` says why.",
)
describe(
    WebhookDeliveryState,
    "What became of what a webhook subscription is told.",
    PENDING="It is yet to be delivered, or to be tried again.",
    DELIVERED="The receiver took it.",
    FAILED="It failed for 24 hours, while others succeeded.",
)
describe(
    EventKind,
    "What was written.",
    CALL_CREATED="A voice call is new.",
    CALL_UPDATED="A voice call, or what is said in it, has changed.",
    CALL_DELETED="A voice call is gone.",
    SMS_CONVERSATION_CREATED="An SMS conversation is new.",
    SMS_CONVERSATION_UPDATED="An SMS conversation has changed, or was archived.",
    SMS_CONVERSATION_DELETED="An SMS conversation is gone.",
    SMS_MESSAGE_CREATED="A message of an SMS conversation is new.",
    SMS_MESSAGE_UPDATED="A message of an SMS conversation has changed, as when it was delivered.",
    GRAPH_CREATED="An assistant graph is new.",
    GRAPH_UPDATED="An assistant graph has changed.",
    GRAPH_DELETED="An assistant graph is gone.",
    GRAPH_SESSION_CREATED="A graph session is new.",
    GRAPH_SESSION_UPDATED="A graph session has changed, or took a step.",
    GRAPH_SESSION_DELETED="A graph session is gone.",
    TRANSCRIPT_CREATED="A segment of the transcript of a voice call is new.",
    TRANSCRIPT_UPDATED="A segment of the transcript of a voice call has changed, as to be final.",
    COST_BUDGET_PASSED="80 or 100 % of a budget were spent, which is told once for each month.",
)
describe(
    Permission,
    "What a credential may do inside its organization.",
    READ="Read everything.",
    WRITE="Change things.",
    ADMIN="Manage people, keys and webhooks, and read the audit log.",
    INGEST="Bring in calls, sessions and messages; `WRITE` includes it.",
    EXPLAIN="See how the database runs an operation; only the operator gives it, and to keys.",
)
describe(
    Method,
    "How a caller proved who they are.",
    API_KEY="By an API key.",
    BEARER="By a JSON Web Token.",
    DASHBOARD="By the cookie of a login.",
)
describe(
    UserErrorCode,
    "Why a change was not made.",
    INVALID="The value cannot be used; the message says why.",
    REQUIRED="There is no value, or a blank one.",
    OUT_OF_RANGE="A number is too small or too large.",
    TOO_LONG="A text has too many characters.",
    TOO_MANY="A list has too many entries; or there are more than a hundred problems.",
    NOT_FOUND="It is not there, or refers to something that is not.",
    ALREADY_EXISTS="Another one has this name or key.",
    BAD_USER_INPUT="An argument has a value that cannot be used.",
    BAD_CURSOR="A cursor is damaged or belongs to another list.",
    CONFLICT="What others did, or are doing, stands in the way; read again, then try again.",
    VERSION_CONFLICT="Somebody changed it after the version that you expect; read it again first.",
    IN_USE="It cannot be deleted while others refer to it; the message names them.",
    IDEMPOTENCY_KEY_REUSED="The idempotency key stands for another change.",
)
