"""What a request has wrong, in the form that callers of the documented API know.

Each problem is `{"type", "loc", "msg", "input"}` and sometimes `"ctx"`, exactly as pydantic words
it, with `loc` beginning at `path`, `query`, `header` or `body`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

MOST_PROBLEMS = 100
"""Most problems of one answer: a megabyte of mistakes must not become a hundred of complaints."""

Detail = dict[str, Any]


class Unprocessable(Exception):  # noqa: N818 -- a fact about a request
    """A request whose parameters or body do not fit their declaration.

    Args:
        details: Every problem, at least one.
    """

    def __init__(self, details: Sequence[Detail]) -> None:
        super().__init__(f"{len(details)} problems")
        self.details = list(details[:MOST_PROBLEMS])


class BadBody(Unprocessable):
    """The body is what is wrong."""


def details_of(error: ValidationError, *place: str) -> list[Detail]:
    """A model's problems, their places prefixed: `query`, `body`."""
    details: list[Detail] = []
    for found in error.errors(include_url=False)[:MOST_PROBLEMS]:
        detail = detail_of(found["type"], (*place, *found["loc"]), found["msg"], found["input"])
        context = found.get("ctx")
        if context:
            detail["ctx"] = {name: _plain(value) for name, value in context.items()}
        details.append(detail)
    return details


def detail_of(
    kind: str,
    loc: Sequence[str | int],
    msg: str,
    value: Any,
    ctx: Mapping[str, Any] | None = None,
) -> Detail:
    """One problem."""
    detail: Detail = {"type": kind, "loc": list(loc), "msg": msg, "input": value}
    if ctx:
        detail["ctx"] = dict(ctx)
    return detail


def _plain(value: Any) -> Any:
    """What pydantic tells about a problem, as JSON: exceptions and types become their text."""
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
