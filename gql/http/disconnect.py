"""Notices that a client went away while its answer is being made."""

import asyncio

from starlette.types import Receive


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client goes away; the body must have been read, unless it is empty."""
    # The empty body of a GET is all that may come before. A client that goes on sending is not
    # waited for: reading on would be a loop that a fast sender keeps busy.
    for _ in range(2):
        if (await receive())["type"] == "http.disconnect":
            return
    await asyncio.Event().wait()
