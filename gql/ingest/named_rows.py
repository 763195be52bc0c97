"""The assistants, graphs and nodes that items name, as the organization has them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, or_, select

from gql.domain.writes.transaction import WriteContext
from gql.ingest.phone_numbers import split_address
from gql.models.assistant import Assistant
from gql.models.call import phone_digits
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.mirror import MirrorObject
from gql.models.scope import owned, parameters, table_of
from gql.models.types import MAX_ID
from gql.sql.keys import is_among, is_selected

Pair = tuple[str | None, str | None]
"""What the source calls something, and the name of it."""

SourceKey = tuple[str, str]
"""A source, and what it calls something."""

OWN_SOURCES = frozenset({"manual", "jackfield"})
"""Sources whose ids of assistants and graphs are ours."""

NamedBy = tuple[str, Pair]
"""A source, and how it names something."""

ASSISTANT_LINKS = "assistants"
"""The collection of the objects of other systems that are assistants here."""

_ID = re.compile("[1-9][0-9]{0,18}")
_ASSISTANTS = table_of(Assistant)
_LINKS = table_of(MirrorObject)
_GRAPHS = table_of(AssistantGraph)
_NODES = table_of(GraphNode)
_EDGES = table_of(GraphEdge)


@dataclass(frozen=True)
class NamedNode:
    """A node of a graph, and who speaks there."""

    id: int
    assistant_name: str | None


@dataclass
class NamedRows:
    """What names of a batch mean.

    Attributes:
        assistants: By id, the name; `graphs` likewise.
        nodes: By graph and key.
        edges: By the two nodes: the edges between them.
        numbers: By the digits of an assistant's number: its id and its name.
        linked: By source and by what it calls an assistant: the assistant's id.
    """

    assistants: dict[int, str] = field(default_factory=dict)
    graphs: dict[int, str] = field(default_factory=dict)
    nodes: dict[tuple[int, str], NamedNode] = field(default_factory=dict)
    edges: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    numbers: dict[str, tuple[int, str]] = field(default_factory=dict)
    linked: dict[SourceKey, int] = field(default_factory=dict)

    def assistant(self, source: str, pair: Pair) -> int | None:
        """The assistant that a source means.

        That is the one with our id where the ids are ours, else the one that is linked to the
        source's id, else the one with its name.
        """
        linked = None if pair[0] is None else self.linked.get((source, pair[0]))
        return _row_of(self.assistants, source, pair) if linked is None else linked

    def graph(self, source: str, pair: Pair) -> int | None:
        """The graph that a source means."""
        return _row_of(self.graphs, source, pair)

    def edge(self, from_node: int | None, to_node: int | None) -> int | None:
        """The edge between two nodes, where there is one and no other."""
        if from_node is None or to_node is None:
            return None
        edges = self.edges.get((from_node, to_node), [])
        return edges[0] if len(edges) == 1 else None

    def by_number(self, number: str) -> tuple[int, str] | None:
        """The id and the name of the assistant that has a number."""
        return self.numbers.get(phone_digits(number))

    async def find_numbers(self, write: WriteContext, addresses: Collection[str]) -> None:
        """Read the assistants that have one of these numbers; of several the oldest counts."""
        digits = {phone_digits(split_address(address)[0]) for address in addresses} - {""}
        if not digits:
            return
        table = _ASSISTANTS
        written = {*addresses, *digits, *(f"+{each}" for each in digits)}
        statement = (
            select(table.c.id, table.c.name, table.c.phone_number)
            .where(owned(table), is_among(table.c.phone_number, sorted(written)))
            .order_by(table.c.id)
        )
        for row in await write.run(statement, parameters(write.organization_id)):
            self.numbers.setdefault(phone_digits(row.phone_number), (row.id, row.name))

    async def find_assistants(self, write: WriteContext, named: Collection[NamedBy]) -> None:
        """Read the assistants that may be meant; of several with one name the oldest counts.

        Args:
            write: The transaction.
            named: The sources, each with what it calls an assistant.
        """
        if not named:
            return
        keys = {(source, pair[0]) for source, pair in named if pair[0] is not None}
        keys = {each for each in keys if each[0] not in OWN_SOURCES}
        values = {
            **_meant([pair for _, pair in named]),
            "sources": sorted({source for source, _ in keys}),
            "external_ids": sorted({each for _, each in keys}),
        }
        rows = await write.run(_FIND_ASSISTANTS, {**parameters(write.organization_id), **values})
        for row in rows:
            self.assistants[row.id] = row.name
            if (row.source, row.external_id) in keys:
                self.linked[row.source, row.external_id] = row.id

    async def find_graphs(self, write: WriteContext, pairs: Collection[Pair]) -> None:
        """Read the graphs that may be meant."""
        if not pairs:
            return
        values = {**parameters(write.organization_id), **_meant(pairs)}
        rows = await write.run(_FIND_GRAPHS, values)
        self.graphs.update((row.id, row.name) for row in rows)

    async def find_nodes(self, write: WriteContext, keys: Collection[str]) -> None:
        """Read the nodes of the graphs, by key or by our id, and the edges between them."""
        if not keys or not self.graphs:
            return
        nodes, assistants = _NODES, _ASSISTANTS
        ids = [int(key) for key in keys if _is_id(key)]
        statement = (
            select(nodes.c.id, nodes.c.graph_id, nodes.c.key, assistants.c.name)
            .join_from(nodes, assistants, assistants.c.id == nodes.c.assistant_id)
            .where(
                owned(nodes),
                owned(assistants),
                is_among(nodes.c.graph_id, sorted(self.graphs)),
                or_(is_among(nodes.c.key, sorted(keys)), is_among(nodes.c.id, ids)),
            )
        )
        rows = (await write.run(statement, parameters(write.organization_id))).all()
        for row in rows:
            key = str(row.id) if row.key is None else row.key
            self.nodes[row.graph_id, key] = NamedNode(row.id, row.name)
        edges = select(_EDGES.c.id, _EDGES.c.from_node_id, _EDGES.c.to_node_id).where(
            owned(_EDGES), is_among(_EDGES.c.from_node_id, [row.id for row in rows])
        )
        for row in await write.run(edges, parameters(write.organization_id)):
            self.edges.setdefault((row.from_node_id, row.to_node_id), []).append(row.id)


def _row_of(rows: dict[int, str], source: str, pair: Pair) -> int | None:
    external_id, name = pair
    if source in OWN_SOURCES and external_id is not None and _is_id(external_id):
        return int(external_id) if int(external_id) in rows else None
    if name is None:
        return None
    return next((id_ for id_, other in rows.items() if other == name), None)


def _is_linked(links: FromClause) -> ColumnElement[bool]:
    """That an object is one of those, or close: sources and ids are compared by themselves."""
    return and_(
        owned(links),
        links.c.collection == ASSISTANT_LINKS,
        is_among(links.c.source, "sources"),
        is_among(links.c.external_id, "external_ids"),
    )


def _find_assistants() -> Select[Any]:
    """The assistants that may be meant, each with what a source calls it where it is linked so."""
    table, links, others = _ASSISTANTS, _LINKS, _LINKS.alias()
    return (
        select(table.c.id, table.c.name, links.c.source, links.c.external_id)
        .outerjoin_from(table, links, and_(links.c.object_id == table.c.id, _is_linked(links)))
        .where(
            owned(table),
            or_(
                is_among(table.c.id, "ids"),
                is_among(table.c.name, "names"),
                is_selected(table.c.id, select(others.c.object_id).where(_is_linked(others))),
            ),
        )
        .order_by(table.c.id)
    )


_FIND_ASSISTANTS = _find_assistants()
_FIND_GRAPHS = select(_GRAPHS.c.id, _GRAPHS.c.name).where(
    owned(_GRAPHS), or_(is_among(_GRAPHS.c.id, "ids"), is_among(_GRAPHS.c.name, "names"))
)


def _meant(pairs: Collection[Pair]) -> dict[str, list[Any]]:
    """The parameters that say which rows may be meant."""
    names = {name for _, name in pairs if name is not None}
    ids = {int(each) for each, _ in pairs if each is not None and _is_id(each)}
    return {"ids": sorted(ids), "names": sorted(names)}


def _is_id(text: str) -> bool:
    return bool(_ID.fullmatch(text)) and int(text) <= MAX_ID
