"""The tables, one module per noun; importing this package knows them all."""

from sqlmodel import SQLModel

from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.idempotency import IdempotencyKey
from gql.models.log import AuditLog, SmsAuditLog, SmsMessageLog
from gql.models.message import ChatMessage, Transcript
from gql.models.organization import ApiKey, Organization, User
from gql.models.rollup import CallRollup
from gql.models.sms_session import SmsSession

TABLES: tuple[type[SQLModel], ...] = (
    Organization,
    User,
    ApiKey,
    Assistant,
    AssistantGraph,
    GraphNode,
    GraphEdge,
    GraphSession,
    GraphTransition,
    CallRollup,
    Call,
    ChatMessage,
    Transcript,
    SmsAuditLog,
    SmsMessageLog,
    AuditLog,
    IdempotencyKey,
    SmsSession,
)
"""Every table, parents before children: the order to fill them in.

Emptied in the opposite order, calls go before their tally, which the triggers still need.
"""

metadata = SQLModel.metadata
