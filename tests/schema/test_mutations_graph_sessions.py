"""Mutations that record how calls of other systems walked a graph, over HTTP."""

from tests.conftest import Counting, GraphQL
from tests.schema.item_mutations import BATCHES, FIRST, LATER, results, send

WALK = {"call": "c-9", "externalId": "w-9", "occurredAt": FIRST}
STEP = {"call": "c-9", "session": "w-9", "key": "s1", "occurredAt": FIRST}


async def test_a_walk_through_a_graph_is_recorded_in_any_order_and_read(
    fresh_graphql: GraphQL,
) -> None:
    end = {**WALK, "occurredAt": LATER, "endedAt": LATER, "context": {"a": None, "c": 3}}
    start = {
        **WALK,
        "graph": {"name": "Customer Service Router"},
        "currentNode": "101",
        "startedAt": FIRST,
        "context": {"a": 1, "b": [2]},
    }
    step = {
        **STEP,
        "occurredAt": LATER,
        "fromNode": "101",
        "toNode": "102",
        "conditionType": "INTENT",
        "matchedCondition": "sales",
        "triggeredBy": "I want to buy.",
        "handoffSentence": "One moment.",
    }

    ended = await send(fresh_graphql, "recordGraphSessions", sessions=[end])
    stepped = await send(fresh_graphql, "recordGraphTransitions", transitions=[step, step])
    started = await send(fresh_graphql, "recordGraphSessions", sessions=[start, start])

    session_id = ended["results"][0]["graphSessionId"]
    assert ended == results("CREATED", session=session_id)
    assert stepped == results("CREATED", "UNCHANGED", session=session_id)
    assert started == results("UPDATED", "UNCHANGED", session=session_id)
    answer = await fresh_graphql(
        """query ($id: ID!) { node(id: $id) { ... on GraphSession { callSid externalId isActive
            startedAt endedAt graphName currentAssistantName context graph { name }
            currentNode { databaseId }
            transitions { nodes { externalId conditionType matchedCondition triggeredBy
                handoffSentence occurredAt fromNodeKey toNodeKey
                fromNode { databaseId } toNode { databaseId } } } } } }""",
        {"id": session_id},
    )
    assert answer["data"]["node"] == {
        "callSid": "c-9",
        "externalId": "w-9",
        "isActive": False,
        "startedAt": FIRST,
        "endedAt": LATER,
        "graphName": "Customer Service Router",
        "currentAssistantName": "Sales Specialist",
        "context": {"b": [2], "c": 3},
        "graph": {"name": "Customer Service Router"},
        "currentNode": {"databaseId": 102},
        "transitions": {
            "nodes": [
                {
                    "externalId": "s1",
                    "conditionType": "INTENT",
                    "matchedCondition": "sales",
                    "triggeredBy": "I want to buy.",
                    "handoffSentence": "One moment.",
                    "occurredAt": LATER,
                    "fromNodeKey": "101",
                    "toNodeKey": "102",
                    "fromNode": {"databaseId": 101},
                    "toNode": {"databaseId": 102},
                }
            ]
        },
    }


async def test_steps_and_sessions_that_are_refused_say_why(fresh_graphql: GraphQL) -> None:
    sessions = [WALK, {**WALK, "externalId": "second"}, {**WALK, "context": [1]}]
    steps = [{**STEP, "toNode": ""}, {**STEP, "toNode": "sales", "call": "c-8"}]

    refused = [
        *(await send(fresh_graphql, "recordGraphSessions", sessions=sessions))["results"][1:],
        *(await send(fresh_graphql, "recordGraphTransitions", transitions=steps))["results"],
    ]

    assert [(each["status"], each["graphSessionId"]) for each in refused] == [("REFUSED", None)] * 4
    problems = [(each["message"], each["path"]) for row in refused for each in row["problems"]]
    assert problems == [
        ("The call 'c-9' has the session 'w-9' already.", ["input", "sessions", "1"]),
        ("Input should be a valid dictionary", ["input", "sessions", "2", "context"]),
        ("String should have at least 1 character", ["input", "transitions", "0", "toNode"]),
        ("The session is one of the call 'c-9'.", ["input", "transitions", "1"]),
    ]


async def test_a_hundred_sessions_or_steps_take_as_many_statements_as_two(
    fresh_graphql: GraphQL, fresh_statements: Counting
) -> None:
    counts = []
    graph = {"name": "Customer Service Router"}
    for size in (2, 100):
        calls = [f"{size}-{n}" for n in range(size)]
        sessions = [{**WALK, "call": call, "externalId": call, "graph": graph} for call in calls]
        own = {**STEP, "fromNode": "101", "toNode": "102"}
        steps = [{**own, "call": call, "session": call} for call in calls]
        one_walk = {**own, "call": calls[0], "session": calls[0], "occurredAt": LATER}
        more = [{**one_walk, "key": f"more {n}", "position": n} for n in range(size)]
        for name, items in (
            ("recordGraphSessions", sessions),
            ("recordGraphTransitions", steps),
            ("recordGraphTransitions", more),
        ):
            with fresh_statements() as ran:
                answer = await send(fresh_graphql, name, **{BATCHES[name]: items})
            assert [each["status"] for each in answer["results"]] == ["CREATED"] * size
            counts.append(ran.count)

    # Sessions: calls and sessions are read and written, and the graph and its version then are
    # read. Steps: calls, sessions, steps, graph, nodes and edges are read, sessions and steps
    # written, and calls where the steps are later than all that was known of them.
    assert counts[:3] == counts[3:] == [6, 8, 9]
