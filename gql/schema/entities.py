"""Every type with a global id, in one list."""

from typing import Any

from gql.query.resource import Resource
from gql.schema.assistants import Assistant
from gql.schema.calls import Call
from gql.schema.graph_sessions import GraphSession, GraphTransition
from gql.schema.graphs import AssistantGraph, GraphEdge, GraphNode
from gql.schema.messages import Message, Transcript
from gql.schema.sms import SmsConversation
from gql.schema.viewer import ApiKey, Organization, User

ENTITIES: tuple[Any, ...] = (
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
    SmsConversation,
    Message,
    Transcript,
)

BY_NAME: dict[str, Resource] = {
    entity.resources[0].name: entity.resources[0] for entity in ENTITIES
}
"""The resource of each global id's prefix."""
