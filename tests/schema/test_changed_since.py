"""`changedSince` lists what events tell of after the one that is named, and all without it."""

import re
from typing import Any

import pytest

from gql.database import Database
from gql.events.numbering import number_events
from gql.query.paging import MAX_PAGE
from tests.conftest import GraphQL
from tests.databases import Copy, settings_for
from tests.polling.reads import run

POLL = """query ($since: String!) {
    viewer { organization { lastEventId } }
    calls(first: 100, filter: {changedSince: $since}) { totalCount nodes { databaseId } }
    sessions: graphSessions(first: 100, filter: {changedSince: $since}) {
        totalCount nodes { databaseId } }
    conversations: smsConversations(first: 100, filter: {changedSince: $since}) {
        totalCount nodes { databaseId } } }"""
LISTS = ("calls", "sessions", "conversations")
START = "0-0"

WRITES: dict[str, tuple[str, dict[str, list[int]]]] = {
    "nothing": ("UPDATE assistant SET name = name WHERE organization_id = 1", {}),
    "a call": (
        "UPDATE call SET summary = 'x' WHERE organization_id = 1 AND id = 101",
        {"calls": [101]},
    ),
    "a transcript": (
        """INSERT INTO transcript
            (organization_id, call_id, content, speaker, is_final, created_at, position)
        VALUES (1, 101, 'x', 'user', true, '2027-01-01 00:00:00.000000', 0)""",
        {"calls": [101]},
    ),
    "a conversation": (
        "UPDATE call SET summary = 'x' WHERE organization_id = 1 AND id = 102",
        {"conversations": [102]},
    ),
    "how a message came": (
        """UPDATE chat_message SET delivery_status = 'delivered'
        WHERE organization_id = 1 AND call_id = 102""",
        {"conversations": [102]},
    ),
    "a step of a session": (
        """INSERT INTO graph_transition (organization_id, graph_session_id, condition_type)
        VALUES (1, 500, 'intent')""",
        {"sessions": [500]},
    ),
    "of somebody else": ("UPDATE call SET summary = 'x' WHERE organization_id = 2", {}),
}


async def number(copy: Copy) -> None:
    """Number what was written, as the gateway does by and by."""
    database = Database(settings_for(copy.url))
    if not database.embedded:
        await number_events(database.engine)
    await database.close()


def listed(answer: dict[str, object]) -> dict[str, list[int]]:
    """The ids of each list that has some; of a list of several pages how many there are."""
    data: dict[str, Any] = answer["data"]  # type: ignore[assignment]
    ids = {name: sorted(int(each["databaseId"]) for each in data[name]["nodes"]) for name in LISTS}
    totals = {name: data[name]["totalCount"] for name in LISTS}
    assert all(len(ids[name]) == min(MAX_PAGE, total) for name, total in totals.items())
    return {
        name: ids[name] if total <= MAX_PAGE else [total] for name, total in totals.items() if total
    }


def cursor_of(answer: dict[str, object]) -> str:
    cursor: str = answer["data"]["viewer"]["organization"]["lastEventId"]  # type: ignore[index]
    return cursor


async def test_a_poll_lists_what_changed_since_the_last_one(
    fresh: Copy, fresh_graphql: GraphQL
) -> None:
    nothing_yet = await fresh_graphql(POLL, {"since": START})
    await run(fresh, "UPDATE call SET summary = 'first' WHERE organization_id = 1 AND id = 101")
    await number(fresh)
    whole = await fresh_graphql(POLL, {"since": START})
    cursor = cursor_of(whole)
    shown = []
    for statement, _ in WRITES.values():
        await run(fresh, statement)
        await number(fresh)
        answer = await fresh_graphql(POLL, {"since": cursor})
        shown.append(listed(answer))
        cursor = cursor_of(answer)

    assert re.fullmatch(r"\d+-\d+", cursor)
    assert cursor_of(nothing_yet) == START
    assert listed(nothing_yet) == listed(whole)
    assert listed(whole).keys() == set(LISTS)
    assert shown == [expected for _, expected in WRITES.values()]


async def test_all_is_listed_where_nobody_knows_what_changed(
    fresh: Copy, fresh_graphql: GraphQL
) -> None:
    """The event was deleted, is another one here as after a restore, or has not happened."""
    await run(fresh, "UPDATE call SET summary = 'x' WHERE organization_id = 1 AND id = 101")
    await number(fresh)
    whole = await fresh_graphql(POLL, {"since": START})
    seq, tag = map(int, cursor_of(whole).split("-"))
    cursors = (f"{seq}-{tag + 1}", f"{seq + 1}-{tag}", f"{2**63 - 1}-{2**31 - 1}")
    answers = [await fresh_graphql(POLL, {"since": cursor}) for cursor in cursors]
    current = await fresh_graphql(POLL, {"since": f"{seq}-{tag}"})
    await run(fresh, "DELETE FROM event WHERE organization_id = 1")
    pruned = await fresh_graphql(POLL, {"since": f"{seq}-{tag}"})

    assert [listed(each) for each in (*answers, pruned)] == [listed(whole)] * 4
    assert listed(current) == {}
    assert cursor_of(pruned) == f"{seq}-0"


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "-1-2", "1-2-3", f"{2**63}-1", f"1-{2**31}", "9" * 50]
)
async def test_what_is_no_event_id_is_refused(graphql: GraphQL, cursor: str) -> None:
    answer = await graphql(
        "query ($since: String!) { calls(filter: {changedSince: $since}) { totalCount } }",
        {"since": cursor},
    )

    assert [each["extensions"]["code"] for each in answer["errors"]] == ["RESYNC_REQUIRED"]
