"""The OpenAPI document and the page that shows it."""

import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import httpx2
import orjson
import pytest
from pydantic import TypeAdapter

from gql.auth.credential_source import COOKIE
from gql.domain.writes.structure import MAX_EDGES, MAX_NODES
from gql.ingest.items import ITEM
from gql.kinds import OPEN
from gql.rest.openapi import SECURITY, openapi
from gql.rest.reference import PAGE
from gql.rest.responses import dumps
from gql.rest.route import RestRoute, route
from gql.rest.routes import ROUTES
from tests.rest.conftest import Rest

NAMES = [f"{one.method} {one.path}" for one in ROUTES]
DOCUMENT = orjson.loads(dumps(openapi(ROUTES)))


async def test_the_document_is_served_to_everybody(client: httpx2.AsyncClient) -> None:
    bare, slashed = await client.get("/openapi.json"), await client.get("/openapi.json/")

    assert bare.status_code == slashed.status_code == 200
    assert bare.headers["content-type"] == "application/json"
    assert bare.json() == slashed.json() == DOCUMENT


def test_every_route_is_in_it_once_under_a_name_of_its_own() -> None:
    operations = [
        (f"{method.upper()} {path}", operation["operationId"])
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    ]

    assert sorted(name for name, _ in operations) == sorted(NAMES)
    assert len({operation_id for _, operation_id in operations}) == len(operations)


@pytest.mark.parametrize("one", ROUTES, ids=NAMES)
def test_an_operation_says_what_it_does_and_every_way_it_may_end(one: RestRoute) -> None:
    operation = DOCUMENT["paths"][one.path][one.method.lower()]

    assert operation["summary"]
    assert operation["description"]
    statuses = set(operation["responses"])
    assert {"500", "503", *map(str, one.answers), *map(str, one.errors)} <= statuses
    assert ("401" in statuses) is (one.permission is not None) or "401" in map(str, one.errors)
    parameters = operation.get("parameters", ())
    in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", one.path))


@pytest.mark.parametrize("one", ROUTES, ids=NAMES)
def test_examples_fit_the_shapes_they_illustrate(one: RestRoute) -> None:
    for answer in one.answers.values():
        if answer.example is not None:
            TypeAdapter(answer.model).validate_python(answer.example)
            assert orjson.loads(dumps(answer.example)) == answer.example
    if one.takes_lines:
        for line in one.example.splitlines():
            ITEM.validate_json(line)
    elif one.example is not None:
        TypeAdapter(one.models["body"]).validate_python(one.example)


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    names = {name.rsplit("/", 1)[1] for name in _references(DOCUMENT)}
    assert names <= set(schemas)
    assert all(name.startswith("#/components/schemas/") for name in _references(DOCUMENT))


def test_parameters_are_never_null_since_they_can_be_left_out() -> None:
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                assert '"null"' not in dumps(parameter["schema"]).decode()


def test_the_cookie_is_the_one_that_is_read() -> None:
    assert SECURITY["dashboard"]["name"] == COOKIE


def test_a_handler_cannot_ask_for_what_there_is_not() -> None:
    async def handler(weather: str) -> str:
        return weather

    with pytest.raises(TypeError, match="weather"):
        route("GET", "/x", tag="X", kinds=OPEN, summary="X", answers={})(handler)


async def test_the_reference_is_a_page_from_our_own_files(client: httpx2.AsyncClient) -> None:
    page = await client.get("/docs")

    assert (page.status_code, page.content) == (200, PAGE.read_bytes())
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; connect-src 'self'" in policy
    links = _Links()
    links.feed(page.text)
    assert not links.inline
    for link in links.links:
        assert not link.startswith(("http", "//"))
        assert (await client.get(f"/{link}")).status_code == 200


def test_the_files_of_the_reference_are_named_after_their_content() -> None:
    """They may be cached for good, so another content must be another name."""
    files = [path for path in PAGE.parent.iterdir() if path.suffix in {".js", ".css"}]

    assert len(files) == 4
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8].upper()
        assert path.stem.endswith(f"-{digest}")
    assert sum(path.stat().st_size for path in files) < 4_000_000


async def test_no_wrong_method_on_the_document(rest: Rest) -> None:
    answer = await rest("POST", "/openapi.json", {})

    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(inner) for inner in value))
    return set()


class _Links(HTMLParser):
    """What a page loads, and whether it has a script of its own inside."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inline = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        link = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if link:
            self.links.append(link)
        if tag == "script" and not attributes.get("src"):
            self.inline = True


def test_a_bare_date_and_the_size_of_graphs_are_explained() -> None:
    paths = openapi(ROUTES)["paths"]
    until = [
        parameter
        for operations in paths.values()
        for parameter in operations.get("get", {}).get("parameters", ())
        if parameter["name"] == "date_to"
    ]
    graphs = "/api/v1/assistant-graphs"
    writes = (paths[graphs]["post"], paths[f"{graphs}/{{graph_id}}/structure"]["put"])

    assert len(until) >= 5
    assert all("A bare date is its midnight" in each["description"] for each in until)
    for write in writes:
        assert f"{MAX_NODES} nodes and {MAX_EDGES:,} edges" in write["description"]
