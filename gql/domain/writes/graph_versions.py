"""Versions of a graph: its structure is kept as it was before each change."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert

from gql.domain.graph_versions import GRAPH_VERSIONS, live_structure
from gql.domain.graphs import GRAPHS
from gql.domain.writes.rows import update_row
from gql.domain.writes.transaction import WriteContext
from gql.models.scope import owned

MOST_VERSIONS = 200
"""How many former structures of a graph are kept, the latest ones; a large one takes a megabyte."""

_VERSIONS = GRAPH_VERSIONS.table


async def next_version(write: WriteContext, graph: Row[Any], instant: datetime) -> int:
    """Keep the structure of a locked graph, which is changed next, and give it its next version."""
    structure = await live_structure(write, graph.id)
    row = {
        "organization_id": write.organization_id,
        "graph_id": graph.id,
        "version": graph.version,
        "structure": structure,
        "replaced_at": instant,
        "user_id": write.identity.user_id,
        "api_key_id": write.identity.api_key_id,
    }
    await write.run(insert(_VERSIONS).values(row))
    if graph.version > MOST_VERSIONS:
        of_graph = (_VERSIONS.c.graph_id == graph.id, owned(_VERSIONS, write.organization_id))
        oldest = _VERSIONS.c.version <= graph.version - MOST_VERSIONS
        await write.run(delete(_VERSIONS).where(*of_graph, oldest))
    version: int = graph.version + 1
    await update_row(write, GRAPHS, graph.id, {"version": version, "updated_at": instant})
    return version
