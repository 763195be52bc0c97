"""Assistants, as readers see them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, cast, func, select

from gql.models.assistant import Assistant
from gql.models.graph import GraphNode
from gql.models.scope import owned, table_of
from gql.query.filters import compare, digits
from gql.query.resource import JoinedColumn, Link, Order, Resource

_NODE = table_of(GraphNode)

_PUNCTUATION = "+-().\N{NO-BREAK SPACE} "
"""What people write in phone numbers beside digits."""


@dataclass(frozen=True)
class AnsweredNumber(digits):
    """A criterion on the number that an assistant answers, which is stored as people wrote it."""

    def number(self, table: FromClause) -> ColumnElement[str]:
        number: Any = super().number(table)
        for character in _PUNCTUATION:
            number = func.replace(number, character, "")
        return cast(number, Text)


ASSISTANTS = Resource(
    "assistant",
    table_of(Assistant),
    filters={
        "id": compare("id"),
        "is_active": compare("is_active"),
        "name": compare("name"),
        "user_id": compare("user_id"),
        "llm_model": compare("llm_model"),
        "phone_number": AnsweredNumber("phone_number"),
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
        .where(assistant.c.id == row.c.assistant_id, owned(assistant))
        .correlate(row)
        .scalar_subquery()
    )
    return func.coalesce(now, row.c.assistant_name)


CURRENT_NAME = JoinedColumn(ASSISTANTS, "assistant_id", "name")
"""The same by a join."""
