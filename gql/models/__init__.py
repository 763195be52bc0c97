"""The tables, one module per noun; importing this package knows them all."""

from sqlmodel import SQLModel

from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.log import AuditLog, SmsAuditLog, SmsMessageLog
from gql.models.message import ChatMessage, Transcript
from gql.models.organization import ApiKey, Organization, User

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
    Call,
    ChatMessage,
    Transcript,
    SmsAuditLog,
    SmsMessageLog,
    AuditLog,
)
"""Every table, parents before children: the order to fill them in."""

metadata = SQLModel.metadata
