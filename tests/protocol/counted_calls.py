"""Counts the function calls of some code: a measure of its work that no busy machine changes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass
class Calls:
    """How many functions were called, those written in C among them."""

    number: int = 0


@contextmanager
def counted_calls() -> Iterator[Calls]:
    """Count every call of this thread while the block runs."""
    calls = Calls()

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        calls.number += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
