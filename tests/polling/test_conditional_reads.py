"""Who has the answer already costs one tiny statement, at both doors and on both databases."""

import hashlib
import re
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from gql.app import create_app
from tests.conftest import bearer, connect
from tests.databases import Copy, settings_for
from tests.lifespan import running
from tests.polling.reads import GRAPH, PLAIN, READS, ask, fetched, only_stamps, points_left, run


@pytest.mark.parametrize("read", READS)
async def test_a_304_reads_the_stamps_alone(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    with fetched(monkeypatch) as first_texts:
        first = await ask(fresh_client, fresh, read)
    with fetched(monkeypatch) as again_texts:
        again = await ask(fresh_client, fresh, read, If_None_Match=first.headers["etag"])
    with fetched(monkeypatch) as other_texts:
        other = await ask(fresh_client, fresh, read, If_None_Match='"x", W/"y.z"')

    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"] == other.headers["etag"]
    for name in ("cache-control", "vary"):
        assert again.headers[name] == first.headers[name]
    assert first.headers["cache-control"] == "private, no-cache"
    assert not {"content-type", "content-length"} & set(again.headers)
    assert only_stamps(again_texts)
    assert len(first_texts) == 1
    assert other.content == first.content
    assert len(other_texts) == 2


@pytest.mark.parametrize("read", ["GET", "a graph"])
async def test_what_stayed_the_same_beside_other_changes_keeps_its_tag(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    """The answer is read once for each version, whoever asks; then its 304 is cheap again."""
    first = await ask(fresh_client, fresh, read)
    tag = first.headers["etag"]
    await run(fresh, "UPDATE assistant SET name = name WHERE organization_id = 1")
    with fetched(monkeypatch) as texts:
        once = await ask(fresh_client, fresh, read, If_None_Match=tag)
    with fetched(monkeypatch) as again_texts:
        again = await ask(fresh_client, fresh, read, If_None_Match=tag)
    whole = await ask(fresh_client, fresh, read)

    assert (once.status_code, again.status_code) == (304, 304)
    assert once.headers["etag"] == again.headers["etag"] == tag
    assert len(texts) == 2
    assert only_stamps(again_texts)
    assert whole.content == first.content
    assert whole.headers["etag"] != tag
    assert whole.headers["etag"].partition(".")[0] == tag.partition(".")[0]


@pytest.mark.parametrize("read", ["GET", "QUERY", "a graph"])
async def test_a_change_is_shown(fresh_client: httpx2.AsyncClient, fresh: Copy, read: str) -> None:
    first = await ask(fresh_client, fresh, read)
    await run(fresh, RENAME)
    changed = await ask(fresh_client, fresh, read, If_None_Match=first.headers["etag"])

    assert changed.status_code == 200
    assert '"New"' in changed.text
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("read", ["GET", "a graph", "calls"])
async def test_a_write_of_other_tables_or_organizations_changes_no_tag(
    fresh_client: httpx2.AsyncClient, fresh: Copy, read: str
) -> None:
    first = await ask(fresh_client, fresh, read)
    await run(fresh, "UPDATE call SET summary = 'x' WHERE organization_id = 2")
    await run(fresh, "UPDATE assistant_graph SET name = name WHERE organization_id = 2")
    await run(fresh, "UPDATE api_key SET name = name")
    again = await ask(fresh_client, fresh, read)

    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("read", ["GET", "calls"])
async def test_the_tag_of_another_organization_is_none(
    fresh_client: httpx2.AsyncClient, fresh: Copy, read: str
) -> None:
    theirs = await ask(fresh_client, fresh, read, organization=1)
    shown = await ask(fresh_client, fresh, read, If_None_Match=theirs.headers["etag"])

    assert shown.status_code == 200
    assert shown.headers["etag"] != theirs.headers["etag"]
    assert shown.content != theirs.content


async def test_all_that_shapes_an_answer_is_in_its_tag(
    fresh_client: httpx2.AsyncClient, fresh: Copy
) -> None:
    """And nothing else: what is written otherwise and selects the same has the same tag."""
    owner = bearer(fresh.organizations[0])
    document = """query A($n: Int!) { calls(first: $n) { nodes { id } } }
        query B { calls(first: 3) { nodes { id } } }"""

    async def tag(accept: str = "application/json", **parameters: Any) -> str:
        headers = {**owner, **PLAIN, "Accept": accept}
        answer = await fresh_client.request("QUERY", "/graphql", json=parameters, headers=headers)
        assert answer.status_code == 200
        return answer.headers["etag"]

    one = await tag(query=document, operationName="A", variables={"n": 3})
    alike = await tag(query="{calls(first:3){nodes{id}}}")
    others = [
        await tag(query=document, operationName="A", variables={"n": 4}),
        await tag("application/graphql-response+json", query=document, operationName="B"),
        await tag(query="{ calls(first: 3) { nodes { databaseId } } }"),
        await tag(query="{ calls(first: 3) { nodes { number: id } } }"),
    ]
    versions = [each.strip('"').partition(".")[2] for each in (one, *others)]

    assert alike == one
    assert len(set(versions)) == len(versions)
    assert all(versions)


FAMILIES: dict[str, set[str]] = {
    "{ assistants(first: 1) { nodes { name } } }": {"assistants"},
    "{ calls(first: 1) { nodes { callSid } } }": {"calls"},
    "{ calls(first: 1) { totalCount } }": {"calls"},
    "{ calls(first: 1) { nodes { assistant { name } messages(first: 1) { totalCount } } } }": {
        "assistants",
        "calls",
    },
    '{ calls(first: 1, filter: {assistantName: {eq: "x"}}) { totalCount } }': {
        "assistants",
        "calls",
    },
    "{ graph(id: 1) { nodes { id } edges { id } } }": {"graphs"},
    "{ graphSessions(first: 1) { nodes { isActive transitions(first: 1) { totalCount } } } }": {
        "graph_sessions"
    },
    '{ graphSessions(first: 1, filter: {currentAssistantId: {eq: "1"}}) { totalCount } }': {
        "graph_sessions",
        "graphs",
    },
    "{ costs { groups { calls cost { total } } } }": {"calls"},
    '{ node(id: "graph_1") { id } }': {"graphs"},
}


@pytest.mark.parametrize("document", FAMILIES)
async def test_an_answer_has_the_families_that_it_reads(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    headers = bearer(fresh.organizations[0])
    with fetched(monkeypatch) as texts:
        answer = await fresh_client.get("/graphql", params={"query": document}, headers=headers)

    assert answer.status_code == 200, answer.text
    (families,) = re.findall(r"family IN \((.*?)\)", texts[0])
    assert set(families.replace("'", "").split(", ")) == FAMILIES[document]


RENAME = "UPDATE assistant_graph SET name = 'New' WHERE organization_id = 1 AND id = 1"
UNVERSIONED = {
    "by resolvers": "{ smsSessions { activeSessions } }",
    "who asks": "{ viewer { organization { name } } }",
    "no table": "{ __typename }",
    "the audit log": "{ auditLog(first: 1) { totalCount } }",
}


@pytest.mark.parametrize("what", UNVERSIONED)
async def test_an_answer_from_elsewhere_has_a_tag_without_a_version(
    fresh_client: httpx2.AsyncClient, fresh: Copy, what: str
) -> None:
    headers = {**bearer(fresh.organizations[0]), **PLAIN}
    query = {"query": UNVERSIONED[what]}
    answer = await fresh_client.get("/graphql", params=query, headers=headers)
    tag = answer.headers["etag"]
    again = await fresh_client.get(
        "/graphql", params=query, headers={**headers, "If-None-Match": tag}
    )

    printed = b"application/json" + answer.content
    assert tag == f'"{hashlib.sha256(printed).hexdigest()[:32]}"'
    assert again.status_code == 304


async def test_without_plans_the_tag_of_a_read_of_rest_has_a_version_all_the_same(
    fresh: Copy,
) -> None:
    app = create_app(settings_for(fresh.url, compiled=False))
    async with running(app), connect(app) as client:
        graphql = await ask(client, fresh, "GET")
        rest = await ask(client, fresh, "a graph")
        again = await ask(client, fresh, "a graph", If_None_Match=rest.headers["etag"])
        await run(fresh, RENAME)
        changed = await ask(client, fresh, "a graph", If_None_Match=rest.headers["etag"])

    assert "." not in graphql.headers["etag"]
    assert "." in rest.headers["etag"]
    assert (again.status_code, changed.status_code) == (304, 200)


async def test_no_other_answer_has_a_tag(fresh_client: httpx2.AsyncClient, fresh: Copy) -> None:
    owner = {**bearer(fresh.organizations[0]), **PLAIN}
    query = {"query": GRAPH}
    read = await fresh_client.get("/graphql", params=query, headers=owner)
    named = {**owner, "If-None-Match": read.headers["etag"]}
    posted = await fresh_client.post("/graphql", json=query, headers=named)
    missing = await fresh_client.get("/api/v1/calls/0", headers=named)
    refused = await fresh_client.get("/api/v1/calls?limit=x", headers=named)
    priced = await fresh_client.get(
        "/graphql", params=query, headers={**named, "Jackfield-Cost": "1"}
    )

    assert (posted.status_code, posted.content) == (200, read.content)
    assert (missing.status_code, refused.status_code, priced.status_code) == (404, 422, 200)
    assert "." not in priced.headers["etag"]
    for answer in (posted, missing, refused):
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


async def test_a_key_that_may_not_read_is_told_nothing(
    fresh_client: httpx2.AsyncClient, fresh: Copy
) -> None:
    read = await ask(fresh_client, fresh, "GET")
    named = {"If-None-Match": read.headers["etag"], "Authorization": "Bearer none"}
    answer = await fresh_client.get("/graphql", params={"query": GRAPH}, headers=named)

    assert answer.status_code == 401


async def test_an_unchanged_answer_costs_a_point(fresh: Copy) -> None:
    """However much it would cost to read: whoever polls does not use up what others need."""
    app = create_app(settings_for(fresh.url, rate_limit_requests=0))
    async with running(app), connect(app) as client:
        for read in ("GET", "a graph"):
            answers = [await ask(client, fresh, read)]
            tag = answers[0].headers["etag"]
            answers += [await ask(client, fresh, read, If_None_Match=tag) for _ in range(3)]

            left = [points_left(answer) for answer in answers]
            assert [a - b for a, b in pairwise(left)] == [1, 1, 1]


@pytest.mark.parametrize("read", ["GET", "a graph"])
async def test_what_costs_more_than_a_minute_has_is_read_where_its_tag_is_old(
    fresh: Copy, read: str
) -> None:
    """The point of comparing is a part of its price, for which the whole minute is enough."""
    app = create_app(settings_for(fresh.url))
    async with running(app), connect(app) as client:
        tag = (await ask(client, fresh, read)).headers["etag"]
    await run(fresh, "UPDATE assistant_graph SET name = 'New' WHERE organization_id = 1 AND id = 1")
    app = create_app(settings_for(fresh.url, rate_limit_requests=0, rate_limit_points=2))
    async with running(app), connect(app) as client:
        answer = await ask(client, fresh, read, If_None_Match=tag)
        refused = await ask(client, fresh, read)

    assert (answer.status_code, refused.status_code) == (200, 429)
    assert points_left(answer) == 0
