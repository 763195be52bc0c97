"""The tables, one module per noun; importing this package loads them all."""

from sqlmodel import SQLModel

from gql.models.assistant import Assistant
from gql.models.audit_log import AuditLog
from gql.models.call import Call
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.idempotency import IdempotencyKey
from gql.models.message import ChatMessage, Transcript
from gql.models.organization import ApiKey, Organization, User
from gql.models.rollup import CallRollup
from gql.models.sms_log import SmsAuditLog, SmsMessageLog
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

In the opposite order they are emptied: calls before their rollup, which the triggers still need.
"""

metadata = SQLModel.metadata
