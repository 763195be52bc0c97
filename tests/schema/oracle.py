"""What a filter of calls must find: the same rows, filtered by Python."""

from collections.abc import Callable, Sequence
from typing import Any

from gql.database import Database
from gql.models.assistant import Assistant
from tests.conftest import GraphQL
from tests.schema.lists import CALLS, Row, ids, read, rows_of

Passes = Callable[[Row], bool]


async def calls_of(database: Database) -> list[Row]:
    """The calls as the list has them, each with what its assistant is called now."""
    names = {row["id"]: row["name"] for row in await read(database, Assistant)}
    rows = CALLS.sorted(await rows_of(database, CALLS), "STARTED_AT", descending=True)
    return [{**row, "now": names.get(row["assistant_id"])} for row in rows]


async def agrees(graphql: GraphQL, rows: Sequence[Row], filter: Any, passes: Passes) -> int:
    """Assert that the filter finds what passes, in order; how many that are."""
    matching = await ids(graphql, CALLS, filter)
    assert matching == [row["id"] for row in rows if passes(row)], filter
    return len(matching)
