"""The root fields, where every query starts, and the types with a global id."""

from typing import Any

import strawberry

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import GRAPHS
from gql.domain.sms import CALL_RECORDS, SMS_CONVERSATIONS
from gql.engine.connection import Connection, connection
from gql.engine.declaration import viewer
from gql.engine.lookups import any_by_id, any_by_ids, by_id, by_id_or_sid
from gql.errors import BadInput
from gql.query.global_id import split_id
from gql.query.resource import Resource
from gql.schema.assistants import Assistant
from gql.schema.audit import AuditEntry, audit_log
from gql.schema.call_connection import CallConnection
from gql.schema.calls import Call, CallRecord
from gql.schema.cost_budgets import CostBudget, CostBudgetStatus, budget_status
from gql.schema.cost_entries import CostEntry
from gql.schema.costs import CostReport, costs
from gql.schema.graph_replay import GraphReplay, replay_graph
from gql.schema.graph_sessions import GraphSession, GraphTransition
from gql.schema.graph_simulation import GraphSimulation, simulate_graph
from gql.schema.graph_versions import GraphDiff, GraphVersion, diff_graph_versions
from gql.schema.graphs import AssistantGraph, GraphEdge, GraphNode
from gql.schema.hooks import HookDelivery, HookEndpoint, hook_endpoints, inbox
from gql.schema.inputs.assistants import AssistantFilter, AssistantOrder
from gql.schema.inputs.calls import CallFilter, CallOrder
from gql.schema.inputs.graph_sessions import GraphSessionFilter, GraphSessionOrder
from gql.schema.inputs.graphs import AssistantGraphFilter, AssistantGraphOrder
from gql.schema.inputs.sms import (
    CallRecordFilter,
    CallRecordOrder,
    SmsConversationFilter,
    SmsConversationOrder,
)
from gql.schema.messages import Message, Transcript
from gql.schema.node import Node
from gql.schema.reconciliation import InvoiceReconciliation, reconcile_invoice
from gql.schema.recordings import Recording
from gql.schema.search import SearchResultPage, search
from gql.schema.sms import SmsConversation
from gql.schema.sms_sessions import SmsSessions, sms_sessions
from gql.schema.viewer import ApiKey, Organization, User, Viewer
from gql.schema.webhooks import (
    WebhookDelivery,
    WebhookSubscription,
    webhook_deliveries,
    webhook_subscriptions,
)

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
    GraphVersion,
    Call,
    SmsConversation,
    Message,
    Transcript,
    Recording,
    CostEntry,
    CostBudget,
    AuditEntry,
    HookEndpoint,
    HookDelivery,
    WebhookSubscription,
    WebhookDelivery,
)
"""Every type with a global id."""

_BY_NAME: dict[str, Resource] = {
    entity.resources[0].name: entity.resources[0] for entity in ENTITIES
}
"""The resource of each global id's prefix."""

NODE_TYPES: dict[str, str] = {
    entity.resources[0].name: entity.__strawberry_definition__.name for entity in ENTITIES
}
"""The type of each global id's prefix."""

USE_ID_OR_SID = "Since 2026-11-28: use `id` or `callSid`. Goes on 2027-06-01."

MAX_IDS = 100
"""Most ids of one `nodes` field."""


@strawberry.input(one_of=True, description="Names a call: by exactly one of these.")
class CallBy:
    """One of the two."""

    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The global id, or the documented integer."
    )
    call_sid: str | None = strawberry.field(
        default=strawberry.UNSET, description="The provider's id, to the letter."
    )


@strawberry.input(one_of=True, description="Names a graph session: by exactly one of these.")
class GraphSessionBy:
    """One of the two."""

    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The global id, or the documented integer."
    )
    call_sid: str | None = strawberry.field(
        default=strawberry.UNSET, description="The SID of its call, to the letter."
    )


