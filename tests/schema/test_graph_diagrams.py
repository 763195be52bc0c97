"""Pictures of graphs: Mermaid and SVG, over GraphQL and REST."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest

from gql.domain.graph_layout import NODE_HEIGHT, NODE_WIDTH, Ends, lay_out
from gql.domain.graph_picture import Picture, PictureEdge, PictureNode
from gql.domain.graph_svg import HOTTEST, draw_svg
from tests.conftest import GraphQL, bearer
from tests.databases import Copy

PAGE = Path("docs/graph-conditions.md").read_text()
PICTURE = Path("docs/graph.svg").read_text()
SVG = "{http://www.w3.org/2000/svg}"
ADDRESS = "/api/v1/assistant-graphs/1/diagram.svg"
MERMAID = """flowchart TD
  n101(["Receptionist"])
  n102["Sales Specialist"]
  n103["Support Agent"]
  n101 -->|"sales, purchase, buy"| n102
  n101 -->|"support, help, issue, problem"| n103
"""


async def _diagram(graphql: GraphQL, arguments: str) -> Any:
    answer = await graphql(f"{{ graph(id: 1) {{ diagram({arguments}) }} }}")
    assert list(answer) == ["data"], answer
    return answer["data"]["graph"]["diagram"]


async def test_a_graph_as_mermaid(graphql: GraphQL) -> None:
    assert await _diagram(graphql, "format: MERMAID") == MERMAID
    walked = await _diagram(graphql, 'format: MERMAID, highlight: "graph_session_500"')
    assert walked == MERMAID + (
        "  classDef walked stroke:#5b3fd6,stroke-width:3px\n"
        "  class n101,n103 walked\n"
        "  linkStyle 1 stroke:#5b3fd6,stroke-width:3px\n"
        "  classDef faded opacity:0.4\n"
        "  class n102 faded\n"
        "  linkStyle 0 opacity:0.4\n"
    )


async def test_a_graph_as_svg_at_both_doors(
    graphql: GraphQL, client: httpx2.AsyncClient, owner: dict[str, str], stranger: dict[str, str]
) -> None:
    text = await _diagram(graphql, "format: SVG, paint: TRAFFIC, highlight: 500")
    answer = await client.get(f"{ADDRESS}?paint=traffic&highlight=500", headers=owner)

    assert answer.status_code == 200
    assert answer.text == text
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    drawing = ET.fromstring(text)  # noqa: S314 -- our own
    names = [each.text for each in drawing.iter(f"{SVG}text") if each.get("class") == "name"]
    assert names == ["Receptionist", "Sales Specialist", "Support Agent"]
    again = {**owner, "if-none-match": answer.headers["etag"]}
    assert (
        await client.get(f"{ADDRESS}?paint=traffic&highlight=500", headers=again)
    ).status_code == 304
    assert (await client.get(ADDRESS, headers=stranger)).status_code == 404


async def test_a_session_of_another_graph_is_not_highlighted(graphql: GraphQL) -> None:
    answer = await graphql("{ graph(id: 1) { diagram(format: SVG, highlight: 999999) } }")

    assert answer["errors"][0]["message"] == "The graph has no session 999999 to highlight."


TREE = 300
"""Nodes of a tree, of which each but the first is below the one of half its number."""

REPLACE = """mutation ($input: ReplaceGraphStructureInput!) { replaceGraphStructure(input: $input) {
    nodes { key id } userErrors { message } } }"""


async def test_a_part_of_a_graph_that_is_too_large_for_a_whole_picture(
    fresh_graphql: GraphQL, fresh_client: httpx2.AsyncClient, fresh: Copy
) -> None:
    structure = {
        "nodes": [
            {
                "key": str(number),
                "assistantId": 1,
                "nodeType": "STANDARD" if number > 1 else "ENTRY",
                "position": {"x": 0, "y": 0},
            }
            for number in range(1, TREE + 1)
        ],
        "edges": [
            {
                "from": str(number // 2),
                "to": str(number),
                "conditionType": "INTENT",
                "intentPattern": f"to {number}",
            }
            for number in range(2, TREE + 1)
        ],
    }
    answer = await fresh_graphql(REPLACE, {"input": {"id": "graph_1", **structure}})
    nodes = answer["data"]["replaceGraphStructure"]["nodes"]
    ids = {int(each["key"]): each["id"] for each in nodes}
    whole = "{ graph(id: 1) { diagram(format: SVG%s) } }"

    async def message(arguments: str) -> str:
        errors = (await fresh_graphql(whole % arguments))["errors"]
        return str(errors[0]["message"])

    assert await message("") == (
        "A picture as SVG has at most 120 nodes and 240 edges; this one would have 300 and 299."
        " Draw a part of the graph: a node is `around`, and how many edges from it, `steps`."
        " MERMAID has any size."
    )
    # Numbers of up to seven digits in base two are within six steps of the first.
    assert "this one would have 127 and 126." in await message(f', around: "{ids[1]}", steps: 6')
    assert await message(f', around: "{ids[1]}", steps: 0') == (
        "`steps` is 0, but has to be from 1 to 20."
    )
    assert await message(', around: "node_999999"') == (
        "The graph has no node 999999 to draw the part around it."
    )

    # Two steps from the second: up to the first and beyond it, and down to its children's.
    drawn = await _diagram(fresh_graphql, f'format: MERMAID, around: "{ids[2]}"')
    written = {int(number) for number in re.findall(r"^  n(\d+)[\[(]", drawn, re.MULTILINE)}
    assert written == {
        int(ids[each].removeprefix("node_")) for each in (1, 2, 3, 4, 5, 8, 9, 10, 11)
    }
    picture = await _diagram(fresh_graphql, f'format: SVG, around: "{ids[2]}"')
    drawing = ET.fromstring(picture)  # noqa: S314 -- our own
    notes = [str(each.text) for each in drawing.iter(f"{SVG}text") if each.get("class") == "note"]
    assert sorted(notes) == ["entry", *["standard"] * 3, *["standard · 2 more edges"] * 5]

    number = ids[2].removeprefix("node_")
    headers = bearer(fresh.organizations[0])
    drawn_by_rest = await fresh_client.get(f"{ADDRESS}?around={number}&steps=2", headers=headers)
    assert drawn_by_rest.text == picture
    assert (await fresh_client.get(ADDRESS, headers=headers)).status_code == 400


def test_text_is_escaped_and_control_characters_are_left_out() -> None:
    hostile = '</text><script>alert("1")</script>&\x00\x0b'
    node = PictureNode(1, hostile, "entry", hostile, hostile)
    edge = PictureEdge(1, 1, 1, hostile, hostile)

    text = draw_svg(Picture(hostile, [node], [edge]))

    drawing = ET.fromstring(text)  # noqa: S314 -- our own
    assert {each.tag.removeprefix(SVG) for each in drawing.iter()} == {
        *("svg", "title", "style", "rect", "text", "g", "path")
    }
    assert drawing[0].text == '</text><script>alert("1")</script>&'


@pytest.mark.parametrize("count", [0, 1, 5, 30, 100])
def test_nodes_do_not_overlap_and_edges_pass_between_them(count: int) -> None:
    tree = [Ends(number, (number - 1) // 3, number) for number in range(1, count)]
    back = [Ends(1_000 + number, number, number // 2) for number in range(3, count, 7)]
    loops = [Ends(2_000 + number, number, number) for number in range(0, count, 9)]

    layout = lay_out(list(range(count)), [*tree, *back, *loops])

    assert layout.nodes.keys() == set(range(count))
    spots = sorted(layout.nodes.values())
    for (x, y), (next_x, next_y) in pairwise(spots):
        assert next_x - x >= NODE_WIDTH or abs(next_y - y) >= NODE_HEIGHT
    for ends in (*tree, *back):
        route = layout.edges[ends.edge_id]
        for (x, y), (to_x, to_y) in pairwise(route):
            if y == to_y:  # straight through a layer
                assert not any(
                    min(x, to_x) < node_x < max(x, to_x) and abs(node_y - y) < NODE_HEIGHT / 2
                    for node_x, node_y in spots
                )


def test_edges_of_the_same_nodes_are_apart_with_their_labels() -> None:
    """Also where they pass a layer: there an edge that no expression meets hid the other one."""
    nodes = [PictureNode(number, f"N{number}", "standard", "", "") for number in range(3)]
    pairs = [(0, 1), (1, 2), (0, 2), (0, 2), (0, 2)]
    edges = [
        PictureEdge(number, *ends, f"condition {number}", "") for number, ends in enumerate(pairs)
    ]

    layout = lay_out([0, 1, 2], [Ends(each.id, each.start, each.end) for each in edges])
    drawing = ET.fromstring(draw_svg(Picture("P", nodes, edges)))  # noqa: S314 -- our own

    heights = sorted(layout.edges[number][1][1] for number in (2, 3, 4))
    assert all(lower - upper >= 8 for upper, lower in pairwise(heights))
    labels = {
        str(each.text): (float(str(each.get("x"))), float(str(each.get("y"))))
        for each in drawing.iter(f"{SVG}text")
        if each.get("class") == "label"
    }
    assert labels.keys() == {each.label for each in edges}
    spots = sorted(labels.values(), key=lambda spot: spot[1])
    for (x, y), (next_x, next_y) in pairwise(spots):
        assert next_y - y >= 14 or abs(next_x - x) > len("condition 0") * 5.8


def test_text_is_read_on_the_most_visited_node() -> None:
    """Contrast of 4.5 at least: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    light, dark = PICTURE.split("@media(prefers-color-scheme:dark)")
    assert ".heat~.note{fill:var(--ink)}" in PICTURE

    for scheme in (light, dark):
        node, heat, ink = (
            [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
            for name in ("node", "heat", "ink")
            for digits in re.findall(rf"--{name}:#([0-9a-f]{{6}})", scheme)
        )
        box = [
            HOTTEST * over + (1 - HOTTEST) * under for over, under in zip(heat, node, strict=True)
        ]
        darker, brighter = sorted(_luminance(color) for color in (box, ink))
        assert (brighter + 0.05) / (darker + 0.05) >= 4.5


def _luminance(color: list[float]) -> float:
    linear = [
        each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in color
    ]
    return sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


async def test_the_picture_in_the_documentation_is_drawn_like_this(graphql: GraphQL) -> None:
    arguments = 'format: SVG, highlight: "graph_session_501"'

    assert f"diagram({arguments})" in PAGE
    assert await _diagram(graphql, arguments) + "\n" == PICTURE


def test_the_same_picture_is_drawn_alike() -> None:
    nodes = [PictureNode(number, "A", "standard", "", "") for number in range(5)]
    edges = [PictureEdge(number, number, (number + 1) % 5, "b", "") for number in range(5)]
    picture = Picture("Ring", nodes, edges)

    assert draw_svg(picture) == draw_svg(picture)
    assert len(re.findall('class="tip"', draw_svg(picture))) == 5
