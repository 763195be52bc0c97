"""Assistants, as readers see them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, select

from gql.models.assistant import Assistant
from gql.models.call import phone_digits
from gql.models.graph import GraphNode
from gql.models.scope import owned, same_owner, table_of
from gql.query.filters import Criterion, compare
from gql.query.resource import JoinedColumn, Link, Order, Resource

_NODE = table_of(GraphNode)

_PUNCTUATION = "+-().\N{NO-BREAK SPACE} "
"""What people write in phone numbers beside digits."""


@dataclass(frozen=True)
class AnsweredNumber(Criterion):
    """A criterion on the whole number that an assistant answers, by its digits alone.

    A value without digits matches nothing. The column holds the number as people wrote it.
    """

    comparators = frozenset({"eq"})

    def prepare(self, _comparator: str, value: str) -> tuple[str] | None:
        number = phone_digits(value)
        return (number,) if number else None

    def condition(self, table: FromClause, _comparator: str, *values: Any) -> ColumnElement[bool]:
        number: Any = table.c.phone_number
        for character in _PUNCTUATION:
            number = func.replace(number, character, "")
        equal: ColumnElement[bool] = number == values[0]
        return equal


ASSISTANTS = Resource(
    "assistant",
    table_of(Assistant),
    filters={
        "id": compare("id"),
        "is_active": compare("is_active"),
        "name": compare("name"),
        "user_id": compare("user_id"),
        "phone_number": AnsweredNumber(),
    },
    orders={
        "id": Order("id", "integer"),
        "name": Order("name", "text"),
        "created_at": Order("created_at", "instant"),
    },
)


def _through_nodes(graph: FromClause) -> tuple[FromClause, ColumnElement[int]]:
    """A graph is listed once under each assistant that any of its nodes has."""
    node = _NODE.alias()
    pairs = select(node.c.graph_id, node.c.assistant_id).where(owned(node)).distinct().subquery()
    return graph.join(pairs, pairs.c.graph_id == graph.c.id), pairs.c.assistant_id


GRAPHS_OF_ASSISTANT = Link("nodes.assistant_id", _through_nodes)
"""From an assistant to the graphs that use it."""


def current_name(row: FromClause) -> ColumnElement[str]:
    """What the assistant of a row is called now, or the row's snapshot when it was deleted."""
    assistant = table_of(Assistant).alias()
    now = (
        select(assistant.c.name)
        .where(assistant.c.id == row.c.assistant_id, same_owner(assistant, row))
        .correlate(row)
        .scalar_subquery()
    )
    return func.coalesce(now, row.c.assistant_name)


CURRENT_NAME = JoinedColumn(ASSISTANTS, "assistant_id", "name")
"""The same by a join."""
