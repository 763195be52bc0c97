"""What is wrong with a graph, in the GraphQL schema."""

from typing import Any

import strawberry
from strawberry.types import Info

from gql.domain.graph_findings import Finding, FindingCode, Severity
from gql.domain.graph_reading import graph_findings
from gql.domain.graphs import EDGES, NODES
from gql.engine.fields import OWN_POINTS
from gql.query.resource import Record
from gql.schema.enums import describe

FINDINGS_POINTS = 2_000
"""Reading a usual graph, its conditions and its newest sessions, in Python."""

describe(
    Severity,
    "How much a finding about a graph matters.",
    ERROR="Something cannot work; what asks to be published must have none.",
    WARNING="Something works otherwise than it seems meant.",
    INFORMATION="Worth knowing.",
)
describe(
    FindingCode,
    "What was found in a graph.",
    NO_ENTRY_NODE="No node is the entry, so no conversation can start.",
    SEVERAL_ENTRY_NODES="More than one node is the entry.",
    DANGLING_EDGE="An edge starts or leads where there is no node of the graph.",
    DELETED_ASSISTANT="A node's assistant does not exist.",
    INACTIVE_ASSISTANT="A node's assistant is inactive.",
    MISSING_CONDITION="An edge has no condition of its own type.",
    INVALID_EXPRESSION="An expression cannot be read.",
    INVALID_STATE_CONDITION="A state condition lacks its variable, its value or a known operator.",
    NEVER_HOLDS="No values of its variables could meet an edge's condition.",
    UNREACHABLE_NODE="No active edges lead from the entry to a node.",
    DEAD_END="No active edges lead from a node to an exit or an escalation of the graph.",
    EXIT_WITH_OUTGOING_EDGES="An exit ends the call, so the edges that leave it are never taken.",
    DUPLICATE_EDGE="Two edges have the same ends and the same condition.",
    SELF_EDGE="An edge leads back to the node where it starts.",
    EQUAL_PRIORITIES="One message may meet several edges of one priority.",
    UNSET_VARIABLE="A condition looks at a variable that nothing sets.",
    CYCLE="Conversations can go round.",
)


@strawberry.type(description="Something that is wrong with a graph's structure, or worth knowing.")
class GraphFinding:
    """Made of a `Finding`."""

    code: FindingCode = strawberry.field(description="What was found, for programs.")
    severity: Severity = strawberry.field(description="How much it matters.")
    message: str = strawberry.field(description="A sentence that says what to do.")
    node_ids: list[strawberry.ID] = strawberry.field(
        description="The global ids of the nodes that it is about. After a dry run, what has no id"
        " yet has its key in the input, or `new`."
    )
    edge_ids: list[strawberry.ID] = strawberry.field(
        description="The global ids of the edges that it is about. After a dry run, what has no id"
        " yet has its index in the input, or `new`."
    )


def graph_finding(
    finding: Finding, nodes: dict[int, str] | None = None, edges: dict[int, str] | None = None
) -> GraphFinding:
    """A finding, where some nodes and edges have no global id but a name."""

    def ids(kind: str, keys: tuple[int, ...], names: dict[int, str] | None) -> list[strawberry.ID]:
        names = names or {}
        return [strawberry.ID(names.get(key, f"{kind}_{key}")) for key in keys]

    return GraphFinding(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        node_ids=ids(NODES.name, finding.node_ids, nodes),
        edge_ids=ids(EDGES.name, finding.edge_ids, edges),
    )


async def _findings(root: strawberry.Parent[Record], info: Info) -> list[GraphFinding]:
    return [graph_finding(each) for each in await graph_findings(info.context, root)]


findings_field: Any = strawberry.field(
    resolver=_findings,
    description="What is wrong with its nodes and edges, or worth knowing; errors first. Resolvers"
    " answer an operation that selects it.",
    metadata={OWN_POINTS: FINDINGS_POINTS},
)
"""`AssistantGraph.findings`."""
