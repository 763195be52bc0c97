"""Reads random REST addresses, and reports every answer that is not what Python makes of the rows.

Those whose answer a write changes are read while another program writes, too: they show the rows
of before or those of after, and once it has written those of after.

`python -m tests.engine.rest_fuzz 20000 SEED` reads half of them on each database.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import islice
from typing import Any
from unittest.mock import patch

import httpx2
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Match

from gql.app import create_app
from gql.database import Database
from gql.engine.query_runner import QueryRunner, ReadOutcome
from gql.engine.rest_query import RestArguments
from gql.errors import NotFound
from gql.identity import DEFAULT_PERMISSIONS, Identity, Method
from gql.query import rollup
from gql.query.context import Context
from gql.rest.answering import Endpoint, RestServices
from gql.rest.error_responses import error_response, unprocessable_response
from gql.rest.mounting import Directory
from gql.rest.parameters import read_path, read_query
from gql.rest.route import RestRoute
from gql.rest.unprocessable import Unprocessable
from tests.conftest import BASE_URL
from tests.databases import Copy, settings_for
from tests.engine.concurrent_writer import flip, writing_after_one_read, writing_all_the_time
from tests.engine.differential import ordered
from tests.engine.fuzz import differences, spoiled
from tests.engine.fuzz_command import main
from tests.engine.random_addresses import Addresses
from tests.engine.rest_oracle import Oracle
from tests.lifespan import running
from tests.routes import every_route

READERS = 3
"""How many read an address at once while another program writes."""

FIGURES = ("total_calls", "avg_call_duration", "success_rate")
"""What `include_stats` adds to assistants; tests/rest/routes/test_assistants.py works them out."""


@dataclass(frozen=True)
class Answer:
    """What counts of a response: its status, type and body, objects as lists of pairs.

    How many digits a number is written with does not count.
    """

    status: int
    content_type: str
    body: Any

    @classmethod
    def of(cls, response: httpx2.Response | Response) -> "Answer":
        body = response.content if isinstance(response, httpx2.Response) else response.body
        content_type = response.headers["content-type"]
        return cls(response.status_code, content_type, ordered(bytes(body)))

    @classmethod
    def shown_by(cls, response: httpx2.Response) -> "Answer":
        """The same without what `include_stats` adds to each assistant."""
        return without_figures(cls.of(response))


@dataclass
class Report:
    """What a run found.

    Attributes:
        addresses: How many.
        succeeded: How many of them were answered with 200.
        failed: How many statements failed.
        beside_a_writer: How many addresses were read while another program wrote, too.
        different: The addresses whose answer is wrong, with the right one and theirs.
    """

    addresses: int = 0
    succeeded: int = 0
    failed: int = 0
    beside_a_writer: int = 0
    different: list[tuple[str, Answer, Answer]] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.addresses} addresses, {self.succeeded} found, {self.failed} failed statements,"
            f" {self.beside_a_writer} beside a writer, {len(self.different)} different"
        )

    def lines(self, most: int) -> Iterator[str]:
        """The first of the differences, in words."""
        for address, expected, actual in self.different[:most]:
            yield f"{address} {expected.status} {actual.status}"
            for line in islice(differences(expected.body, actual.body), 3):
                yield f"    {line}"


@dataclass(frozen=True)
class Reader:
    """The production application, and what its answers must be.

    Attributes:
        client: Sends requests for a member of an organization.
        directory: Finds the route of an address.
        context: Of that member.
        queries: What runs the reads.
        oracle: Knows the organization's rows.
        flipped: Knows them in the other state, which a writer beside the reads brings about.
    """

    client: httpx2.AsyncClient
    directory: Directory
    context: Context
    queries: QueryRunner
    oracle: Oracle
    flipped: Oracle

    def expected(self, address: str, oracle: Oracle) -> Answer | None:
        """The answer to an address by an oracle; None for what is no address of a read."""
        url = httpx2.URL(BASE_URL + address)
        scope = {"type": "http", "path": url.path, "query_string": url.query, "headers": []}
        match, child_scope = self.directory.matches(scope)
        if match is Match.NONE:
            return None
        endpoint: Endpoint = child_scope["endpoint"]
        route = endpoint.routes.get("GET")
        if route is None or route.reads is None:
            return None
        try:
            arguments = self._arguments(route, {**scope, **child_scope})
            body = oracle.answer(route.reads, arguments)
        except Unprocessable as error:
            return Answer.of(unprocessable_response(error))
        except NotFound as error:
            return Answer.of(error_response(error))
        return Answer(200, "application/json", ordered(json.dumps(body).encode()))

    def _arguments(self, route: RestRoute, scope: Any) -> RestArguments:
        """What a route's handler binds; figures that it would add are left out."""
        arguments: dict[str, Any] = {"context": self.context, "queries": self.queries}
        problems = []
        for name, read in (("path", read_path), ("query", read_query)):
            if name in route.models:
                arguments[name], details = read(route.models[name], scope)
                problems += details
        if problems:
            raise Unprocessable(problems)
        if getattr(arguments.get("query"), "include_stats", False):
            arguments["query"].include_stats = False
        bound = route.handler(**{name: arguments[name] for name in route.needs})
        assert isinstance(bound, RestArguments)
        return bound


