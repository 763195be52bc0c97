"""Pictures of graphs."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from gql.domain.graph_diagram import (
    DEFAULT_STEPS,
    MOST_STEPS,
    DiagramFormat,
    DiagramPaint,
    graph_diagram,
)
from gql.domain.graphs import GRAPHS
from gql.http.entity_tags import REVALIDATED, conditional, entity_tag
from gql.kinds import Kind, reading
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.models.types import MAX_ID
from gql.query.context import Context
from gql.rest.route import Answer, route
from gql.rest.routes.graphs import TAG, GraphPath

SVG = "image/svg+xml"

_POINTS = 100_000

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture that is opened by itself may run and load nothing."""


class DiagramQuery(BaseModel):
    """What is drawn, and what stands out."""

    highlight: Annotated[
        int | None, Field(ge=1, le=MAX_ID, description="A graph session of this graph.")
    ] = None
    paint: Literal["findings", "traffic"] | None = None
    around: Annotated[
        int | None, Field(ge=1, le=MAX_ID, description="A node, to draw the part around it alone.")
    ] = None
    steps: Annotated[
        int, Field(ge=1, le=MOST_STEPS, description="How many edges that part reaches.")
    ] = DEFAULT_STEPS


@route(
    "GET",
    "/api/v1/assistant-graphs/{graph_id}/diagram.svg",
    tag=TAG,
    kinds=reading(Kind.GRAPHS),
    summary="Draw a graph",
    graphql="{ graph(id: 1) { diagram(format: SVG) } }",
    answers={200: Answer("A picture.", files=(SVG,))},
    errors=(400, 404),
    points=_POINTS,
)
async def draw(
    context: Context, path: GraphPath, query: DiagramQuery, request: Request
) -> Response:
    """The graph from its entry to the right, as SVG without scripts, in light and dark."""
    graph = await RecordByKeyLoader.of(context, GRAPHS).require(path.graph_id)
    paint = None if query.paint is None else DiagramPaint(query.paint)
    text = await graph_diagram(
        context,
        graph,
        DiagramFormat.SVG,
        highlight=query.highlight,
        paint=paint,
        around=query.around,
        steps=query.steps,
    )
    body = text.encode()
    headers = {
        "ETag": entity_tag(body),
        "Cache-Control": REVALIDATED,
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    response = Response(body, headers=headers, media_type=SVG)
    return conditional(request.scope, response)
