"""Charges what a request takes of the event loop: to its address, then to its organization."""

import asyncio
from collections.abc import Awaitable, Coroutine, Hashable
from typing import Any, TypeVar, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from gql.loop_shares import CHARGED_TASK, LoopShares, SharedTask

_TASK = "jackfield.loop_task"

Result = TypeVar("Result")


class ChargedToAddress:
    """ASGI middleware, the outermost one: until a request's caller is known, its client's address.

    Args:
        app: What answers.
        shares: Of the event loop.
    """

    def __init__(self, app: ASGIApp, shares: LoopShares) -> None:
        self._app = app
        self._shares = shares

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        work: Any = self._app(scope, receive, send)
        if scope["type"] != "http":
            return cast("Awaitable[None]", work)
        client = scope.get("client")
        share = self._shares.of(client[0] if client else None)
        task: SharedTask[None] = SharedTask(self._shares, share, work)
        scope[_TASK] = task
        CHARGED_TASK.set(task)
        return task


async def charge_to_organization(scope: Scope, organization_id: int) -> None:
    """From now on it is the organization's; ends when that may go on."""
    task: SharedTask[None] | None = scope.get(_TASK)
    if task is not None and task.move_to(organization_id):
        await asyncio.sleep(0)  # its next step is the one that waits


async def charged_to(
    shares: LoopShares, holder: Hashable, work: Coroutine[Any, Any, Result]
) -> Result:
    """Do work in a task of its own, which is charged to a share of the event loop."""
    task = SharedTask(shares, shares.of(holder), work)
    CHARGED_TASK.set(task)
    return await task