def _read_id(text: str) -> tuple[Resource, int]:
    """What a global id names.

    Raises:
        BadInput: when it is none.
    """
    name, key = split_id(text)
    if name is None:
        raise BadInput(f"`{text}` has no type: a global id is written like `call_{text}`.")
    resource = _BY_NAME.get(name)
    if resource is None:
        raise BadInput(f"`{text[:60]}` is not a global id: there are no `{name[:40]}` objects.")
    return resource, key


@strawberry.type(description="Everything that can be read.")
class Query:
    """A field gives null, never an error, for an object that the caller may not see."""

    viewer: Viewer = viewer("Who is asking.")
    node: Node | None = any_by_id("Any object by its global id; null when there is none.", _read_id)
    nodes: list[Node | None] | None = any_by_ids(
        f"Objects by their global ids, at most {MAX_IDS}, in the order of the ids,"
        " with null for each that there is none of.",
        _read_id,
        limit=MAX_IDS,
    )
    graph: AssistantGraph | None = by_id("One assistant graph.", GRAPHS)
    graphs: Connection[AssistantGraph] | None = connection(
        "The organization's assistant graphs, oldest first.",
        GRAPHS,
        order=AssistantGraphOrder,
        filter=AssistantGraphFilter,
        descending=False,
    )
    diff_graph_versions: GraphDiff | None = diff_graph_versions
    graph_session: GraphSession | None = by_id_or_sid(
        "One graph session.",
        GRAPH_SESSIONS,
        sid="The SID of its call, to the letter.",
        former=(GraphSessionBy, USE_ID_OR_SID),
    )
    graph_sessions: Connection[GraphSession] | None = connection(
        "The organization's graph sessions, newest first.",
        GRAPH_SESSIONS,
        order=GraphSessionOrder,
        filter=GraphSessionFilter,
    )
    assistant: Assistant | None = by_id("One assistant.", ASSISTANTS)
    assistants: Connection[Assistant] | None = connection(
        "The organization's assistants, oldest first.",
        ASSISTANTS,
        order=AssistantOrder,
        filter=AssistantFilter,
        descending=False,
    )
    call: Call | None = by_id_or_sid(
        "One voice call.",
        CALLS,
        sid="The provider's id, to the letter.",
        former=(CallBy, USE_ID_OR_SID),
    )
    calls: CallConnection | None = connection(
        "The organization's voice calls, newest first.",
        CALLS,
        order=CallOrder,
        filter=CallFilter,
    )
    costs: CostReport | None = costs
    reconcile: InvoiceReconciliation | None = reconcile_invoice
    budget_status: list[CostBudgetStatus] | None = budget_status
    sms_conversation: SmsConversation | None = by_id_or_sid(
        "One SMS conversation.", SMS_CONVERSATIONS, sid="The provider's id, to the letter."
    )
    sms_conversations: Connection[SmsConversation] | None = connection(
        "The organization's SMS conversations that are not archived, the latest message first.",
        SMS_CONVERSATIONS,
        order=SmsConversationOrder,
        filter=SmsConversationFilter,
    )
    records: Connection[CallRecord] | None = connection(
        "Voice calls and SMS conversations together, newest first: filtered by"
        " `customerPhoneNumber`, the timeline of a customer. Archived conversations are hidden.",
        CALL_RECORDS,
        order=CallRecordOrder,
        filter=CallRecordFilter,
    )
    search: SearchResultPage | None = search
    sms_sessions: SmsSessions | None = sms_sessions
    simulate_graph: GraphSimulation | None = simulate_graph
    replay_graph: GraphReplay | None = replay_graph
    audit_log: Connection[AuditEntry] | None = audit_log
    hook_endpoints: Connection[HookEndpoint] | None = hook_endpoints
    inbox: Connection[HookDelivery] | None = inbox
    webhook_subscriptions: Connection[WebhookSubscription] | None = webhook_subscriptions
    webhook_deliveries: Connection[WebhookDelivery] | None = webhook_deliveries
