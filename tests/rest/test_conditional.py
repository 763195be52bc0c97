"""Entity tags, `If-None-Match` and `If-Match`, by RFC 9110, sections 8.8.3 and 13."""

import asyncio
import hashlib
from typing import Any

import pytest

from tests.rest.conftest import Rest

GRAPHS = "/api/v1/assistant-graphs"
GRAPH = f"{GRAPHS}/1"
PLAIN = {"Accept-Encoding": "identity"}
RECORDS = (
    GRAPH,
    "/api/v1/assistants/1",
    "/api/v1/calls/101",
    f"/api/v1/calls/sid/CA{'x' * 32}",
    "/api/v1/sms-conversations/102",
)
FILES = ("/openapi.json", "/docs", "/playground", "/static/icon.svg")
STRUCTURE: dict[str, Any] = {"nodes": [{"assistant_id": 1}], "edges": []}
METADATA = {"metadata": {"campaign": "spring"}}


async def tag_of(rest: Rest, path: str) -> str:
    return (await rest("GET", path, more=PLAIN)).headers["etag"]


def part_of(answer: Any) -> str:
    """What a tag says of what is shown, without the version."""
    shown: str = answer.headers["etag"].strip('"').partition(".")[0]
    return shown


@pytest.mark.parametrize("path", [*RECORDS, *FILES])
async def test_a_tag_is_of_what_is_shown_and_saves_it(rest: Rest, path: str) -> None:
    whole = await rest("GET", path, more=PLAIN)
    again = await rest("GET", path, more={**PLAIN, "If-None-Match": whole.headers["etag"]})
    other = await rest("GET", path, more={**PLAIN, "If-None-Match": '"other"'})

    shown, _, version = whole.headers["etag"].strip('"').partition(".")
    assert shown == hashlib.sha256(whole.content).hexdigest()[:32]
    assert len(version) == (32 if path in RECORDS else 0)
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary"):
        assert again.headers.get(name) == whole.headers.get(name), name
    assert "content-type" not in again.headers
    assert (other.status_code, other.content) == (200, whole.content)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"a,b", {tag}', 304),
        (' ,"x" ,\t{tag},', 304),
        ("*", 304),
        ('"x", W/"y"', 200),
        ('"*"', 200),
        ("", 200),
        ("{opaque}", 200),
        ("w/x", 200),
    ],
)
async def test_a_read_names_what_the_client_has(rest: Rest, condition: str, status: int) -> None:
    """Weak comparison: RFC 9110, 13.1.2."""
    tag = await tag_of(rest, GRAPH)
    named = condition.format(tag=tag, opaque=tag.strip('"'))

    for method in ("GET", "HEAD"):
        answer = await rest(method, GRAPH, more={**PLAIN, "If-None-Match": named})
        assert answer.status_code == status


async def test_what_is_compressed_has_a_tag_of_its_own(rest: Rest) -> None:
    """RFC 9110, 8.8.3.3."""
    plain = await rest("GET", GRAPH, more=PLAIN)
    compressed = await rest("GET", GRAPH, more={"Accept-Encoding": "gzip"})
    again = await rest("GET", GRAPH, more={"If-None-Match": compressed.headers["etag"]})

    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.content == plain.content
    assert compressed.headers["etag"] == f'{plain.headers["etag"][:-1]}-gzip"'
    assert again.status_code == 304
    assert again.headers["etag"] == compressed.headers["etag"]


async def test_what_is_not_as_it_should_be_is_not_shown(rest: Rest) -> None:
    tag = await tag_of(rest, GRAPH)
    shown = await rest("GET", GRAPH, more={"If-Match": f'"x", {tag}'})
    refused = await rest("GET", GRAPH, more={"If-Match": f'"x", W/{tag}'})
    first = await rest("GET", GRAPH, more={"If-Match": '"x"', "If-None-Match": tag})

    assert [shown.status_code, refused.status_code, first.status_code] == [200, 412, 412]
    assert "read it again" in refused.json()["detail"]


