"""Equal subscriptions share one read and one printed answer of each event."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from starlette.applications import Starlette

from gql.events.shared_answers import MOST_ANSWERS, MOST_BYTES, SharedAnswers
from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy
from tests.events.sse import following

GRAPHS = """subscription ($after: String, $graph: ID) {
    graphChanged(after: $after, graphId: $graph) { eventId kind graph { id name } } }"""
CALLS = "subscription ($after: String) { callChanged(after: $after) { eventId } }"
META = """mutation { updateCallMeta(input: {id: "101", meta: {seen: true}}) { call { id } } }"""
RENAME = """mutation ($name: String!) {
    updateGraph(input: {id: "1", name: $name}) { graph { id } userErrors { message } } }"""
CREATE = """mutation ($name: String!) {
    createGraph(input: {name: $name}) { graph { id } } }"""
CREATE_KEY = """mutation ($permissions: [Permission!]) {
    createApiKey(input: {name: "Live", permissions: $permissions}) { secret } }"""


@pytest.fixture
def member(fresh: Copy) -> dict[str, str]:
    """Headers of a member of the first organization."""
    return bearer(fresh.organizations[0])


async def test_five_hundred_equal_subscribers_are_one_read(
    fresh_app: Starlette,
    fresh_graphql: GraphQL,
    member: dict[str, str],
    fresh_statements: Counting,
) -> None:
    """What a write takes is the same with nobody who follows it, but for pages of events."""
    fresh_app.state.subscriptions.slots.most = 1_000
    await fresh_graphql(RENAME, {"name": "Warm"})
    with fresh_statements() as alone:
        await fresh_graphql(RENAME, {"name": "Alone"})
    # Behind all that was written so far, which is numbered by and by.
    await fresh_graphql(META)
    async with following(fresh_app, CALLS, member, after="0-0") as source:
        await source.next()
    async with AsyncExitStack() as stack:
        sources = [
            await stack.enter_async_context(
                following(fresh_app, GRAPHS, member, after=source.last_id)
            )
            for _ in range(500)
        ]
        await fresh_graphql(RENAME, {"name": "First"})
        first = await asyncio.gather(*(source.next() for source in sources))
        with fresh_statements() as followed:
            await fresh_graphql(RENAME, {"name": "Second"})
            second = await asyncio.gather(*(source.next() for source in sources))

    assert [answer for answer in first if answer != first[0]] == []
    assert [answer for answer in second if answer != second[0]] == []
    assert second[0]["data"]["graphChanged"]["graph"] == {"id": "graph_1", "name": "Second"}
    pages = [statement for statement in followed.texts if "event.seq >" in statement]
    assert followed.count - len(pages) == alone.count + 1
    assert pages  # as many as the hub has looked for more, however many follow it


async def test_unequal_subscribers_get_their_own(
    fresh_app: Starlette,
    fresh_graphql: GraphQL,
    member: dict[str, str],
    fresh: Copy,
    fresh_statements: Counting,
) -> None:
    """Another document, other variables, other permissions, and another organization."""
    answer = await fresh_graphql(CREATE_KEY, {"permissions": ["READ"]})
    reader = {"Authorization": f"Bearer {answer['data']['createApiKey']['secret']}"}
    stranger = bearer(fresh.organizations[1])
    short = "subscription { graphChanged { graph { name } } }"
    async with (
        following(fresh_app, GRAPHS, member) as plain,
        following(fresh_app, GRAPHS, member, after="0-0") as resumed,
        following(fresh_app, GRAPHS, member, graph="graph_1") as narrow,
        following(fresh_app, GRAPHS, reader) as other_permissions,
        following(fresh_app, short, member) as other_document,
        following(fresh_app, GRAPHS, stranger) as other_organization,
    ):
        groups = len(fresh_app.state.subscriptions.answers)
        await fresh_graphql(RENAME, {"name": "Ours"})
        with fresh_statements() as ran:
            names = [
                (await source.next())["data"]["graphChanged"]["graph"]["name"]
                for source in (plain, resumed, narrow, other_permissions, other_document)
            ]
        await fresh_graphql(CREATE, {"name": "Theirs"}, headers=stranger)
        theirs = (await other_organization.next())["data"]["graphChanged"]

    assert groups == 5  # what is followed from another event on is no other subscription
    assert names == ["Ours"] * 5
    assert theirs["graph"]["name"] == "Theirs"
    assert theirs["eventId"].startswith("1-")
    assert len(fresh_app.state.subscriptions.answers) == 0
    assert len([text for text in ran.texts if "assistant_graph" in text]) <= 4


async def test_nobody_sees_an_older_state_after_a_newer_one() -> None:
    """Two are a page behind another one who has read on: they read again, and share that."""
    state, reads = 0, list[int]()
    shared = SharedAnswers()

    def read(seq: int) -> Callable[[], Awaitable[bytes]]:
        async def run() -> bytes:
            reads.append(seq)
            return b"%d" % state

        return run

    with shared.join("key") as ahead, shared.join("key") as behind, shared.join("key") as other:
        assert await ahead.answer(2, read(2)) == b"0"
        state = 1
        assert await behind.answer(1, read(1)) == b"1"
        assert await behind.answer(2, read(2)) == b"1"
        assert await other.answer(1, read(1)) == b"1"
        assert await other.answer(2, read(2)) == b"1"
        assert reads == [2, 1, 2]
    assert len(shared) == 0


async def test_who_comes_again_sees_nothing_that_was_read_before() -> None:
    """They may have been sent what was read later, over the connection that they lost."""
    state = 0
    shared = SharedAnswers()

    async def read() -> bytes:
        return b"%d" % state

    with shared.join("key") as other:
        with shared.join("key") as lost:
            await other.answer(2, read)
            state = 1
            assert await lost.answer(1, read) == b"1"
        with shared.join("key") as again:
            assert await again.answer(2, read) == b"1"


async def test_who_leaves_ends_no_read_of_others_and_a_failure_is_read_again() -> None:
    shared, go, reads = SharedAnswers(), asyncio.Event(), list[str]()

    async def slow() -> bytes:
        reads.append("slow")
        await go.wait()
        return b"read"

    async def failing() -> bytes:
        reads.append("failing")
        raise ConnectionError

    with shared.join("key") as first, shared.join("key") as second:
        leaving = asyncio.create_task(first.answer(1, slow))
        staying = asyncio.create_task(second.answer(1, slow))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait({leaving})
        go.set()
        assert await staying == b"read"
        for reader in (first, second):
            with pytest.raises(ConnectionError):
                await reader.answer(2, failing)
        assert await first.answer(2, slow) == b"read"
        assert await second.answer(2, slow) == b"read"

    assert reads == ["slow", "failing", "failing", "slow"]


async def test_few_answers_are_kept_and_none_for_one_reader() -> None:
    shared, reads = SharedAnswers(), list[int]()

    async def small() -> bytes:
        reads.append(1)
        return b"x"

    async def large() -> bytes:
        reads.append(MOST_BYTES)
        return b"x" * MOST_BYTES

    with shared.join("key") as first:
        await first.answer(1, small)
        with shared.join("key") as second:
            await second.answer(1, small)
            for seq in range(2, 3 + MOST_ANSWERS):
                await first.answer(seq, small)
            await second.answer(2, small)  # the oldest went
            await first.answer(1_000, large)
            await first.answer(1_001, small)
            await second.answer(1_000, large)  # so did the largest

    assert len(reads) == 1 + 1 + (MOST_ANSWERS + 1) + 1 + 2 + 1
