"""Sessions and transitions: where a walk through a graph stands, and whose it is."""

from typing import Any

from gql.database import Database
from gql.ingest.items import AnyItem
from tests.ingest.applied import outcomes_of, rows_after
from tests.ingest.item_logs import item

ROUTER = "Customer Service Router"


def session(**fields: Any) -> AnyItem:
    return item(**{"kind": "session", "call": "c1", "externalId": "w1", **fields})


def transition(seconds: int, to: str, **fields: Any) -> AnyItem:
    own = {"kind": "transition", "call": "c1", "session": "w1", "key": to, "toNode": to}
    return item(**own, seconds=seconds, **fields)


async def test_a_walk_stands_where_the_last_transition_went(database: Database) -> None:
    log = [
        session(
            graph={"name": "Customer Service Router"}, currentNode="101", context={"a": 1, "b": 2}
        ),
        transition(3, "102", fromNode="101", conditionType="intent", matchedCondition="billing"),
        session(seconds=5, context={"a": None, "c": 3}),
    ]
    rows = await rows_after(database, [[each] for each in reversed(log)])
    (row,), (moved,) = rows["graph_session"], rows["graph_transition"]
    names = ("call_sid", "graph_id", "graph_name", "current_node_id", "is_active")
    assert [row[name] for name in names] == ["c1", 1, ROUTER, 102, True]
    assert row["conversation_context"] == {"b": 2, "c": 3}
    names = ("from_node_id", "to_node_id", "edge_id", "condition_type", "matched_condition")
    assert [moved[name] for name in names] == [101, 102, 201, "intent", "billing"]
    assert [each["call_sid"] for each in rows["call"]] == ["c1"]


async def test_a_walk_through_an_unknown_graph_keeps_the_words_of_its_source(
    database: Database,
) -> None:
    log = [
        session(graph={"externalId": "g-7"}, endedAt="2026-11-01T10:01:00Z"),
        transition(3, "greet", toNodeName="Greeting", conditionType="global"),
    ]
    rows = await rows_after(database, [log])
    (row,), (moved,) = rows["graph_session"], rows["graph_transition"]
    assert (row["graph_id"], row["graph_name"], row["is_active"]) == (None, "g-7", False)
    names = ("to_node_id", "to_node_key", "to_node_name", "condition_type")
    assert [moved[name] for name in names] == [None, "greet", "Greeting", "other"]


async def test_a_call_has_one_session(database: Database) -> None:
    ((first, second),) = await outcomes_of(database, [[session(), session(externalId="w2")]])
    assert (first.status, second.status) == ("created", "refused")
    assert second.error == "The call 'c1' has the session 'w1' already."


async def test_a_session_follows_the_call_sid_of_its_call(database: Database) -> None:
    named = item(kind="call", externalId="c1", callSid="CA1")
    rows = await rows_after(database, [[session()], [named]])
    assert [each["call_sid"] for each in rows["graph_session"]] == ["CA1"]
