"""The second limit: hand-written statements per level, rows put together in Python, and orjson."""
# ruff: noqa: S608 -- put together from our own pieces when the process starts

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from benchmarks import workloads
from benchmarks.peers.bare import ORGANIZATION, Connection, Handler, bare_app

_GRAPH = "SELECT id, name, is_active FROM assistant_graph WHERE organization_id = $1 AND id = $2"
_GRAPHS = (
    "SELECT id, name, is_active FROM assistant_graph WHERE organization_id = $1"
    " AND name <> $3 ORDER BY id LIMIT 50 OFFSET $2"
)
_NODES = (
    "SELECT n.graph_id, n.id, n.node_type, n.position, a.id, a.name FROM graph_node n"
    " JOIN assistant a ON a.id = n.assistant_id WHERE n.graph_id = any($1)"
    " ORDER BY n.graph_id, n.id"
)
_EDGES = (
    "SELECT graph_id, id, condition_type, priority, from_node_id, to_node_id FROM graph_edge"
    " WHERE graph_id = any($1) ORDER BY graph_id, id"
)
_SESSIONS = (
    "SELECT k, s.id, s.call_sid, s.is_active, s.current_node_id FROM unnest($1::bigint[]) k"
    " CROSS JOIN LATERAL (SELECT * FROM graph_session WHERE graph_id = k"
    " ORDER BY started_at DESC, id DESC LIMIT $2) s"
)
_CALLED = "c.organization_id = $1 AND c.channel = 'voice' AND c.assistant_id = $2 AND c.status = $3"
_COUNT = f"SELECT count(*) FROM call c WHERE {_CALLED}"
_CALLS = (
    "SELECT c.id, c.call_sid, c.status, c.duration, c.started_at, c.total_cost, c.llm_cost,"
    " c.tts_cost, c.stt_cost, c.telephony_cost, c.cost_currency, a.id, a.name FROM call c"
    f" JOIN assistant a ON a.id = c.assistant_id WHERE {_CALLED}"
    " ORDER BY c.started_at DESC, c.id DESC LIMIT 100"
)
_CALL = (
    "SELECT id, call_sid, status, duration, total_cost FROM call"
    " WHERE organization_id = $1 AND channel = 'voice' AND id = $2"
)
_THREADS = (
    "SELECT id, status, customer_phone_number, message_count, last_activity FROM call"
    " WHERE organization_id = $1 AND channel = 'sms' AND NOT is_archived"
    " ORDER BY last_activity DESC, id DESC LIMIT 50 OFFSET $2"
)
_MESSAGES = (
    'SELECT k, m.id, m.role, m.content, m."timestamp", m.message_index'
    " FROM unnest($1::bigint[]) k CROSS JOIN LATERAL (SELECT * FROM chat_message"
    " WHERE call_id = k AND role <> 'system' ORDER BY message_index DESC, id DESC LIMIT 20) m"
    " ORDER BY m.message_index, m.id"
)

Rows = list[Any]


def _grouped(rows: Rows, make: Callable[[Any], dict[str, Any]]) -> dict[int, list[Any]]:
    """What is made of each row, by the row's first column."""
    groups: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row[0]].append(make(row))
    return groups


def _instant(value: datetime) -> str:
    written = value.isoformat()[:26]  # asyncpg answers in UTC
    return (written.rstrip("0") if "." in written else written[:19]) + "Z"


def _money(micros: int | None) -> str | None:
    return None if micros is None else f"{micros // 1_000_000}.{micros % 1_000_000:06}"


def _node(row: Any) -> dict[str, Any]:
    _, key, kind, position, assistant, name = row
    coordinates = orjson.loads(position)
    return {
        "id": f"node_{key}",
        "nodeType": kind.upper(),
        "position": {"x": coordinates.get("x"), "y": coordinates.get("y")},
        "assistant": {"id": f"assistant_{assistant}", "name": name},
    }


def _edge(row: Any) -> dict[str, Any]:
    _, key, kind, priority, start, end = row
    return {
        "id": f"edge_{key}",
        "conditionType": kind.upper(),
        "priority": priority,
        "from": {"id": f"node_{start}"},
        "to": {"id": f"node_{end}"},
    }


def _walk(row: Any) -> dict[str, Any]:
    _, _, sid, active, node = row
    current = None if node is None else {"id": f"node_{node}"}
    return {"callSid": sid, "isActive": active, "currentNode": current}


