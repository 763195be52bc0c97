"""Tells a task that was cancelled in a queue from one that was cancelled at its own work."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

_NOTE = "while it waited for others"


@contextmanager
def waiting_for_others() -> Iterator[None]:
    """Around a wait in a queue: a request whose time is over there may be sent again."""
    try:
        yield
    except asyncio.CancelledError as error:
        error.add_note(_NOTE)
        raise


def is_queued(error: BaseException) -> bool:
    """Whether it is the cancellation of a task whose own work had not begun."""
    return _NOTE in getattr(error, "__notes__", ())
