"""The same question has the same answer, byte for byte, from SQLite and from PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx2
import pytest

from gql.engine.explain import list_lengths
from tests.conftest import bearer, connect, start
from tests.databases import KINDS, Databases, settings_for
from tests.playground_examples import ANSWERED, EXAMPLES, FOLDER, INDEX

CALL = """id databaseId callSid channel direction status customerPhoneNumber toPhoneNumber
    messageCount startedAt endedAt assistantName meta duration graphName
    cost { total llm tts stt telephony currency }"""
PAGE = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
LARGER = {
    "graphs": f"""{{ graphs(first: 100, orderBy: {{field: NAME, direction: ASC}}) {{ {PAGE} edges {{
        cursor node {{ id name description isActive configuration version createdAt updatedAt
        totalNodes totalEdges entryNode {{ id }} nodes {{ id nodeType position {{ x y }}
        configuration createdAt assistant {{ id name settings createdAt updatedAt }}
        outgoing {{ id priority }} incoming {{ id priority }} }} edges {{ id conditionType
        intentPattern naturalLanguageTrigger mathematicalExpression stateVariableCondition
        conditionLogic priority isActive handoffSentence description createdAt updatedAt
        from {{ id }} to {{ id }} }} sessions(last: 5) {{ {PAGE} nodes {{ id }} }} }} }} }} }}""",
    "sessions": f"""{{ graphSessions(first: 100) {{ {PAGE} nodes {{ id callSid isActive startedAt
        endedAt graphName currentAssistantName context name: contextValue(path: "/customer_name")
        call {{ id }} graph {{ id name }} currentNode {{ id nodeType }}
        transitions(first: 10) {{ {PAGE} nodes {{ id fromNode {{ id }} toNode {{ id }}
        fromAssistantName toAssistantName conditionType matchedCondition triggeredBy
        handoffSentence createdAt }} }} }} }} }}""",
    "calls": f"""{{ calls(first: 100) {{ {PAGE} edges {{ cursor node {{ {CALL}
        assistant {{ id name }} graph {{ id }} session {{ id }} }} }} }} }}""",
    "by duration": f"""{{ calls(last: 100, orderBy: {{field: DURATION}}) {{ {PAGE} edges {{ cursor
        node {{ id duration }} }} }} }}""",
    "by cost": f"""{{ calls(offset: 40, orderBy: {{field: TOTAL_COST, direction: ASC}}) {{ {PAGE}
        edges {{ cursor node {{ id cost {{ total }} }} }} }} }}""",
    "said": """{ calls(first: 100) { nodes { id messages(first: 50) { totalCount nodes { id role
        content messageIndex timestamp llmProvider llmModel promptTokens completionTokens
        totalTokens } } transcript(first: 50) { totalCount nodes { id content speaker isFinal
        segmentStart segmentEnd confidence sttTimestamps createdAt } } } } }""",
    "filtered": f"""{{ calls(first: 100, filter: {{status: {{in: [COMPLETED, FAILED]}},
        assistantName: {{contains: "E"}}, customerPhoneNumber: {{contains: "+1"}},
        startedAt: {{gte: "2025-01-01T00:00:00Z"}}, totalCost: {{gt: 0.01}}}}) {{ {PAGE}
        nodes {{ {CALL} }} }} }}""",
    "threads": f"""{{ smsConversations(first: 100) {{ {PAGE} edges {{ cursor node {{ id callSid
        sessionId status direction customerPhoneNumber assistantPhoneNumber messageCount startedAt
        endedAt lastActivity assistantName meta assistant {{ id }} messages(last: 20) {{ {PAGE}
        nodes {{ id role content messageIndex timestamp }} }}
        related {{ __typename id callSid channel startedAt }} }} }} }} }}""",
    "assistants": f"""{{ assistants(orderBy: {{field: NAME, direction: ASC}}) {{ {PAGE} nodes {{
        id name description phoneNumber llmProvider llmModel settings isActive createdAt updatedAt
        graphs {{ {PAGE} nodes {{ id }} }} calls(first: 5) {{ {PAGE} nodes {{ id }} }}
        smsConversations(first: 5) {{ {PAGE} nodes {{ id }} }} }} }} }}""",
    "nobody's": '{ graph(id: 999999) { id } calls(filter: {callSid: {eq: "?"}}) { totalCount } }',
}


@pytest.fixture(scope="module")
async def both(databases: Databases) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """A client of an application on each database, with the key of its first organization."""
    async with AsyncExitStack() as stack:
        clients = []
        for kind in KINDS:
            copy = await databases.copy(kind)
            stack.push_async_callback(databases.drop, copy.url)
            running = await stack.enter_async_context(start(copy, settings_for(copy.url)))
            client = await stack.enter_async_context(connect(running.app))
            client.headers.update(bearer(copy.organizations[0]))
            clients.append(client)
        yield clients


@pytest.mark.parametrize("name", sorted({**ANSWERED, **LARGER}))
async def test_answers_are_the_same_byte_for_byte(
    both: list[httpx2.AsyncClient], name: str
) -> None:
    query, variables = ANSWERED.get(name) or (LARGER[name], {})
    body = {"query": query, "variables": variables}

    one, other = [await client.post("/graphql", json=body) for client in both]

    assert one.status_code == other.status_code == 200
    assert one.content == other.content
    assert one.content.startswith(b'{"data":{')
    assert b'"errors"' not in one.content
    if name in ANSWERED:
        # Who tries it out sees something in every part of it.
        lengths = list_lengths(one.json()["data"])
        assert [path for path, length in lengths.items() if not length] in (
            [],
            ["updateCallMeta.userErrors"],
        )
        assert None not in one.json()["data"].values()


def test_the_menu_of_the_playground_has_every_example() -> None:
    assert sorted(EXAMPLES) == sorted(path.stem for path in FOLDER.glob("*.graphql"))
    assert [example["name"] for example in INDEX if example.get("inTab")] == [
        "graph",
        "calls",
        "inbox",
    ]
