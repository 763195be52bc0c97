"""Former structures of graphs in the GraphQL schema, and how two differ."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.domain.graph_versions import GRAPH_VERSIONS, Element, structure_at
from gql.domain.graphs import GRAPHS, OF_GRAPH
from gql.domain.organizations import API_KEYS, USERS
from gql.domain.structure_diff import ElementChange, diff_structures
from gql.engine.declaration import column, entity, one
from gql.engine.lookups import IdArgument
from gql.loaders.record_loaders import ChildrenByParentLoader, RecordByKeyLoader
from gql.query.filters import Condition
from gql.query.global_id import read_id
from gql.query.record_list import RecordList
from gql.query.resource import Record
from gql.schema.enums import ChangeKind
from gql.schema.node import NumberedNode
from gql.schema.viewer import ApiKey, User

if TYPE_CHECKING:
    from gql.schema.graphs import AssistantGraph

STRUCTURE = (
    '`{"nodes": [...], "edges": [...]}`, with the names and values that the REST API has for them;'
    " each node has its `assistant_name` besides."
)


@entity(GRAPH_VERSIONS)
class GraphVersion(NumberedNode):
    """A structure that a graph had before a change. It never changes."""

    version: int = column("The graph's `version` while it had this structure.")
    structure: JSON = column(f"Its nodes and edges: {STRUCTURE}")
    replaced_at: datetime = column("When it was changed; from then on the next version counted.")
    user: User | None = one("Who changed it, when known.", USERS, "user_id")
    api_key: ApiKey | None = one("The key they did it with, if any.", API_KEYS, "api_key_id")
    graph: Annotated["AssistantGraph", strawberry.lazy("gql.schema.graphs")] = one(
        "The graph that had it.", GRAPHS, "graph_id"
    )


@strawberry.type(description="What became of a node or an edge between two versions.")
class GraphElementChange:
    """Resolved from an `ElementChange`."""

    kind: ChangeKind = strawberry.field(description="Whether it is new, gone, or different.")
    label: str = strawberry.field(description="Who speaks there, or both with an arrow.")
    fields: list[str] = strawberry.field(description="What differs, by the names of REST.")
    before: JSON | None = strawberry.field(description="As it was; null for what is new.")
    after: JSON | None = strawberry.field(description="As it is then; null for what is gone.")


@strawberry.type(description="How two versions of a graph's structure differ.")
class GraphDiff:
    """Nodes and edges that a replacement made anew are matched by who speaks there."""

    from_version: int = strawberry.field(description="The version that is compared.")
    to_version: int = strawberry.field(description="The version that it is compared with.")
    nodes: list[GraphElementChange] = strawberry.field(description="Nodes that differ.")
    edges: list[GraphElementChange] = strawberry.field(description="Edges that differ.")


VersionArgument = Annotated[
    int, strawberry.argument(description="A version of the graph: a former one, or the present.")
]


def as_of_field(description: str) -> Any:
    """The former structure of a graph as the version that the argument names."""

    async def resolve(
        root: strawberry.Parent[Record], info: Info, version: VersionArgument
    ) -> GraphVersion | None:
        only = (Condition("version", "eq", version),)
        records = RecordList.filtered(GRAPH_VERSIONS, only, OF_GRAPH)
        former = await ChildrenByParentLoader.of(info.context, records).load(root.id)
        return former[0] if former else None

    return strawberry.field(resolve, description=description)


async def _diff(
    info: Info, id: IdArgument, from_version: VersionArgument, to_version: VersionArgument
) -> GraphDiff | None:
    graph = await RecordByKeyLoader.of(info.context, GRAPHS).load(read_id(id, GRAPHS.name))
    if graph is None:
        return None
    before = await structure_at(info.context, graph, from_version)
    after = await structure_at(info.context, graph, to_version)
    diff = diff_structures(before, after)
    return GraphDiff(
        from_version=from_version,
        to_version=to_version,
        nodes=[_change(each) for each in diff.nodes],
        edges=[_change(each) for each in diff.edges],
    )


def _change(change: ElementChange) -> GraphElementChange:
    return GraphElementChange(
        kind=ChangeKind(change.kind),
        label=change.label,
        fields=list(change.fields),
        before=_json(change.before),
        after=_json(change.after),
    )


def _json(element: Element | None) -> Any:
    return element


diff_graph_versions: Any = strawberry.field(
    resolver=_diff,
    description="How two versions of a graph's structure differ; null where there is none.",
)
"""The root field."""
