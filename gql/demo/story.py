"""A story to follow from graph to cost, in the first organization, and a live SMS session.

The documents have call 101 and the two sessions of graph 1, but not what was said there. Here the
sessions get their calls, and call 101 its graph and its session; each has messages, a transcript
and, where it ended, a cost. All of that happened on the documented days.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from gql.demo.calls import SYSTEM, Cost, call_row, message_row, segment_row, token_columns
from gql.demo.documented import (
    CUSTOMER,
    ORGANIZATION,
    ROUTER,
    SALES,
    SERVICE_BOT,
    SUPPORT,
    SUPPORT_BOT,
    documented_call,
)
from gql.demo.graph_rows import (
    edge_row,
    graph_row,
    node_row,
    session_row,
    transition_row,
)
from gql.demo.outcomes import recording_row
from gql.demo.tenant import DemoAssistant, DemoEdge, DemoGraph, DemoNode, Item, Row
from gql.models.call import Call, phone_digits
from gql.models.sms_session import SmsSession

_LIVE_FOR = timedelta(days=365)
"""How long the SMS session of the demo lives: until somebody ends it."""

_Line = tuple[int, str, str]
"""Seconds after the start, who spoke, and what was said."""

_ASKING: Sequence[_Line] = (
    (0, "assistant", "Hello, this is ServiceBot. How can I help you?"),
    (12, "user", "My router shows a red light, and I have no internet."),
    (25, "assistant", "I am sorry to hear that. I will transfer you to our support team."),
    (40, "assistant", "Support here. Please press the reset button for ten seconds."),
    (95, "user", "The light is green now. Thank you!"),
    (110, "assistant", "You are welcome. Is there anything else?"),
    (150, "user", "No, that was all."),
)
_HELPING: Sequence[_Line] = (
    (0, "assistant", "Good afternoon, how may I help you?"),
    (20, "user", "I need help with a problem"),
    (60, "assistant", "I will transfer you to our support team."),
    (75, "assistant", "Support here, what happened?"),
    (140, "user", "My invoice lists a plan that I never ordered."),
    (300, "assistant", "I have taken it off, Jane. The new invoice is on its way."),
    (840, "user", "Perfect, thank you."),
)
_BUYING: Sequence[_Line] = (
    (0, "assistant", "Good afternoon, how may I help you?"),
    (25, "user", "I want to buy the enterprise plan"),
    (60, "assistant", "Let me connect you with our sales team."),
    (80, "assistant", "Sales here. How many people will use it, John?"),
    (110, "user", "About two hundred."),
)


def documented_story() -> Iterator[Item]:
    """Call 101 with its graph, and the calls of the sessions of graph 1."""
    ids = count(101)
    graph = _support_flow()
    yield from _rows_of(graph)
    call = documented_call() | {"graph_id": graph.id}
    yield from _conversation(call, SERVICE_BOT, _ASKING, ids)
    yield from _walk(call, graph)
    started = datetime(2025, 1, 19, 13, 0, tzinfo=UTC)
    ended = _call(103, "CA0987654321fedcba", SUPPORT, "+15555551235", started, minutes=15)
    yield from _conversation(ended, SUPPORT, _HELPING, ids)
    started = datetime(2025, 1, 19, 14, 30, tzinfo=UTC)
    ongoing = _call(104, "CA1234567890abcdef", SALES, "+15555551234", started, minutes=None)
    yield from _conversation(ongoing, SALES, _BUYING, ids)


def live_session(now: datetime) -> Item:
    """The state of the documented SMS conversation."""
    return SmsSession, {
        "id": 1,
        "organization_id": ORGANIZATION,
        "customer_phone_digits": phone_digits(CUSTOMER),
        "assistant_id": SUPPORT_BOT.id,
        "state": {"conversation_id": 102, "topic": "reschedule"},
        "expires_at": now + _LIVE_FOR,
    }


def _support_flow() -> DemoGraph:
    """The graph that call 101 was routed through, by the name that the documents print."""
    entry, support = DemoNode(104, SERVICE_BOT), DemoNode(105, SUPPORT)
    handoff = "I will transfer you to our support team."
    edge = DemoEdge(203, entry, support, "intent", "no internet,red light", handoff)
    return DemoGraph(2, "Customer Support Flow", (entry, support), (edge,))


def _rows_of(graph: DemoGraph) -> Iterator[Item]:
    created = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
    description = "Answers, and transfers to support"
    yield graph_row(ORGANIZATION, graph, description=description, created_at=created)
    for at, node in enumerate(graph.nodes):
        columns: Row = {
            "node_type": ("entry", "standard")[at],
            "position": {"x": 200 * at, "y": 0},
            "created_at": created,
        }
        yield node_row(ORGANIZATION, graph, node, **columns)
    for edge in graph.edges:
        yield edge_row(ORGANIZATION, graph, edge, priority=1, created_at=created)


def _walk(call: Row, graph: DemoGraph) -> Iterator[Item]:
    """The session of call 101: from its entry to support."""
    [edge] = graph.edges
    yield session_row(
        ORGANIZATION,
        graph,
        id=502,
        call_sid=call["call_sid"],
        current_node_id=edge.end.id,
        current_assistant_name=edge.end.assistant.name,
        conversation_context={"customer_id": "cust_abc123", "transition_count": 1},
        started_at=call["started_at"],
        ended_at=call["ended_at"],
    )
    yield transition_row(
        ORGANIZATION,
        edge,
        id=3,
        graph_session_id=502,
        matched_condition="Intent matched: red light, no internet",
        triggered_by=_ASKING[1][2],
        created_at=call["started_at"] + timedelta(seconds=25),
    )


def _call(
    id: int,
    call_sid: str,
    assistant: DemoAssistant,
    customer_phone_number: str,
    started: datetime,
    *,
    minutes: int | None,
) -> Row:
    """The call of a session of graph 1; without minutes it goes on, and has no cost yet."""
    ended = None if minutes is None else started + timedelta(minutes=minutes)
    return call_row(
        ORGANIZATION,
        id=id,
        call_sid=call_sid,
        assistant=assistant,
        customer_phone_number=customer_phone_number,
        status="completed" if ended else "ongoing",
        started_at=started,
        ended_at=ended,
        call_meta={},
        graph_id=ROUTER.id,
        graph_name=ROUTER.name,
        duration=60 * minutes if minutes else None,
        cost=Cost(64_000, 31_000, 64_500, 127_500, "USD") if ended else None,
    )


def _conversation(
    call: Row, assistant: DemoAssistant, lines: Sequence[_Line], ids: Iterator[int]
) -> Iterator[Item]:
    """A call with its messages, from the system prompt on, its transcript and its recording."""
    written: list[Item] = []
    for index, (seconds, role, content) in enumerate([(0, "system", SYSTEM), *lines]):
        line_id = next(ids)
        tokens = token_columns(80 + 20 * index, len(content) // 4) if role == "assistant" else {}
        written.append(
            message_row(
                call,
                id=line_id,
                message_index=index,
                role=role,
                content=content,
                timestamp=call["started_at"] + timedelta(seconds=seconds),
                assistant=assistant,
                **tokens,
            )
        )
        if index:
            end = seconds + round(len(content) / 15, 2)
            segment = {"content": content, "confidence": 0.97}
            written.append(segment_row(ORGANIZATION, call, line_id, role, seconds, end, **segment))
    yield Call, call
    yield from written
    yield recording_row(call, call["id"])
