"""Former structures of graphs, and the one that a graph has now.

A structure is JSON, with the column names of the tables:
`{"nodes": [{"id", "key", "node_type", "assistant_id", "assistant_name", "position",
"configuration"}], "edges": [{"id", "from_node_id", "to_node_id", "condition_type", ...}]}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, select, tuple_

from gql.domain.assistants import ASSISTANTS
from gql.domain.graphs import EDGES, NODES, OF_GRAPH
from gql.errors import BadInput
from gql.loaders.loader import Loader, loader_of
from gql.loaders.record_loaders import ChildrenByParentLoader, RecordByKeyLoader
from gql.models.graph_version import EDGE_COLUMNS, NODE_COLUMNS, GraphVersion
from gql.models.scope import table_of
from gql.query.context import Context
from gql.query.filters import compare
from gql.query.record_list import RecordList
from gql.query.resource import Order, Record, Resource

GRAPH_VERSIONS = Resource(
    "graph_version",
    table_of(GraphVersion),
    filters={"version": compare("version"), "replaced_at": compare("replaced_at")},
    orders={"version": Order("version", "integer")},
)

Element = Mapping[str, Any]
"""A node or an edge of a structure."""

Structure = Mapping[str, Sequence[Element]]
"""A whole one."""

_NODES_OF_GRAPH, _EDGES_OF_GRAPH = (RecordList(each, link=OF_GRAPH) for each in (NODES, EDGES))


class VersionKey(NamedTuple):
    """A graph's id and a version of it."""

    graph_id: int
    version: int


class FormerStructureLoader(Loader[VersionKey, Structure | None]):
    """Former structures.

    Key: the graph and the version. Value: the structure, or None where it is not kept.
    Statement: one for up to 1,000 keys.
    """

    @classmethod
    def of(cls, context: Context) -> "FormerStructureLoader":
        return loader_of(context, cls)

    async def read_many(self, keys: list[VersionKey]) -> list[Structure | None]:
        table = GRAPH_VERSIONS.table
        pair = tuple_(table.c.graph_id, table.c.version)
        pairs: BindParameter[Any] = bindparam("keys", expanding=True)
        statement = select(table.c.graph_id, table.c.version, table.c.structure).where(
            *GRAPH_VERSIONS.conditions(table), pair.in_(pairs)
        )
        rows = await self._rows(statement, keys)
        structures = {VersionKey(row[0], row[1]): row[2] for row in rows}
        return [structures.get(key) for key in keys]


async def live_structure(context: Context, graph_id: int) -> Structure:
    """The structure that a graph has now."""
    nodes = await ChildrenByParentLoader.of(context, _NODES_OF_GRAPH).load(graph_id)
    edges = await ChildrenByParentLoader.of(context, _EDGES_OF_GRAPH).load(graph_id)
    ids = [node.assistant_id for node in nodes]
    assistants = await RecordByKeyLoader.of(context, ASSISTANTS).load_many(ids)
    return {
        "nodes": [
            {
                **{column: getattr(node, column) for column in NODE_COLUMNS},
                "assistant_name": assistant and assistant.name,
            }
            for node, assistant in zip(nodes, assistants, strict=True)
        ],
        "edges": [{column: getattr(edge, column) for column in EDGE_COLUMNS} for edge in edges],
    }


async def structure_or_present(context: Context, key: VersionKey) -> Structure:
    """The structure of a version; that of the present where it is not a former one, or unknown."""
    former = await FormerStructureLoader.of(context).load(key)
    return await live_structure(context, key.graph_id) if former is None else former


async def structure_at(context: Context, graph: Record, version: int) -> Structure:
    """The structure that a graph has or had.

    Raises:
        BadInput: when that version is not kept.
    """
    if version == graph.version:
        return await live_structure(context, graph.id)
    structure = await FormerStructureLoader.of(context).load(VersionKey(graph.id, version))
    if structure is None:
        raise BadInput(missing_version(graph, version))
    return structure


def missing_version(graph: Record, version: int) -> str:
    """A sentence on a version that cannot be read."""
    return (
        f"Version {version} of the graph is not stored; it has version {graph.version} now, and"
        " `versions` lists the former ones."
    )
