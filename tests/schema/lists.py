"""Every list of the schema: how it is requested, and what Python makes of the same rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from gql.database import Database
from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.graph import AssistantGraph
from gql.models.graph_session import GraphSession
from gql.models.scope import owned, table_of
from tests.conftest import GraphQL

Row = Mapping[str, Any]
PAGE = 100
PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
SELECTION = f"edges {{ cursor node {{ databaseId }} }} nodes {{ databaseId }} {PAGE_INFO}"


@dataclass(frozen=True)
class List:
    """One root connection.

    Attributes:
        field: Its name in the schema.
        noun: What its filter and order types begin with.
        model: Where its rows are.
        orders: The column of each order.
        visible: Which rows it has.
        order: What it is sorted by without `orderBy`.
        descending: And which way.
    """

    field: str
    noun: str
    model: Any
    orders: Mapping[str, str]
    order: str
    descending: bool
    visible: Callable[[Row], bool] = lambda _: True

    def sorted(self, rows: Sequence[Row], order: str, *, descending: bool) -> list[Row]:
        """Rows in list order: ties by id in the list's direction, rows without a value last."""
        column = self.orders[order]
        present = [row for row in rows if row[column] is not None]
        absent = [row for row in rows if row[column] is None]
        present.sort(key=lambda row: (row[column], row["id"]), reverse=descending)
        absent.sort(key=lambda row: row["id"], reverse=descending)
        return [*present, *absent]

    def query(self, selection: str) -> str:
        """A document that takes every argument of the list as a variable."""
        return (
            "query($first: Int, $after: String, $last: Int, $before: String, $offset: Int,"
            f" $order: {self.noun}Order, $filter: {self.noun}Filter)"
            f" {{ list: {self.field}(first: $first, after: $after, last: $last, before: $before,"
            f" offset: $offset, orderBy: $order, filter: $filter) {{ {selection} }} }}"
        )


CALLS = List(
    "calls",
    "Call",
    Call,
    {
        "STARTED_AT": "started_at",
        "DURATION": "duration",
        "TOTAL_COST": "total_cost",
        "RECEIVED_AT": "received_at",
    },
    "STARTED_AT",
    descending=True,
    visible=lambda row: row["channel"] == "voice",
)
SMS = List(
    "smsConversations",
    "SmsConversation",
    Call,
    {"LAST_ACTIVITY": "last_activity", "STARTED_AT": "started_at"},
    "LAST_ACTIVITY",
    descending=True,
    visible=lambda row: row["channel"] == "sms" and not row["is_archived"],
)
GRAPHS = List(
    "graphs",
    "AssistantGraph",
    AssistantGraph,
    {"ID": "id", "NAME": "name", "CREATED_AT": "created_at", "UPDATED_AT": "updated_at"},
    "ID",
    descending=False,
)
GRAPH_SESSIONS = List(
    "graphSessions",
    "GraphSession",
    GraphSession,
    {"STARTED_AT": "started_at", "ENDED_AT": "ended_at"},
    "STARTED_AT",
    descending=True,
)
ASSISTANTS = List(
    "assistants",
    "Assistant",
    Assistant,
    {"ID": "id", "NAME": "name", "CREATED_AT": "created_at"},
    "ID",
    descending=False,
)
RECORDS = List(
    "records",
    "CallRecord",
    Call,
    {"STARTED_AT": "started_at"},
    "STARTED_AT",
    descending=True,
    visible=lambda row: not row["is_archived"],
)
LISTS = (CALLS, SMS, RECORDS, GRAPHS, GRAPH_SESSIONS, ASSISTANTS)


async def read(database: Database, model: Any, organization_id: int = 1) -> list[Row]:
    """All the rows of an organization in a table, by id, as the driver gives them."""
    table = table_of(model)
    statement = select(table).where(owned(table, organization_id)).order_by(table.c.id)
    async with database.engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def rows_of(database: Database, each: List, organization_id: int = 1) -> list[Row]:
    """The rows that a list has for an organization."""
    return [row for row in await read(database, each.model, organization_id) if each.visible(row)]


async def ids(
    graphql: GraphQL, each: List, filter: Any = None, *, order: Any = None, size: int = PAGE
) -> list[int]:
    """The whole list, read from its start in pages; the total must be its length."""
    query = each.query("totalCount nodes { databaseId } pageInfo { hasNextPage endCursor }")
    collected: list[int] = []
    after = None
    while True:
        variables = {"first": size, "after": after, "filter": filter, "order": order}
        answer = await graphql(query, variables)
        assert "errors" not in answer, answer
        page = answer["data"]["list"]
        collected.extend(node["databaseId"] for node in page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(collected)
            return collected
        after = page["pageInfo"]["endCursor"]


async def page_of(graphql: GraphQL, each: List, **variables: Any) -> dict[str, Any]:
    """One page, whose nodes and edges must agree with its page info."""
    answer = await graphql(each.query(SELECTION), variables)
    assert "errors" not in answer, answer
    page: dict[str, Any] = answer["data"]["list"]
    cursors = [edge["cursor"] for edge in page["edges"]]
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    assert page["pageInfo"]["startCursor"] == (cursors[0] if cursors else None)
    assert page["pageInfo"]["endCursor"] == (cursors[-1] if cursors else None)
    return page


def ids_of(page: dict[str, Any]) -> list[int]:
    """The ids of a page."""
    return [node["databaseId"] for node in page["nodes"]]


def around(page: dict[str, Any]) -> tuple[bool, bool]:
    """Whether there is something before the page, and after it."""
    return page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]


async def expected(
    database: Database, each: List, order: str, *, descending: bool
) -> tuple[list[int], dict[str, str]]:
    """The ids of the whole list in its order, and the `orderBy` that asks for it."""
    rows = each.sorted(await rows_of(database, each), order, descending=descending)
    direction = "DESC" if descending else "ASC"
    return [row["id"] for row in rows], {"field": order, "direction": direction}


async def refusal(graphql: GraphQL, query: str, variables: dict[str, Any] | None = None) -> Any:
    """The code and the message of the one error of an answer."""
    (error,) = (await graphql(query, variables))["errors"]
    return error["extensions"]["code"], error["message"]
