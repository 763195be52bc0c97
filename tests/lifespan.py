"""Runs an ASGI application the way a server does: start-up, requests, shutdown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message, Scope


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """Start the application, and shut it down when the block ends.

    Raises:
        RuntimeError: when the application reports that it cannot start.
    """
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message] = asyncio.Queue()
    scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(_run(app, scope, inbox, outbox))
    await inbox.put({"type": "lifespan.startup"})
    await _expect("lifespan.startup.complete", outbox, task)
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await _expect("lifespan.shutdown.complete", outbox, task)
        await task


async def _run(
    app: ASGIApp, scope: Scope, inbox: asyncio.Queue[Message], outbox: asyncio.Queue[Message]
) -> None:
    await app(scope, inbox.get, outbox.put)


async def _expect(kind: str, outbox: asyncio.Queue[Message], task: asyncio.Task[None]) -> None:
    answer = asyncio.create_task(outbox.get())
    await asyncio.wait({answer, task}, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        task.result()
        raise RuntimeError(f"the application ended without {kind}")
    if answer.result()["type"] != kind:
        raise RuntimeError(str(answer.result()))
