"""A picture of a graph as a flowchart of Mermaid: https://mermaid.js.org/syntax/flowchart.html."""

from collections.abc import Iterator

from gql.domain.graph_picture import Paint, Picture, shortened

_SHAPES = {
    "entry": ("([", "])"),
    "standard": ("[", "]"),
    "exit": ("((", "))"),
    "escalation": ("{{", "}}"),
}
_STROKES: dict[Paint, str] = {
    "error": "stroke:#c62828,stroke-width:3px",
    "warning": "stroke:#b26a00,stroke-width:3px",
    "information": "stroke:#2962a8,stroke-width:2px",
    "walked": "stroke:#5b3fd6,stroke-width:3px",
    "faded": "opacity:0.4",
}
_ENTITIES = {character: f"#{ord(character)};" for character in '"#&;<>\\`'}
"""Characters that mean something in a label; Mermaid writes them like this."""


def draw_mermaid(picture: Picture) -> str:
    """The text of the flowchart."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield "flowchart TD"
    for node in picture.nodes:
        opening, closing = _SHAPES[node.node_type]
        second = "" if node.share is None else f"<br/>{_text(node.note)}"
        yield f'  n{node.id}{opening}"{_text(node.name)}{second}"{closing}'
    for edge in picture.edges:
        arrow = "-->" if edge.is_active else "-.->"
        label = f'|"{_text(shortened(edge.label, 40))}"|' if edge.label else ""
        yield f"  n{edge.start} {arrow}{label} n{edge.end}"
    for paint, stroke in _STROKES.items():
        nodes = [f"n{node.id}" for node in picture.nodes if node.paint == paint]
        if nodes:
            yield f"  classDef {paint} {stroke}"
            yield f"  class {','.join(nodes)} {paint}"
        edges = [str(at) for at, edge in enumerate(picture.edges) if edge.paint == paint]
        if edges:
            yield f"  linkStyle {','.join(edges)} {stroke}"


def _text(value: str) -> str:
    line = " ".join(value.split())
    return "".join(_ENTITIES.get(character, character) for character in line)
