"""Sends batches of items by the mutations that take them."""

from typing import Any

from tests.conftest import GraphQL

RESULTS = """results { status callId graphSessionId problems { message code path } }
    userErrors { message code path }"""
BATCHES = {
    "upsertCalls": "calls",
    "recordCosts": "costs",
    "recordCostEntries": "entries",
    "recordRecordings": "recordings",
    "appendMessages": "messages",
    "appendTranscript": "segments",
    "recordGraphSessions": "sessions",
    "recordGraphTransitions": "transitions",
    "recordSms": "messages",
}
"""By mutation: the field of its input that has the items."""

FIRST, LATER = "2026-11-01T10:00:00Z", "2026-11-01T10:05:00Z"


def batch(name: str) -> str:
    """The document of a mutation."""
    title = name[0].upper() + name[1:]
    return f"mutation ($input: {title}Input!) {{ batch: {name}(input: $input) {{ {RESULTS} }} }}"


async def send(graphql: GraphQL, mutation: str, **values: Any) -> Any:
    answer = await graphql(batch(mutation), {"input": {"source": "retell", **values}})
    assert list(answer) == ["data"], answer
    return answer["data"]["batch"]


def results(*statuses: str, call: Any = None, session: Any = None) -> dict[str, Any]:
    """What is answered for items that were used."""
    ids = {"callId": call, "graphSessionId": session}
    rows = [{"status": status, **ids, "problems": []} for status in statuses]
    return {"results": rows, "userErrors": []}
