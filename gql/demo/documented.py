"""The examples of the API documents, as rows of the first organization: same ids, names and values.

The documents give the id 101 to a voice call and to an SMS conversation, and 123 to two assistants.
Both pairs share a table, so the conversation is 102 and its assistant is 124.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from gql.demo.assistants import assistant_row
from gql.demo.calls import Cost, call_row, message_row
from gql.demo.graph_rows import (
    edge_row,
    graph_row,
    node_row,
    session_row,
    transition_row,
)
from gql.demo.tenant import DemoAssistant, DemoEdge, DemoGraph, DemoNode, Item, Row
from gql.models.call import Call

ORGANIZATION = 1
CUSTOMER = "+15559876543"
OUR_NUMBER = "+15551234567"

_GRAPH_CREATED = datetime(2025, 1, 19, 10, 0, tzinfo=UTC)
_CALL_STARTED = datetime(2024, 1, 15, 10, 0, tzinfo=UTC)
_SMS_STARTED = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)


def _assistant(id: int, name: str, phone_number: str) -> DemoAssistant:
    return DemoAssistant(id, name, phone_number, "openai", "gpt-4o-mini")


_RECEPTIONIST = _assistant(1, "Receptionist", "+18000000001")
SALES = _assistant(2, "Sales Specialist", "+18000000002")
SUPPORT = _assistant(3, "Support Agent", "+18000000003")
_HUMAN = _assistant(4, "Human Agent Router", "+18000000004")
SERVICE_BOT = _assistant(123, "ServiceBot", OUR_NUMBER)
SUPPORT_BOT = _assistant(124, "Support Bot", OUR_NUMBER)

_ASSISTANTS = (
    (_RECEPTIONIST, "Greets callers and routes to departments"),
    (SALES, "Handles sales inquiries"),
    (SUPPORT, "Handles support requests"),
    (_HUMAN, "Routes to human agents"),
    (SERVICE_BOT, None),
    (SUPPORT_BOT, None),
)

_ENTRY, _SALES_NODE, _SUPPORT_NODE = (
    DemoNode(101, _RECEPTIONIST),
    DemoNode(102, SALES),
    DemoNode(103, SUPPORT),
)
_TO_SALES = DemoEdge(
    *(201, _ENTRY, _SALES_NODE, "intent", "sales,purchase,buy"),
    "Let me connect you with our sales team.",
)
_TO_SUPPORT = DemoEdge(
    *(202, _ENTRY, _SUPPORT_NODE, "intent", "support,help,issue,problem"),
    "I will transfer you to our support team.",
)
ROUTER = DemoGraph(
    1,
    "Customer Service Router",
    (_ENTRY, _SALES_NODE, _SUPPORT_NODE),
    (_TO_SALES, _TO_SUPPORT),
)

_SMS = (
    (300, "user", "Can I reschedule?"),
    (305, "assistant", "Sure. What day works best?"),
    (420, "user", "Thursday afternoon, if you have anything."),
    (426, "assistant", "I can offer 2:00 pm or 4:30 pm on Thursday."),
    (600, "user", "4:30 please"),
    (607, "assistant", "Done: Thursday at 4:30 pm. Shall I send a reminder?"),
    (830, "user", "Yes, the evening before."),
    (840, "assistant", "You will get it on Wednesday evening. See you Thursday!"),
)
"""Seconds after the start, who wrote, and what; the documents print the first two."""


def documented_rows(call: Iterable[Item] | None = None) -> Iterator[Item]:
    """Every documented example, parents before children.

    Args:
        call: What stands for call 101 when there is more to tell of it.
    """
    for assistant, description in _ASSISTANTS:
        first_use = _CALL_STARTED if assistant.id >= SERVICE_BOT.id else _GRAPH_CREATED
        created = first_use - timedelta(hours=1)
        yield assistant_row(
            ORGANIZATION,
            assistant,
            description=description,
            created_at=created,
            updated_at=created,
        )
    yield from _graph()
    yield from _graph_sessions()
    yield from [(Call, documented_call())] if call is None else call
    yield from _sms_conversation()


def _graph() -> Iterator[Item]:
    yield graph_row(
        ORGANIZATION,
        ROUTER,
        description="Routes customers to the appropriate department",
        created_at=_GRAPH_CREATED,
    )
    layout = (("entry", 0, 0), ("standard", 200, -100), ("standard", 200, 100))
    for node, (node_type, x, y) in zip(ROUTER.nodes, layout, strict=True):
        yield node_row(
            ORGANIZATION,
            ROUTER,
            node,
            node_type=node_type,
            position={"x": x, "y": y},
            created_at=_GRAPH_CREATED,
        )
    for edge in ROUTER.edges:
        yield edge_row(ORGANIZATION, ROUTER, edge, priority=1, created_at=_GRAPH_CREATED)


def _graph_sessions() -> Iterator[Item]:
    """The two sessions; the one transition that 501's context counts, and its like for 500."""
    started = datetime(2025, 1, 19, 13, 0, tzinfo=UTC)
    yield session_row(
        ORGANIZATION,
        ROUTER,
        id=500,
        call_sid="CA0987654321fedcba",
        current_node_id=_SUPPORT_NODE.id,
        current_assistant_name=SUPPORT.name,
        conversation_context={
            "customer_name": "Jane",
            "inquiry_type": "support",
            "issue_resolved": True,
        },
        started_at=started,
        ended_at=started + timedelta(minutes=15),
    )
    yield transition_row(
        ORGANIZATION,
        _TO_SUPPORT,
        id=1,
        graph_session_id=500,
        matched_condition="Intent matched: help, problem",
        triggered_by="I need help with a problem",
        created_at=started + timedelta(minutes=1),
    )
    started = datetime(2025, 1, 19, 14, 30, tzinfo=UTC)
    yield session_row(
        ORGANIZATION,
        ROUTER,
        id=501,
        call_sid="CA1234567890abcdef",
        current_node_id=_SALES_NODE.id,
        current_assistant_name=SALES.name,
        conversation_context={
            "customer_name": "John",
            "inquiry_type": "sales",
            "product_interest": "enterprise plan",
            "transition_count": 1,
            "initial_greeting_complete": True,
        },
        started_at=started,
        ended_at=None,
    )
    yield transition_row(
        ORGANIZATION,
        _TO_SALES,
        id=2,
        graph_session_id=501,
        matched_condition="Intent matched: buy",
        triggered_by="I want to buy the enterprise plan",
        created_at=started + timedelta(minutes=1),
    )