def _walk_of_row(row: Any) -> dict[str, Any]:
    return {"id": f"graph_session_{row[1]}", **_walk(row)}


def _message(row: Any) -> dict[str, Any]:
    _, key, role, content, at, index = row
    return {
        "id": f"message_{key}",
        "role": role.upper(),
        "content": content,
        "timestamp": _instant(at),
        "messageIndex": index,
    }


def _call(row: Any) -> dict[str, Any]:
    key, sid, status, duration, at, total, llm, tts, stt, telephony, currency, speaker, name = row
    return {
        "id": f"call_{key}",
        "callSid": sid,
        "status": status.upper(),
        "duration": duration,
        "startedAt": _instant(at),
        "cost": {
            "total": _money(total),
            "llm": _money(llm),
            "tts": _money(tts),
            "stt": _money(stt),
            "telephony": _money(telephony),
            "currency": currency,
        },
        "assistant": {"id": f"assistant_{speaker}", "name": name},
    }


async def _one_graph(connection: Connection, variables: Mapping[str, Any]) -> bytes:
    key = int(variables["id"])
    rows = await connection.rows(_GRAPH, ORGANIZATION, key)
    if not rows:
        return b'{"data":{"graph":null}}'
    graph = {
        "name": rows[0][1],
        "nodes": [_node(row) for row in await connection.rows(_NODES, [key])],
        "edges": [_edge(row) for row in await connection.rows(_EDGES, [key])],
        "sessions": {"nodes": [_walk(row) for row in await connection.rows(_SESSIONS, [key], 10)]},
    }
    return orjson.dumps({"data": {"graph": graph}})


async def _many_graphs(connection: Connection, variables: Mapping[str, Any]) -> bytes:
    values = variables["offset"], variables["serial"]
    graphs = await connection.rows(_GRAPHS, ORGANIZATION, *values)
    ids = [row[0] for row in graphs]
    nodes = _grouped(await connection.rows(_NODES, ids), _node)
    edges = _grouped(await connection.rows(_EDGES, ids), _edge)
    walks = _grouped(await connection.rows(_SESSIONS, ids, 5), _walk_of_row)
    printed = [
        {
            "id": f"graph_{key}",
            "name": name,
            "isActive": active,
            "nodes": nodes.get(key, ()),
            "edges": edges.get(key, ()),
            "sessions": {"nodes": walks.get(key, ())},
        }
        for key, name, active in graphs
    ]
    return orjson.dumps({"data": {"graphs": {"nodes": printed}}})


async def _calls(connection: Connection, variables: Mapping[str, Any]) -> bytes:
    values = ORGANIZATION, int(variables["assistantId"]), variables["status"].lower()
    total = await connection.value(_COUNT, *values)
    nodes = [_call(row) for row in await connection.rows(_CALLS, *values)]
    return orjson.dumps({"data": {"calls": {"totalCount": total, "nodes": nodes}}})


async def _conversations(connection: Connection, variables: Mapping[str, Any]) -> bytes:
    threads = await connection.rows(_THREADS, ORGANIZATION, variables["offset"])
    rows = await connection.rows(_MESSAGES, [row[0] for row in threads])
    messages = _grouped(rows, _message)
    printed = [
        {
            "id": f"sms_conversation_{key}",
            "status": status.upper(),
            "customerPhoneNumber": phone,
            "messageCount": count,
            "lastActivity": _instant(at),
            "messages": {"nodes": messages.get(key, ())},
        }
        for key, status, phone, count, at in threads
    ]
    return orjson.dumps({"data": {"smsConversations": {"nodes": printed}}})


async def _one_call(connection: Connection, variables: Mapping[str, Any]) -> bytes:
    rows = await connection.rows(_CALL, ORGANIZATION, int(variables["id"]))
    if not rows:
        return b'{"data":{"call":null}}'
    key, sid, status, duration, total = rows[0]
    call = {
        "id": f"call_{key}",
        "callSid": sid,
        "status": status.upper(),
        "duration": duration,
        "cost": {"total": _money(total)},
    }
    return orjson.dumps({"data": {"call": call}})


_HANDLERS: dict[str, Handler] = {
    workloads.W1.documents["jackfield"]: _one_graph,
    workloads.W2.documents["jackfield"]: _many_graphs,
    workloads.W3.documents["jackfield"]: _calls,
    workloads.W4.documents["jackfield"]: _conversations,
    workloads.CALL.documents["jackfield"]: _one_call,
}

app = bare_app(_HANDLERS, b'{"data":{"__typename":"Query"}}')
