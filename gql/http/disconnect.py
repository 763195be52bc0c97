"""Notices that a client went away while its answer is being made."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

Result = TypeVar("Result")


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client goes away; the body must have been read, unless it is empty."""
    # The empty body of a GET is all that may come before. A client that goes on sending is not
    # waited for: reading on would be a loop that a fast sender keeps busy.
    for _ in range(2):
        if (await receive())["type"] == "http.disconnect":
            return
    await asyncio.Event().wait()


async def cancel_on_disconnect(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of some work that may have to wait; servers do not cancel it by themselves.

    Raises:
        ClientDisconnect: when the client went away before; then the work is cancelled.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(wait_for_disconnect(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            leaving.result()
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
