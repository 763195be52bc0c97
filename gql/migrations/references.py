"""Rows that name a row which their organization does not have.

Keys refuse them since revision 0012. Before it, any program could write them; and SQLite checks the
keys of no program that does not ask it to.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, column, func, inspect, select, table

from gql.migrations import MigrationRefused
from gql.models import metadata
from gql.models.scope import same_owner
from gql.models.types import REFERENCE

_MOST_SHOWN = 3

ADVICE = (
    "Each names a row of another organization, or one that is gone. Correct the column or the"
    " organization_id of these rows, or delete them."
)


class Reference(NamedTuple):
    """A column that names a row of another table, or of none."""

    table: str
    column: str
    parent: str


class BrokenReference(NamedTuple):
    """The rows of a table whose organization does not have the row that they name.

    Attributes:
        column: With its table: `chat_message.call_id`.
        rows: How many.
        examples: A few of them.
    """

    column: str
    rows: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        more = ", ..." if self.rows > len(self.examples) else ""
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        return f"{self.column}: {rows}: {', '.join(self.examples)}{more}"


def references_in(connection: Connection) -> list[Reference]:
    """The references of today's models between tables that are in the database."""
    present = set(inspect(connection).get_table_names())
    return [
        Reference(child.name, named.name, named.info[REFERENCE][0])
        for child in metadata.sorted_tables
        if child.name in present
        for named in child.columns
        if REFERENCE in named.info and named.info[REFERENCE][0] in present
    ]


def broken_references(
    connection: Connection, references: Iterable[Reference]
) -> Iterator[BrokenReference]:
    """The references that have such rows; reads each table once, as a whole."""
    for reference in references:
        rows = connection.execute(_statement(reference)).all()
        if rows:
            examples = tuple(
                f"{reference.table} {row.id} of organization {row.organization_id}"
                f" names {reference.parent} {row.named}"
                + ("" if row.owner is None else f" of organization {row.owner}")
                for row in rows
            )
            yield BrokenReference(
                f"{reference.table}.{reference.column}", rows[0].how_many, examples
            )


def refuse_broken_references(connection: Connection, references: Iterable[Reference]) -> None:
    """Raise `MigrationRefused` when there is such a row."""
    broken = list(map(str, broken_references(connection, references)))
    if broken:
        problem = "Some rows name a row that their organization does not have:"
        raise MigrationRefused("\n  ".join([problem, *broken]), f"{ADVICE} Then migrate again.")


def _statement(reference: Reference) -> Select[Any]:
    child = table(reference.table, *map(column, ("id", "organization_id", reference.column)))
    parent = table(reference.parent, column("id"), column("organization_id")).alias()
    named = child.c[reference.column]
    return (
        select(
            *(child.c.id, child.c.organization_id, named.label("named")),
            *(parent.c.organization_id.label("owner"), func.count().over().label("how_many")),
        )
        .select_from(child.outerjoin(parent, parent.c.id == named))
        .where(named.is_not(None), parent.c.id.is_(None) | ~same_owner(child, parent))
        .order_by(child.c.id)
        .limit(_MOST_SHOWN)
    )
