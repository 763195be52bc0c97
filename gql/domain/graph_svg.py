"""A picture of a graph as SVG: safe to be opened by itself, in light and in dark.

There is no script and no reference to anything outside; all text is escaped.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from gql.domain.graph_layout import (
    NODE_HEIGHT,
    NODE_WIDTH,
    Ends,
    Layout,
    Point,
    lay_out,
)
from gql.domain.graph_picture import Picture, PictureEdge, PictureNode, shortened

LONGEST_NAME, LONGEST_LABEL = 18, 24

HOTTEST = 0.55
"""How far the box of the most visited node is painted over; its text is still read on it."""

_LABEL_HEIGHT = 14.0
_HEADER = 34.0
_LEGEND_WIDTH = 150.0

_STYLE = """
svg{--paper:#fff;--ink:#1c2430;--soft:#5a6675;--line:#8793a3;--node:#f6f8fb;--edge:#c3ccd8;
--entry:#1f8a4c;--standard:#3a6ea5;--exit:#6b7280;--escalation:#b45309;
--error:#c62828;--warning:#b26a00;--information:#2962a8;--walked:#5b3fd6;--heat:#e4572e}
@media(prefers-color-scheme:dark){svg{--paper:#12161c;--ink:#e8edf4;--soft:#a3afbf;--line:#7b8898;
--node:#1d242e;--edge:#3a4655;--entry:#4cc77f;--standard:#6aa7e8;--exit:#98a2b1;
--escalation:#f0a04b;--error:#ff6b6b;--warning:#ffb74d;--information:#7ab8ff;--walked:#a78bfa;
--heat:#f0764f}}
.paper{fill:var(--paper)}text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
fill:var(--ink)}
.heading{font-size:15px;font-weight:600}.name{font-size:13px;font-weight:600}
.note{font-size:10.5px;fill:var(--soft)}
.label{font-size:10.5px;fill:var(--soft);text-anchor:middle;paint-order:stroke;
stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.box{fill:var(--node);stroke:var(--edge);stroke-width:1.2}
.entry .bar{fill:var(--entry)}.standard .bar{fill:var(--standard)}
.exit .bar{fill:var(--exit)}.escalation .bar{fill:var(--escalation)}
.heat{fill:var(--heat)}.heat~.note{fill:var(--ink)}
.way{fill:none;stroke:var(--line);stroke-width:1.4}.tip{fill:var(--line)}
.inactive .way{stroke-dasharray:4 4}
.error .box,.error .way{stroke:var(--error);stroke-width:2.2}.error .tip{fill:var(--error)}
.warning .box,.warning .way{stroke:var(--warning);stroke-width:2.2}
.warning .tip{fill:var(--warning)}
.information .box,.information .way{stroke:var(--information);stroke-width:2}
.information .tip{fill:var(--information)}
.walked .box,.walked .way{stroke:var(--walked);stroke-width:2.6}.walked .tip{fill:var(--walked)}
.faded{opacity:.45}
"""


def draw_svg(picture: Picture) -> str:
    """The document, laid out anew each time: the same for the same picture."""
    ends = [Ends(each.id, each.start, each.end) for each in picture.edges]
    layout = lay_out([each.id for each in picture.nodes], ends)
    return "".join(_document(picture, layout))


def _document(picture: Picture, layout: Layout) -> Iterator[str]:
    width = max(layout.width, 300.0, 48 + _LEGEND_WIDTH * len(picture.legend))
    legend_height = 30.0 if picture.legend else 0.0
    height = layout.height + _HEADER + legend_height
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    yield f"<title>{_text(picture.name)}</title><style>{_STYLE}</style>"
    yield f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>'
    yield f'<text class="heading" x="24" y="32">{_text(shortened(picture.name, 60))}</text>'
    yield f'<g transform="translate(0 {_HEADER:.0f})">'
    for edge in picture.edges:
        yield from _line(edge, layout.edges[edge.id])
    for node in picture.nodes:
        yield from _box(node, layout.nodes[node.id])
    yield from _labels(picture, layout)
    yield "</g>"
    for column, (paint, meaning) in enumerate(picture.legend.items()):
        x, y = 24 + column * _LEGEND_WIDTH, height - 18
        yield f'<g class="{paint}"><path class="way" d="M{x:.0f} {y:.0f}h22"/></g>'
        yield f'<text class="note" x="{x + 28:.0f}" y="{y + 4:.0f}">{_text(meaning)}</text>'
    yield "</svg>"


def _box(node: PictureNode, middle: Point) -> Iterator[str]:
    x, y = middle[0] - NODE_WIDTH / 2, middle[1] - NODE_HEIGHT / 2
    yield f'<g class="{node.node_type} {node.paint or ""}" transform="translate({x:.1f} {y:.1f})">'
    yield f"<title>{_text(node.title)}</title>"
    yield f'<rect class="box" width="{NODE_WIDTH:.0f}" height="{NODE_HEIGHT:.0f}" rx="9"/>'
    if node.share is not None:
        yield (
            f'<rect class="heat" width="{NODE_WIDTH:.0f}" height="{NODE_HEIGHT:.0f}" rx="9"'
            f' opacity="{HOTTEST * node.share:.2f}"/>'
        )
    yield f'<rect class="bar" x="8" y="9" width="4" height="{NODE_HEIGHT - 18:.0f}" rx="2"/>'
    yield f'<text class="name" x="20" y="20">{_text(shortened(node.name, LONGEST_NAME))}</text>'
    yield f'<text class="note" x="20" y="36">{_text(shortened(node.note, 28))}</text></g>'


def _line(edge: PictureEdge, route: Sequence[Point]) -> Iterator[str]:
    yield f'<g class="{_classes(edge)}"><title>{_text(edge.title)}</title>'
    end, before = route[-1], route[-2]
    if edge.start == edge.end:
        x, top = route[0]
        yield f'<path class="way" d="M{x:.1f} {top:.1f}c-6 -22 26 -22 {end[0] - x:.1f} -6"/>'
        yield f'<path class="tip" d="M{end[0]:.1f} {top:.1f}l-5 -9h10z"/></g>'
        return
    # The line ends where the arrowhead begins.
    right = 1 if end[0] > before[0] else -1
    yield f'<path class="way" d="{_curve([*route[:-1], (end[0] - 8 * right, end[1])])}"/>'
    yield f'<path class="tip" d="M{end[0]:.1f} {end[1]:.1f}l{-9 * right} -4.5v9z"/></g>'


def _curve(route: Sequence[Point]) -> str:
    parts = [f"M{route[0][0]:.1f} {route[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(route):
        if y == to_y:
            parts.append(f"H{to_x:.1f}")
            continue
        middle = (x + to_x) / 2
        parts.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(parts)


def _labels(picture: Picture, layout: Layout) -> Iterator[str]:
    """Each in the last gap before its arrowhead, at the first spot where it covers no other one."""
    occupied: list[tuple[float, float, float]] = []
    for edge in picture.edges:
        if not edge.label:
            continue
        label = shortened(edge.label, LONGEST_LABEL)
        half = len(label) * 2.9 + 4
        spots = list(_label_spots(edge, layout.edges[edge.id]))
        x, y = next(
            (
                (x, y)
                for x, y in spots
                if all(
                    abs(x - other_x) > half + other_half or abs(y - other_y) > _LABEL_HEIGHT
                    for other_x, other_y, other_half in occupied
                )
            ),
            spots[0],
        )
        occupied.append((x, y, half))
        attributes = f'x="{x:.1f}" y="{y:.1f}"'
        text = f'<text class="label" {attributes}>{_text(label)}</text>'
        yield f'<g class="{_classes(edge)}">{text}</g>'


def _label_spots(edge: PictureEdge, route: Sequence[Point]) -> Iterator[Point]:
    if edge.start == edge.end:
        yield route[0][0] - 12, route[0][1] - 20
        return
    (from_x, from_y), (to_x, to_y) = route[-2], route[-1]
    for beside in (0, 15, -15, 30, -30):
        for part in (0.5, 0.6, 0.4, 0.7, 0.3):
            # A curve with level ends goes down by 3t^2 - 2t^3, and across by nearly t.
            down = part * part * (3 - 2 * part)
            yield from_x + part * (to_x - from_x), from_y + down * (to_y - from_y) + 4 + beside


def _classes(edge: PictureEdge) -> str:
    return f"{edge.paint or ''}{'' if edge.is_active else ' inactive'}".strip()


def _text(value: str) -> str:
    """Escaped, without the control characters that XML 1.0 does not allow."""
    allowed = "".join(
        character
        for character in value
        if character in "\t\n\r" or (character >= " " and character not in "\ufffe\uffff")
    )
    return escape(allowed, {'"': "&quot;"})
