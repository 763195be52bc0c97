"""What does not fit in a request, in the form that callers of the documented API know.

Each problem is `{"type", "loc", "msg", "input"}` and sometimes `"ctx"`, exactly as pydantic words
it, with `loc` beginning at `path`, `query`, `header` or `body`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

MOST_PROBLEMS = 100
"""Most problems of one answer: a megabyte of mistakes must not be answered with a hundred."""

Detail = dict[str, Any]
"""One problem."""


class Unprocessable(Exception):  # noqa: N818 -- a fact about a request
    """A request whose parameters or body do not fit their declaration.

    Args:
        details: Every problem, at least one.
    """

    def __init__(self, details: Sequence[Detail]) -> None:
        super().__init__(f"{len(details)} problems")
        self.details = list(details[:MOST_PROBLEMS])


class BadBody(Unprocessable):
    """It is the body that does not fit."""


def details_of(error: ValidationError, *prefix: str) -> list[Detail]:
    """A model's problems; each `loc` begins with the prefix: `query`, `body`."""
    details: list[Detail] = []
    for problem in error.errors(include_url=False)[:MOST_PROBLEMS]:
        ctx = {name: _json_value(value) for name, value in problem.get("ctx", {}).items()}
        loc = (*prefix, *problem["loc"])
        details.append(detail_of(problem["type"], loc, problem["msg"], problem["input"], ctx))
    return details


def detail_of(
    kind: str,
    loc: Sequence[str | int],
    msg: str,
    value: Any,
    ctx: Mapping[str, Any] | None = None,
) -> Detail:
    detail: Detail = {"type": kind, "loc": list(loc), "msg": msg, "input": value}
    if ctx:
        detail["ctx"] = dict(ctx)
    return detail


def _json_value(value: Any) -> Any:
    """A value of pydantic's `ctx` as JSON: exceptions and types become their text."""
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
