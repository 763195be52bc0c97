"""The first limit: one hand-written statement per document, whose value is the answer's text."""
# ruff: noqa: S608 -- put together from our own pieces when the process starts

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from benchmarks import workloads
from benchmarks.peers.bare import ORGANIZATION, Connection, Handler, bare_app
from benchmarks.peers.json_sql import (
    either,
    flag,
    instant,
    key,
    listed,
    money,
    number,
    object_of,
    page,
    text,
    word,
)

_POSITION = object_of(
    x="coalesce(n.position ->> 'x', 'null')", y="coalesce(n.position ->> 'y', 'null')"
)
_NODES = listed(
    "x",
    "FROM (SELECT "
    + object_of(
        id=key("node", "n.id"),
        nodeType=word("n.node_type"),
        position=_POSITION,
        assistant=object_of(id=key("assistant", "a.id"), name=text("a.name")),
    )
    + " x FROM graph_node n JOIN assistant a ON a.id = n.assistant_id"
    " WHERE n.graph_id = g.id ORDER BY n.id) t",
)
_EDGES = listed(
    "x",
    "FROM (SELECT "
    + object_of(
        id=key("edge", "e.id"),
        conditionType=word("e.condition_type"),
        priority="e.priority",
        from_=object_of(id=key("node", "e.from_node_id")),
        to=object_of(id=key("node", "e.to_node_id")),
    )
    + " x FROM graph_edge e WHERE e.graph_id = g.id ORDER BY e.id) t",
)
_CURRENT = either(object_of(id=key("node", "s.current_node_id")))
_SESSIONS = (
    "FROM (SELECT * FROM graph_session WHERE graph_id = g.id"
    " ORDER BY started_at DESC, id DESC LIMIT {}) s"
)
_CALLED = "c.organization_id = $1 AND c.channel = 'voice' AND c.assistant_id = $2 AND c.status = $3"


def _answer(**root: str) -> str:
    return "SELECT " + object_of(data=object_of(**root))


W1 = _answer(
    graph=either(
        "(SELECT "
        + object_of(
            name=text("g.name"),
            nodes=_NODES,
            edges=_EDGES,
            sessions=page(
                object_of(
                    callSid=text("s.call_sid"), isActive=flag("s.is_active"), currentNode=_CURRENT
                ),
                _SESSIONS.format(10),
            ),
        )
        + " FROM assistant_graph g WHERE g.organization_id = $1 AND g.id = $2)"
    )
)
W2 = _answer(
    graphs=page(
        object_of(
            id=key("graph", "g.id"),
            name=text("g.name"),
            isActive=flag("g.is_active"),
            nodes=_NODES,
            edges=_EDGES,
            sessions=page(
                object_of(
                    id=key("graph_session", "s.id"),
                    callSid=text("s.call_sid"),
                    isActive=flag("s.is_active"),
                    currentNode=_CURRENT,
                ),
                _SESSIONS.format(5),
            ),
        ),
        "FROM (SELECT * FROM assistant_graph WHERE organization_id = $1 AND name <> $3"
        " ORDER BY id LIMIT 50 OFFSET $2) g",
    )
)
W3 = _answer(
    calls=object_of(
        totalCount=f"(SELECT count(*) FROM call c WHERE {_CALLED})",
        nodes=listed(
            object_of(
                id=key("call", "c.id"),
                callSid=text("c.call_sid"),
                status=word("c.status"),
                duration=number("c.duration"),
                startedAt=instant("c.started_at"),
                cost=object_of(
                    total=money("c.total_cost"),
                    llm=money("c.llm_cost"),
                    tts=money("c.tts_cost"),
                    stt=money("c.stt_cost"),
                    telephony=money("c.telephony_cost"),
                    currency=either(f"{text('c.cost_currency')}::text"),
                ),
                assistant=object_of(id=key("assistant", "c.assistant_id"), name=text("c.speaker")),
            ),
            # Inside, as a join around the page would be free to reorder it.
            "FROM (SELECT c.*, a.name AS speaker FROM call c"
            f" JOIN assistant a ON a.id = c.assistant_id WHERE {_CALLED}"
            " ORDER BY c.started_at DESC, c.id DESC LIMIT 100) c",
        ),
    )
)
W4 = _answer(
    smsConversations=page(
        object_of(
            id=key("sms_conversation", "c.id"),
            status=word("c.status"),
            customerPhoneNumber=text("c.customer_phone_number"),
            messageCount="c.message_count",
            lastActivity=instant("c.last_activity"),
            messages=page(
                object_of(
                    id=key("message", "m.id"),
                    role=word("m.role"),
                    content=text("m.content"),
                    timestamp=instant('m."timestamp"'),
                    messageIndex="m.message_index",
                ),
                "FROM (SELECT * FROM (SELECT * FROM chat_message"
                " WHERE call_id = c.id AND role <> 'system'"
                " ORDER BY message_index DESC, id DESC LIMIT 20) l ORDER BY message_index, id) m",
            ),
        ),
        "FROM (SELECT * FROM call WHERE organization_id = $1 AND channel = 'sms'"
        " AND NOT is_archived ORDER BY last_activity DESC, id DESC LIMIT 50 OFFSET $2) c",
    )
)
CALL = _answer(
    call=either(
        "(SELECT "
        + object_of(
            id=key("call", "c.id"),
            callSid=text("c.call_sid"),
            status=word("c.status"),
            duration=number("c.duration"),
            cost=object_of(total=money("c.total_cost")),
        )
        + " FROM call c WHERE c.organization_id = $1 AND c.channel = 'voice' AND c.id = $2)"
    )
)


def _handler(sql: str, values: Callable[[Mapping[str, Any]], tuple[Any, ...]]) -> Handler:
    async def handle(connection: Connection, variables: Mapping[str, Any]) -> bytes:
        answer: str = await connection.value(sql, ORGANIZATION, *values(variables))
        return answer.encode()

    return handle


_VALUES: dict[str, tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]] = {
    "W1": (W1, lambda variables: (int(variables["id"]),)),
    "W2": (W2, lambda variables: (variables["offset"], variables["serial"])),
    "W3": (W3, lambda variables: (int(variables["assistantId"]), variables["status"].lower())),
    "W4": (W4, lambda variables: (variables["offset"],)),
    "call": (CALL, lambda variables: (int(variables["id"]),)),
}
_HANDLERS: dict[str, Callable[[Connection, Mapping[str, Any]], Awaitable[bytes]]] = {
    workload.documents["jackfield"]: _handler(*_VALUES[workload.name])
    for workload in workloads.WORKLOADS
    if workload.name in _VALUES
}

app = bare_app(_HANDLERS, b'{"data":{"__typename":"Query"}}')
