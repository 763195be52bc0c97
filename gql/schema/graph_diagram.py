"""Pictures of graphs in the GraphQL schema."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from gql.domain.graph_diagram import (
    DEFAULT_STEPS,
    MOST_EDGES,
    MOST_NODES,
    MOST_STEPS,
    TRAFFIC_DAYS,
    DiagramFormat,
    DiagramPaint,
    graph_diagram,
)
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graphs import NODES
from gql.engine.fields import OWN_POINTS
from gql.query.global_id import read_id
from gql.query.resource import Record
from gql.schema.enums import describe

DIAGRAM_POINTS = 45_000
"""Points of a picture: up to half a second of one core, usually a hundredth of that.

Resolvers answer it, which `GQL_MAX_RESOLVER_COST` bounds to 50,000.
"""


describe(
    DiagramFormat,
    "How a picture is written.",
    MERMAID="A flowchart of Mermaid.",
    SVG="An image without scripts, in light and dark.",
)
describe(
    DiagramPaint,
    "What stands out in a picture.",
    FINDINGS="Nodes and edges with findings.",
    TRAFFIC=f"How often conversations of {TRAFFIC_DAYS} days were at each node.",
)

FormatArgument = Annotated[
    DiagramFormat, strawberry.argument(description="How the picture is written.")
]
HighlightArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="A graph session of this graph, whose way stands out."),
]
PaintArgument = Annotated[
    DiagramPaint | None, strawberry.argument(description="What else stands out.")
]

AroundArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="A node of this graph, to draw the part around it alone."),
]
StepsArgument = Annotated[
    int | None,
    strawberry.argument(
        description="How many edges that part reaches, in either direction:"
        f" 1 to {MOST_STEPS}. Nodes at its end say how many more edges they have."
    ),
]


async def _diagram(
    root: strawberry.Parent[Record],
    info: Info,
    format: FormatArgument,
    highlight: HighlightArgument = None,
    paint: PaintArgument = None,
    around: AroundArgument = None,
    steps: StepsArgument = DEFAULT_STEPS,
) -> str:
    return await graph_diagram(
        info.context,
        root,
        format,
        highlight=None if highlight is None else read_id(highlight, GRAPH_SESSIONS.name),
        paint=paint,
        around=None if around is None else read_id(around, NODES.name),
        steps=DEFAULT_STEPS if steps is None else steps,
    )


diagram_field: Any = strawberry.field(
    resolver=_diagram,
    description="A picture of it as text, from the entry to the right. As SVG it has at most"
    f" {MOST_NODES} nodes and {MOST_EDGES} edges. Resolvers answer an operation that selects it.",
    metadata={OWN_POINTS: DIAGRAM_POINTS},
)
"""`AssistantGraph.diagram`."""
