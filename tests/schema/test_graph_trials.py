"""Messages and recorded sessions walked through stored graphs and through drafts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert

from gql.database import Database
from gql.models.call import Call
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from tests.conftest import Counting, GraphQL

SIMULATE = """query ($candidate: GraphCandidateInput!, $messages: [String!]!, $variables: JSON,
    $startNode: String, $verdicts: [VerdictInput!]) {
    simulateGraph(candidate: $candidate, messages: $messages, variables: $variables,
        startNode: $startNode, verdicts: $verdicts) {
        steps { message node edge to reason handoffSentence notEvaluated } finalNode hasEnded } }"""
REPLAY = """query ($candidate: GraphCandidateInput!, $sessions: ReplaySessionsInput) {
    replayGraph(graph: 1, candidate: $candidate, sessions: $sessions) {
        sessions transitions reproduced notEvaluated ledNowhere unchanged undecided elsewhere
        stuck loops lostHandoffs examples { session { callSid } deviations recordedPath path
            transitionIndex message edge } } }"""
DRAFT: dict[str, Any] = {
    "nodes": [
        {"key": "desk", "assistantId": "1", "nodeType": "ENTRY"},
        {"key": "sales", "assistantId": "2"},
        {"key": "human", "assistantId": "3", "nodeType": "ESCALATION"},
    ],
    "edges": [
        {
            "from": "desk",
            "to": "sales",
            "conditionType": "INTENT",
            "intentPattern": "purchase,buy",
            "handoffSentence": "One moment.",
        },
        {
            "from": "sales",
            "to": "human",
            "conditionType": "NATURAL_LANGUAGE",
            "naturalLanguageTrigger": "wants a person",
        },
        {
            "from": "sales",
            "to": "human",
            "conditionType": "MATHEMATICAL",
            "mathematicalExpression": "turn_count > 2 and patience < 1",
            "priority": 1,
        },
    ],
}


async def test_a_draft_is_simulated_by_keys_and_indexes(
    graphql: GraphQL, statements: Counting
) -> None:
    variables = {
        "candidate": {"structure": DRAFT},
        "messages": ["I want to buy", "hm", "well", "too late"],
        "variables": {"patience": 0},
    }
    with statements() as ran:
        answer = await graphql(SIMULATE, variables)

    stays = {"node": "sales", "edge": None, "to": None, "reason": "No transition triggered"}
    assert answer["data"]["simulateGraph"] == {
        "steps": [
            {
                "message": "I want to buy",
                "node": "desk",
                "edge": "0",
                "to": "sales",
                "reason": "Intent matched: buy",
                "handoffSentence": "One moment.",
                "notEvaluated": [],
            },
            {"message": "hm", **stays, "handoffSentence": None, "notEvaluated": ["1"]},
            {
                "message": "well",
                "node": "sales",
                "edge": "2",
                "to": "human",
                "reason": "Mathematical matched: turn_count > 2 and patience < 1",
                "handoffSentence": None,
                "notEvaluated": ["1"],
            },
        ],
        "finalNode": "human",
        "hasEnded": True,
    }
    assert ran.count == 1


async def test_verdicts_decide_about_natural_language(graphql: GraphQL) -> None:
    verdict = {"edge": "1", "holds": True, "message": 1}
    variables = {
        "candidate": {"structure": DRAFT},
        "messages": ["well", "a person"],
        "startNode": "sales",
        "verdicts": [verdict],
    }
    answer = await graphql(SIMULATE, variables)

    steps = answer["data"]["simulateGraph"]["steps"]
    assert [step["edge"] for step in steps] == [None, "1"]
    assert [step["notEvaluated"] for step in steps] == [["1"], []]
    assert steps[1]["reason"] == "Natural language matched: wants a person"


async def test_a_stored_graph_leads_where_rest_leads(
    graphql: GraphQL, client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    messages = ["hello", "I have a problem"]
    answer = await graphql(SIMULATE, {"candidate": {"id": "graph_1"}, "messages": messages})
    path = "/api/v1/assistant-graphs/1/test"
    tested = (await client.post(path, json=messages, headers=owner)).json()

    simulated = answer["data"]["simulateGraph"]
    assert simulated["finalNode"] == "node_103"
    assert [step["reason"] for step in simulated["steps"]] == [
        step["transition_reason"] for step in tested["path_taken"]
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"startNode": "nowhere"}, "`startNode` is 'nowhere', but the graph has no such node."),
        ({"variables": [1]}, "`variables` must be a JSON object."),
        ({"messages": [""] * 201}, "`messages` has 201 entries, but may have 200."),
        (
            {"verdicts": [{"edge": "9", "holds": True}]},
            "`verdicts` names '9', but the graph has no such edge.",
        ),
        (
            {"candidate": {"structure": {**DRAFT, "nodes": DRAFT["nodes"][1:]}}},
            "structure.edges[0].from is 'desk', but no node of the input has that key",
        ),
    ],
)
async def test_what_cannot_be_simulated_says_why(
    graphql: GraphQL, values: dict[str, Any], message: str
) -> None:
    variables = {"candidate": {"structure": DRAFT}, "messages": ["hi"], **values}
    answer = await graphql(SIMULATE, variables)

    assert [error["message"] for error in answer["errors"]] == [message]


async def test_strangers_graphs_are_not_there(graphql: GraphQL) -> None:
    answer = await graphql(SIMULATE, {"candidate": {"id": "graph_999999"}, "messages": ["hi"]})

    assert answer["data"] == {"simulateGraph": None}


async def _record(
    database: Database,
    number: int,
    message: str,
    *,
    to: int,
    session: Mapping[str, Any] = MappingProxyType({}),
    transition: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """A session of one step, with other columns where they are given."""
    started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    names = {101: "Receptionist", 102: "Sales Specialist", 103: "Support Agent"}
    graph_session = {
        "id": 9_000 + number,
        "organization_id": 1,
        "call_sid": f"CAreplay{number}",
        "graph_id": 1,
        "graph_name": "Customer Service Router",
        "current_node_id": to,
        "is_active": False,
        "started_at": started,
        "ended_at": started + timedelta(minutes=5),
        "conversation_context": {},
        **session,
    }
    step = {
        "organization_id": 1,
        "graph_session_id": 9_000 + number,
        "edge_id": {102: 201, 103: 202}[to],
        "from_node_id": 101,
        "to_node_id": to,
        "from_assistant_name": names[101],
        "to_assistant_name": names[to],
        "condition_type": "intent",
        "triggered_by": message,
        "created_at": started + timedelta(minutes=1),
        **transition,
    }
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(GraphSession)), graph_session)
        await connection.execute(insert(table_of(GraphTransition)), step)


async def _say(database: Database, call_sid: str, *messages: str) -> None:
    """A call in which the customer says something, and the assistant as often."""
    call = {"id": 9_500, "organization_id": 1, "call_sid": call_sid, "status": "completed"}
    rows = [
        {"organization_id": 1, "call_id": 9_500, "role": role, "content": message}
        for message in messages
        for role in ("user", "assistant")
    ]
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(Call)), call)
        await connection.execute(insert(table_of(ChatMessage)), rows)


async def test_the_price_follows_the_number_of_sessions(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    async def points(sessions: str = "", declared: str = "", value: Any = None) -> int:
        query = f"""query Q{f"($it: {declared})" if declared else ""} {{
            replayGraph(graph: 1, candidate: {{id: 1}} {sessions}) {{ sessions }} }}"""
        body = {"query": query, "variables": {"it": value} if declared else {}}
        headers = {**owner, "Jackfield-Cost": "dry-run"}
        answer = (await client.post("/graphql", json=body, headers=headers)).json()
        return int(answer["extensions"]["cost"]["points"])

    base = await points("sessions: {last: 10001}")  # which will be refused
    assert await points() - base == 4_000
    assert await points("sessions: {}") - base == 4_000
    assert await points("sessions: {last: 250}") - base == 1_000
    assert await points("sessions: {last: $it}", "Int!", 100) - base == 400
    for last in (1, 10, 10_000):
        whole = await points("sessions: $it", "ReplaySessionsInput", {"last": last})
        assert whole - base == 4 * last


async def test_recorded_sessions_are_replayed(
    fresh_graphql: GraphQL, fresh_database: Database, fresh_statements: Counting
) -> None:
    for number, (message, to) in enumerate(
        [("I want to purchase", 102), ("please help", 103), ("buy now", 102)]
    ):
        await _record(fresh_database, number, message, to=to)
    await _say(fresh_database, "CAreplay1", "hello?", "is anybody there", "please help")
    chosen = {"filter": {"callSid": {"startsWith": "CAreplay"}}, "last": 10}
    same = {"candidate": {"id": "graph_1"}, "sessions": chosen}

    with fresh_statements() as ran:
        answer = await fresh_graphql(REPLAY, same)

    nothing = {"elsewhere": 0, "stuck": 0, "loops": 0, "lostHandoffs": 0, "examples": []}
    assert answer["data"]["replayGraph"] == {
        "sessions": 3,
        "transitions": 3,
        "reproduced": 3,
        "notEvaluated": 0,
        "ledNowhere": 2,
        "unchanged": 3,
        "undecided": 0,
        **nothing,
    }
    assert ran.count == 7
    edges = [
        {**DRAFT["edges"][0], "intentPattern": "buy"},
        {**DRAFT["edges"][0], "to": "human", "intentPattern": "help"},
    ]
    candidate = {"structure": {"nodes": DRAFT["nodes"], "edges": edges}}
    answer = await fresh_graphql(REPLAY, {**same, "candidate": candidate})
    assert answer["data"]["replayGraph"] == {
        "sessions": 3,
        "transitions": 3,
        "reproduced": 2,
        "notEvaluated": 0,
        "ledNowhere": 2,
        "unchanged": 2,
        "undecided": 0,
        **nothing,
        "stuck": 1,
        "examples": [
            {
                "session": {"callSid": "CAreplay0"},
                "deviations": ["STUCK"],
                "recordedPath": ["Receptionist", "Sales Specialist"],
                "path": ["desk"],
                "transitionIndex": 0,
                "message": "I want to purchase",
                "edge": None,
            }
        ],
    }
    answer = await fresh_graphql(REPLAY, {**same, "sessions": {"last": 10_001}})
    assert answer["errors"][0]["message"] == "`last` is 10001, but must be between 1 and 10,000."


async def test_sessions_are_read_by_the_version_that_they_ran_on(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """The former structure tells that its natural language was judged; the one of now does not."""
    edges = [{**DRAFT["edges"][1], "from": "desk", "to": "sales"}]
    draft = {"nodes": DRAFT["nodes"][:2], "edges": edges}
    query = """mutation ($input: ReplaceGraphStructureInput!) { replaceGraphStructure(input: $input)
        { nodes { fullDatabaseId } edgeIds graph { version } userErrors { message } } }"""
    first = await fresh_graphql(query, {"input": {"id": 1, **draft}})
    replaced = first["data"]["replaceGraphStructure"]
    desk, sales = (int(node["fullDatabaseId"]) for node in replaced["nodes"])
    version = replaced["graph"]["version"]
    walked = {
        "edge_id": int(replaced["edgeIds"][0].removeprefix("edge_")),
        "from_node_id": desk,
        "to_node_id": sales,
        "condition_type": "natural_language",
    }
    ran_on = {"graph_version": version, "current_node_id": sales}
    await _record(fresh_database, 1, "hm", to=102, session=ran_on, transition=walked)
    await fresh_graphql(query, {"input": {"id": 1, "nodes": draft["nodes"], "edges": []}})

    chosen = {"filter": {"callSid": {"eq": "CAreplay1"}}}
    variables = {"candidate": {"structure": draft}, "sessions": chosen}
    answer = await fresh_graphql(REPLAY, variables)

    replayed = answer["data"]["replayGraph"]
    assert (replayed["sessions"], replayed["reproduced"], replayed["unchanged"]) == (1, 1, 1)
    assert replayed["notEvaluated"] == 0