def documented_call() -> Row:
    """Call 101, as a row."""
    return call_row(
        ORGANIZATION,
        id=101,
        call_sid="CA" + "x" * 32,
        assistant=SERVICE_BOT,
        customer_phone_number=CUSTOMER,
        status="completed",
        started_at=_CALL_STARTED,
        ended_at=_CALL_STARTED + timedelta(seconds=180),
        call_meta={"customer_id": "cust_abc123", "campaign": "winter_outreach"},
        graph_name="Customer Support Flow",
        duration=180,
        cost=Cost(llm=20_000, tts=10_000, stt=10_000, telephony=10_000, currency="USD"),
    )


def _sms_conversation() -> Iterator[Item]:
    call = call_row(
        ORGANIZATION,
        id=102,
        channel="sms",
        call_sid="sms_102",
        assistant=SUPPORT_BOT,
        customer_phone_number=CUSTOMER,
        status="active",
        started_at=_SMS_STARTED,
        ended_at=None,
    )
    messages = [
        message_row(
            call,
            id=index,
            message_index=index,
            role=role,
            content=content,
            timestamp=_SMS_STARTED + timedelta(seconds=seconds),
            assistant=SUPPORT_BOT,
        )
        for index, (seconds, role, content) in enumerate(_SMS, 1)
    ]
    yield Call, call
    yield from messages
