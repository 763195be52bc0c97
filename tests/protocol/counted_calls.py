"""Counts the function calls of some code: a measure of its work that no busy machine changes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any

_IS_COUNTED: ContextVar[bool] = ContextVar("is_counted", default=False)


@dataclass
class Calls:
    """How many functions were called, those written in C among them."""

    number: int = 0


@contextmanager
def counted_calls() -> Iterator[Calls]:
    """Count every call of this task, and of those that it starts, while the block runs.

    The application's own tasks do more the longer the block takes, as on a busy machine.
    """
    calls = Calls()

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        calls.number += _IS_COUNTED.get() and event in {"call", "c_call"}

    token = _IS_COUNTED.set(True)
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        _IS_COUNTED.reset(token)
