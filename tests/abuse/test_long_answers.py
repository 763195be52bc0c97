"""An answer that is too long is refused whole, by plans, resolvers and REST, and built by none.

A short document can print one long text as often as lists inside lists have room for.
"""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import ColumnElement, func, literal_column, select, text
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from gql.database import Database
from gql.database.failures import meaning_of
from gql.engine.answer_size import within_limit
from gql.engine.fallback import FallbackReason
from gql.errors import AnswerTooLong
from gql.schema.endpoint import GraphQLEndpoint
from tests.conftest import GraphQL, Running, asker, bearer, connect, start
from tests.databases import Copy, Databases, settings_for

LIMIT = 100_000
"""The shortest that the setting takes."""

TEXT = "x" * 9_000

MESSAGE = (
    "The answer is longer than may be sent at once; ask for smaller pages, or for fewer long texts."
)

LONG = {
    "a page": "{ calls(first: 20) { nodes { assistant { settings } } } }",
    "a page with positions": (
        "{ calls(first: 20) { edges { cursor node { assistant { settings } } }"
        " nodes { assistant { id } } pageInfo { endCursor hasNextPage } } }"
    ),
    "the end of a list": "{ calls(last: 20) { nodes { assistant { settings } } } }",
    "pages in one record": (
        "{ call(id: 101) { assistant { calls(first: 20) { nodes { "
        + " ".join(f"a{number}: assistant {{ settings }}" for number in range(12))
        + " } } } } }"
    ),
    "a plain list": "{ graph(id: 1) { nodes { a: assistant { settings } b: assistant { settings }"
    " c: assistant { settings } d: assistant { settings } } } }",
    "ids": "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Assistant { settings } } }",
    "aliases": "{ assistant(id: 1) { "
    + " ".join(f"a{number}: settings" for number in range(20))
    + " } }",
}
"""Documents whose answers have more than `LIMIT` bytes where `settings` is as long as `TEXT`."""

VARIABLES = {"ids": ["assistant_1"] * 20}


@pytest.fixture(params=["plans", "resolvers"])
async def limited(request: pytest.FixtureRequest, fresh: Copy) -> AsyncIterator[Running]:
    """An application with long texts in every assistant, and little room for an answer."""
    settings = settings_for(
        fresh.url,
        compiled=request.param == "plans",
        max_response_bytes=LIMIT,
        max_resolver_cost=2_000_000,
    )
    async with start(fresh, settings) as running:
        database: Database = running.app.state.database
        async with database.transaction() as connection:
            update = text("UPDATE assistant SET settings = :settings")
            await connection.execute(update, {"settings": f'{{"prompt":"{TEXT}"}}'})
        yield running


def graphql_endpoint(app: Starlette) -> GraphQLEndpoint:
    """What serves `/graphql`."""
    served = [getattr(route, "app", None) for route in app.routes]
    return next(each for each in served if isinstance(each, GraphQLEndpoint))


@pytest.fixture
async def client(limited: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with connect(limited.app) as client:
        yield client


@pytest.fixture
def graphql(client: httpx2.AsyncClient, fresh: Copy) -> GraphQL:
    return asker(client, bearer(fresh.organizations[0]))


@pytest.mark.parametrize("name", LONG)
async def test_a_long_answer_is_refused_as_a_whole(graphql: GraphQL, name: str) -> None:
    answers = [await graphql(LONG[name], VARIABLES) for _ in range(4)]

    for answer in answers:
        (error,) = answer.pop("errors")
        assert answer == {}
        assert error["extensions"].pop("requestId")
        assert error == {"message": MESSAGE, "extensions": {"code": "QUERY_TOO_COMPLEX"}}


async def test_an_answer_within_the_limit_is_whole(graphql: GraphQL) -> None:
    answer = await graphql("{ calls(first: 10) { nodes { assistant { settings } } } }")

    assert answer == {
        "data": {"calls": {"nodes": [{"assistant": {"settings": {"prompt": TEXT}}}] * 10}}
    }


async def test_after_a_plan_was_too_long_no_resolver_runs(
    limited: Running, graphql: GraphQL
) -> None:
    endpoint = graphql_endpoint(limited.app)
    await graphql(LONG["a page"])

    if limited.app.state.settings.compiled:
        assert endpoint.runner.counts.resolved == {}
    else:
        assert endpoint.runner.counts.resolved == {(FallbackReason.OFF, ""): 1}


async def test_a_read_of_rest_is_refused_too(
    client: httpx2.AsyncClient, fresh: Copy, limited: Running
) -> None:
    database: Database = limited.app.state.database
    owner, assistants = bearer(fresh.organizations[0]), "/api/v1/assistants"
    whole = await client.get(f"{assistants}?limit=3", headers=owner)
    one = f"{assistants}/{whole.json()[0]['id']}"
    async with database.transaction() as connection:
        update = text("UPDATE assistant SET settings = :settings")
        await connection.execute(update, {"settings": f'{{"prompt":"{TEXT * 12}"}}'})
    refusals = [await client.get(address, headers=owner) for address in (assistants, one)]

    assert whole.status_code == 200
    assert [(each.status_code, each.json()["detail"]) for each in refusals] == [(400, MESSAGE)] * 2


async def test_a_write_whose_answer_is_too_long_is_not_done(graphql: GraphQL) -> None:
    settings = " ".join(f"a{number}: settings" for number in range(20))
    answer = await graphql(
        'mutation { updateAssistant(input: {id: "assistant_1", name: "Renamed"}) {'
        f" assistant {{ name {settings} }} }} }}"
    )
    read = await graphql("{ assistant(id: 1) { name } }")

    assert [error["message"] for error in answer["errors"]] == [MESSAGE]
    assert "data" not in answer
    assert read == {"data": {"assistant": {"name": "Receptionist"}}}


async def test_postgresql_stops_at_the_first_row_that_is_too_much(databases: Databases) -> None:
    """The sixth row fails by itself. A window reads one row ahead."""
    copy = await databases.copy("postgresql")
    database = Database(settings_for(copy.url))
    numbers = func.generate_series(1, 9).table_valued("n").alias("n")
    printed: ColumnElement[str] = literal_column(
        "CASE WHEN n < 6 THEN repeat('x', 40) ELSE (1 / (n - n))::text END"
    )
    rows = select(printed.label("printed")).select_from(numbers).offset(0).subquery()

    failures = []
    for limit in (200, 159, 120):
        bounded = within_limit(rows, [rows.c.printed], limit)
        total = select(func.string_agg(bounded.c.printed, literal_column("','")))
        async with database.engine.connect() as connection:
            with pytest.raises(DBAPIError) as caught:
                await connection.execute(total)
        failures.append(meaning_of(caught.value))
    await database.close()
    await databases.drop(copy.url)

    assert [type(failure) for failure in failures] == [type(None), AnswerTooLong, AnswerTooLong]
