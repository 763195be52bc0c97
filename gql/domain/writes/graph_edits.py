"""What edits of one node or edge share: they lock its graph, check it, and raise its version."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, select

from gql.domain.graphs import GRAPHS
from gql.domain.writes.audit import audit, logged
from gql.domain.writes.rows import lock
from gql.domain.writes.structure import check_version
from gql.domain.writes.transaction import WriteContext
from gql.domain.writes.validation import Path, ProblemList
from gql.errors import NotFound, Problem
from gql.models.scope import owned
from gql.models.types import MAX_ID
from gql.query.resource import Resource

_GRAPHS = GRAPHS.table


async def find_graph_of(write: WriteContext, resource: Resource, key: int) -> Row[Any] | None:
    """The graph of a node or an edge, locked before these are, as in every other write."""
    if not 0 < key <= MAX_ID:
        return None
    table = resource.table
    own_row = (table.c.id == key, owned(table, write.organization_id))
    graph_id = select(table.c.graph_id).where(*own_row).scalar_subquery()
    statement = (
        select(_GRAPHS)
        .where(_GRAPHS.c.id == graph_id, owned(_GRAPHS, write.organization_id))
        .with_for_update()
    )
    return (await write.run(statement)).one_or_none()


async def lock_with_graph(
    write: WriteContext, resource: Resource, key: int, expected_version: int | None
) -> tuple[Row[Any], Row[Any]]:
    """A node or an edge after its graph, which has the version that is expected."""
    graph = await find_graph_of(write, resource, key)
    if graph is None:
        raise NotFound(resource.name, key)
    check_version(graph, expected_version)
    return graph, await lock(write, resource, key)


async def audit_update(
    write: WriteContext,
    resource: Resource,
    graph: Row[Any],
    row: Row[Any],
    changed: Mapping[str, Any],
) -> None:
    """Write the audit entry of a node or an edge: the columns that changed, before and after.

    Args:
        write: The transaction.
        resource: Of nodes or of edges.
        graph: As it was locked.
        row: As it was before.
        changed: The new values, by column.
    """
    action, key = f"graph.update_{resource.name}", {f"{resource.name}_id": row.id}
    before = {column: getattr(row, column) for column in changed}
    await audit(
        write,
        action,
        graph.id,
        before={**key, "version": graph.version, **logged(before)},
        after={**key, "version": graph.version + 1, **logged(changed)},
    )


def check_present(problems: ProblemList, column: str, values: Mapping[str, Any]) -> None:
    """Add a problem when a column has no value, unless it has a problem already."""
    if column not in values and not problems.has((column,)):
        problems.add((column,), "is required", "REQUIRED")


async def check_count(
    write: WriteContext, problems: ProblemList, resource: Resource, graph_id: int, most: int
) -> None:
    table = resource.table
    own = (table.c.graph_id == graph_id, owned(table, write.organization_id))
    if (await write.run(select(func.count()).where(*own))).scalar_one() >= most:
        text = f"The graph has {most:,} {resource.name}s already, which is the most it may have."
        problems.items.append(Problem((), text, "TOO_MANY"))


def check_not_null(problems: ProblemList, path: Path, value: Any) -> None:
    """Add a problem when an id is null; whether there is such a row is checked later."""
    if value is None:
        problems.add(path, "must not be null", "REQUIRED")
