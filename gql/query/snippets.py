"""The part of a text that shows why it matches."""

from collections.abc import Iterator, Sequence

_LENGTH = 160
"""Characters of the text in a snippet, about."""

_LEAD = 60
"""Of them, how many come before the first match at most."""

_MORE = "…"


def mark_snippet(text: str, spans: Sequence[tuple[int, int]], before: str, after: str) -> str:
    """The text around the first of some spans, with marks before and after each that it shows.

    It is cut between words where there are spaces, and an ellipsis says where.
    """
    first, first_end = spans[0] if spans else (0, 0)
    start = max(0, first - _LEAD)
    if start:
        start = text.find(" ", start, first) + 1 or start
    end = start + _LENGTH
    if end < len(text):
        end = max(text.rfind(" ", first_end, end), first_end) if spans else end
    pieces = "".join(_marked(text, spans, start, max(end, start + 1), before, after))
    return f"{_MORE if start else ''}{pieces}{_MORE if end < len(text) else ''}"


def _marked(
    text: str, spans: Sequence[tuple[int, int]], start: int, end: int, before: str, after: str
) -> Iterator[str]:
    for span_start, span_end in spans:
        if span_end > end:
            break
        yield f"{text[start:span_start]}{before}{text[span_start:span_end]}{after}"
        start = span_end
    yield text[start:end]
