"""What is done for one WebSocket: tasks that end together."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Self

from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope

from gql.errors import Unavailable
from gql.http.identify import LOOK_SECONDS, Identify, refusal_of
from gql.http.running_requests import SEND_SECONDS, STOPPED, RunningRequests
from gql.http.socket_closing import Close, CloseCode
from gql.identity import Identity
from gql.settings import Settings

Work = Callable[..., Coroutine[Any, Any, None]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SocketLimits:
    """What one WebSocket may take.

    Attributes:
        queued_bytes: Of what waits to be sent.
        send_seconds: How long a client may take to receive a message.
        look_seconds: Between two looks at the credential.
    """

    queued_bytes: int
    send_seconds: float = SEND_SECONDS
    look_seconds: float = LOOK_SECONDS

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Where one longest answer may wait."""
        return cls(settings.max_response_bytes)


class SocketTasks:
    """Parts of the work for one WebSocket; where one of them cannot go on, neither does another.

    Args:
        requests: Those that run in this process, of which the WebSocket is one.
    """

    def __init__(self, requests: RunningRequests) -> None:
        self._requests = requests
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()

    async def run(self, *parts: Work) -> Close | None:
        """Do some parts, and what these start, until one of all ends the WebSocket.

        Returns:
            Why it is to be closed; None when the client has gone.
        """
        try:
            with self._requests.begin_endless():
                for part in parts:
                    self.start(part)
                return await self._end
        except Unavailable as error:
            return Close(CloseCode.SERVICE_RESTART, error.message)
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    def start(self, work: Work, *arguments: Any) -> asyncio.Task[None]:
        """Do one more part; it ends the WebSocket by `Close` and by `ClientDisconnect`."""
        task = asyncio.create_task(self._guard(work, *arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guard(self, work: Work, *arguments: Any) -> None:
        try:
            await work(*arguments)
        except Close as close:
            end: Close | None = close
        except ClientDisconnect:
            end = None
        except Exception:  # noqa: BLE001 -- logged; the client is told that it was a bug
            _log.exception("unexpected error in a WebSocket")
            end = Close(CloseCode.INTERNAL_ERROR, "Unexpected error.")
        else:
            return
        if not self._end.done():
            self._end.set_result(end)


def ending_of(event: Message) -> Close | ClientDisconnect:
    """What an ASGI event `websocket.disconnect` ends a WebSocket by.

    Its code is 1012 where it is not the client that leaves, but this process.
    """
    if event.get("code") == CloseCode.SERVICE_RESTART:
        return Close(CloseCode.SERVICE_RESTART, STOPPED)
    return ClientDisconnect()


async def watch_credential(
    identify: Identify, scope: Scope, caller: Identity, *, seconds: float, forbidden: int
) -> None:
    """Look at a caller's credential again and again.

    Args:
        identify: Says who sends the handshake.
        scope: The handshake, with the credential.
        caller: Who did send it.
        seconds: Between two looks.
        forbidden: The code to close with.

    Raises:
        Close: when it has ended.
    """
    while True:
        await asyncio.sleep(seconds)
        refusal = await refusal_of(identify, scope, caller)
        if refusal is not None:
            raise Close.of_refusal(refusal, forbidden=forbidden)