CHANGES: dict[str, tuple[str, str, Any]] = {
    "a description": ("PUT", GRAPH, {"description": "Another"}),
    "a structure": ("PUT", f"{GRAPH}/structure", STRUCTURE),
    "the name of an assistant in it": ("PATCH", "/api/v1/assistants/1", {"name": "Another"}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_the_tag_changes_with_whatever_is_shown(fresh_rest: Rest, change: str) -> None:
    before = await fresh_rest("GET", GRAPH, more=PLAIN)
    await fresh_rest(*CHANGES[change])
    after = await fresh_rest("GET", GRAPH, more={"If-None-Match": before.headers["etag"]})

    assert after.status_code == 200
    assert after.json() != before.json()


WRITES: dict[str, tuple[str, str, Any, str]] = {
    "replace a structure": ("PUT", f"{GRAPH}/structure", STRUCTURE, GRAPH),
    "update a graph": ("PUT", GRAPH, {"description": "Another"}, GRAPH),
    "delete a graph": ("DELETE", GRAPH, None, GRAPH),
    "update an assistant": ("PUT", "/api/v1/assistants/1", {"name": "A"}, "/api/v1/assistants/1"),
    "change an assistant": ("PATCH", "/api/v1/assistants/1", {"name": "B"}, "/api/v1/assistants/1"),
    "switch an assistant off": (
        "PATCH",
        "/api/v1/assistants/1/status?is_active=false",
        None,
        "/api/v1/assistants/1",
    ),
    "delete an assistant": ("DELETE", "/api/v1/assistants/124", None, "/api/v1/assistants/124"),
    "archive a conversation": (
        "DELETE",
        "/api/v1/sms-conversations/102",
        None,
        "/api/v1/sms-conversations/102",
    ),
    "change metadata": ("PATCH", "/api/v1/calls/101/metadata", METADATA, "/api/v1/calls/101"),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_is_done_only_as_expected(fresh_rest: Rest, write: str) -> None:
    """Strong comparison for `If-Match`: RFC 9110, 13.1.1; the order of conditions: 13.2.2."""
    method, path, body, record = WRITES[write]
    before = await fresh_rest("GET", record, more=PLAIN)
    tag = before.headers["etag"]
    refusals = [
        await fresh_rest(method, path, body, more=conditions)
        for conditions in (
            {"If-Match": '"x"'},
            {"If-Match": f"W/{tag}"},
            {"If-Match": tag.strip('"')},
            {"If-None-Match": "*"},
            {"If-None-Match": f"W/{tag}"},
            {"If-Match": tag, "If-None-Match": tag},
        )
    ]
    untouched = await fresh_rest("GET", record, more=PLAIN)
    done = await fresh_rest(method, path, body, more={"If-Match": f'"x", {tag[:-1]}-gzip"'})

    assert [each.status_code for each in refusals] == [412] * len(refusals)
    assert refusals[0].json() == {
        "detail": "If-Match or If-None-Match does not hold: somebody changed this since you read"
        " it; read it again."
    }
    assert untouched.content == before.content
    assert done.status_code == 200


async def test_of_two_writers_who_read_the_same_one_is_refused(fresh_rest: Rest) -> None:
    more = {"If-Match": await tag_of(fresh_rest, GRAPH), **PLAIN}
    answers = await asyncio.gather(
        *(
            fresh_rest("PUT", f"{GRAPH}/structure", {**STRUCTURE, "nodes": nodes}, more=more)
            for nodes in ([], [{"assistant_id": 1}], [{"assistant_id": 2}], [{"assistant_id": 3}])
        )
    )
    after = await fresh_rest("GET", GRAPH, more=PLAIN)

    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]
    (winner,) = (each for each in answers if each.status_code == 200)
    assert (part_of(winner), winner.content) == (part_of(after), after.content)


async def test_any_state_is_expected_by_a_star_and_a_missing_record_is_not_found(
    fresh_rest: Rest,
) -> None:
    existing = await fresh_rest("PUT", f"{GRAPH}/structure", STRUCTURE, more={"If-Match": "*"})
    missing = await fresh_rest("PUT", f"{GRAPHS}/999/structure", STRUCTURE, more={"If-Match": "*"})

    assert (existing.status_code, missing.status_code) == (200, 404)


async def test_a_write_that_is_sent_again_is_not_compared_again(fresh_rest: Rest) -> None:
    more = {"If-Match": await tag_of(fresh_rest, GRAPH), "Idempotency-Key": "once"}
    first, again = [
        await fresh_rest("PUT", f"{GRAPH}/structure", STRUCTURE, more=more) for _ in range(2)
    ]

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_write_says_whose_tag_it_answers(fresh_rest: Rest) -> None:
    """RFC 9110, 8.7: the content of the answer is the record at `Content-Location`."""
    created = await fresh_rest("POST", GRAPHS, {"name": "Another"}, more=PLAIN)
    answers = [
        await fresh_rest(*request, more=PLAIN)
        for request in (
            ("PUT", f"{GRAPH}/structure", STRUCTURE),
            ("PUT", GRAPH, {"description": "Another"}),
            ("PATCH", "/api/v1/assistants/1/status?is_active=false"),
            ("PATCH", "/api/v1/calls/101/metadata", METADATA),
        )
    ]

    assert created.status_code == 201
    assert created.headers["location"] == f"{GRAPHS}/{created.json()['id']}"
    for answer in (created, *answers[1:]):
        read = await fresh_rest("GET", answer.headers["content-location"], more=PLAIN)
        assert (part_of(read), read.content) == (part_of(answer), answer.content)
        assert "." not in answer.headers["etag"]  # its version is known after the commit alone
    assert answers[0].headers["content-location"] == GRAPH
    assert all("location" not in answer.headers for answer in answers)