@asynccontextmanager
async def reader(copy: Copy) -> AsyncIterator[Reader]:
    """The application over a copy, and the rows of the copy's first organization."""
    owner = copy.organizations[0]
    identity = Identity(
        owner.id, Method.API_KEY, frozenset(DEFAULT_PERMISSIONS), user_id=owner.user_id
    )
    app = create_app(settings_for(copy.url, log_level="error"))
    database: Database = app.state.database
    directory = next(route for route in app.routes if isinstance(route, Directory))
    async with (
        running(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app, raise_app_exceptions=False),
            base_url=BASE_URL,
            headers={"Authorization": f"Bearer {owner.api_key}"},
        ) as client,
    ):
        oracle = await Oracle.load(database, owner.id)
        await flip(database)
        flipped = await Oracle.load(database, owner.id)
        await flip(database)
        context = Context(identity, database)
        yield Reader(client, directory, context, services_of(app).queries, oracle, flipped)


def services_of(app: Starlette) -> RestServices:
    """What the REST routes of an application work with."""
    endpoints = [route.endpoint for route in every_route(app)]
    return next(item for item in endpoints if isinstance(item, Endpoint)).services


async def fuzz(copy: Copy, number: int, seed: int) -> Report:
    """Read `number` addresses of a copy, with rows at the edge."""
    # The demo's lists are short: here an offset of 2 is deep.
    with patch.object(rollup, "SEEK_FROM", 2):
        async with spoiled(copy, seed) as database, reader(copy) as rest:
            addresses = Addresses(random.Random(seed))  # noqa: S311, no secret
            return await _read(rest, database, addresses, number)


async def _read(rest: Reader, database: Database, addresses: Addresses, number: int) -> Report:
    report = Report()
    while report.addresses < number:
        address = addresses.address()
        expected = rest.expected(address, rest.oracle)
        if expected is None:
            continue
        # Twice: the second time the address is cached.
        first, second = await rest.client.get(address), await rest.client.get(address)
        for actual in map(Answer.shown_by, (first, second)):
            if actual != expected:
                report.different.append((address, expected, actual))
        report.addresses += 1
        if first.is_success:
            report.succeeded += 1
            addresses.learn(address.partition("?")[0], first.json())
        written = rest.expected(address, rest.flipped)
        if written is not None and written != expected:
            wrong = await _read_beside_a_writer(rest, database, address, (expected, written))
            report.different += [(address, expected, answer) for answer in wrong]
            report.beside_a_writer += 1
    report.failed = rest.queries.counts[ReadOutcome.FAILED]
    return report


async def _read_beside_a_writer(
    rest: Reader, database: Database, address: str, states: tuple[Answer, Answer]
) -> list[Answer]:
    """Wrong answers while another program writes, and afterwards."""
    by_several = await _read_by_several(rest, database, address, states)
    return [*by_several, *await _read_around_a_write(rest, database, address, states)]


async def _read_by_several(
    rest: Reader, database: Database, address: str, states: tuple[Answer, Answer]
) -> list[Answer]:
    """Answers, of several at once, that show neither state, or have the entity tag of another."""
    async with writing_all_the_time(database):
        responses = await asyncio.gather(*(rest.client.get(address) for _ in range(READERS)))
    by_tag: dict[str, Answer] = {}
    answers = [(tag_of(response), Answer.shown_by(response)) for response in responses]
    return [
        answer
        for tag, answer in answers
        if answer not in states or by_tag.setdefault(tag, answer) != answer
    ]


async def _read_around_a_write(
    rest: Reader, database: Database, address: str, states: tuple[Answer, Answer]
) -> list[Answer]:
    """Wrong answers to a read amid which a write is committed, to one after it, and after another.

    The second read is a conditional one: what it confirms must be right by then.
    """
    before, after = states
    async with writing_after_one_read(database):
        response = await rest.client.get(address)
    amid = Answer.shown_by(response)
    response = await rest.client.get(address, headers={"If-None-Match": tag_of(response)})
    is_confirmed = response.status_code == HTTPStatus.NOT_MODIFIED
    once_written = amid if is_confirmed else Answer.shown_by(response)
    await flip(database)
    undone = Answer.shown_by(await rest.client.get(address))
    right = amid in states, once_written == after, undone == before
    answers = amid, once_written, undone
    return [answer for answer, is_right in zip(answers, right, strict=True) if not is_right]


def tag_of(response: httpx2.Response) -> str:
    """The `ETag` of a response; empty where it has none."""
    tag: str = response.headers.get("etag", "")
    return tag


def without_figures(answer: Answer) -> Answer:
    """An answer without what `include_stats` adds to each assistant."""
    if answer.status != 200 or not isinstance(answer.body, list):
        return answer
    rows = [
        [pair for pair in row if pair[1] not in FIGURES] if isinstance(row, list) else row
        for row in answer.body
    ]
    return replace(answer, body=rows)


if __name__ == "__main__":
    main(fuzz, module="tests.engine.rest_fuzz", description=__doc__)
