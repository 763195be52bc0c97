"""Ends requests before they are answered: when their time is over, or their client has gone."""

import asyncio
import math
import time
from types import TracebackType
from typing import Self

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from gql.errors import RETRY_AFTER, BadRequest, DeadlineExceeded, Overloaded, Unavailable
from gql.http.disconnect import wait_for_disconnect
from gql.queueing import is_queued

DEADLINE_HEADER = b"jackfield-deadline-ms"
"""The header by which a caller gives a request less time than the gateway does."""

LOOK_SECONDS = 0.1
"""How often the requests that run are looked at."""

SEND_SECONDS = 20.0
"""How long the client of an answer without end may take to receive a part of it; a slower one is
cut off, and comes again."""

STOPPED = "The gateway is being stopped; try again."

_MOST_DIGITS = 9


class RunningRequest:
    """The time in which a request is answered, as a context manager around that work.

    The request is ended by cancelling the task, and whatever waits below must end what it has
    begun: a statement is stopped on the database too. The exit turns the cancellation into why.

    Attributes:
        expires: When its time is over, by the monotonic clock.
        receive: Tells when the client goes away. It is set once the body has been read, as two
            readers would take parts of it from each other.

    Raises:
        DeadlineExceeded: at the exit, when the time was over.
        Overloaded: the same, when all of it went by in a queue.
        ClientDisconnect: at the exit, when the client had gone.
        Unavailable: at the exit, when the process was being stopped.
    """

    # Defaults on the class: most requests are answered before one of these is ever set.
    receive: Receive | None = None
    _timer: asyncio.TimerHandle | None = None
    _watcher: asyncio.Task[None] | None = None
    _seen: bool = False
    _reason: Exception | None = None

    def __init__(self, running: "dict[RunningRequest, None]", expires: float) -> None:
        self.expires = expires
        self._running = running
        self._task = asyncio.current_task()

    def __enter__(self) -> Self:
        self._running[self] = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del self._running[self]
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._reason is not None and self._task is not None:
            # Somebody else may have cancelled the task too, and that must go on. An answer that was
            # ready at the same moment is sent.
            others = self._task.uncancel()
            if error is not None and not others:
                raise _why(self._reason, error) from error

    def end(self, reason: Exception) -> None:
        """Cancel the work; does nothing the second time."""
        if self._reason is None and self._task is not None:
            self._reason = reason
            self._task.cancel()

    def end_at_deadline(self) -> None:
        """End it with `DeadlineExceeded` at the moment when its time is over."""
        seconds = self.expires - time.monotonic()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, lambda: self.end(DeadlineExceeded()))

    def look(self, now: float) -> None:
        """End it when its time is over; from the second look on, watch the client."""
        if self.expires <= now:
            self.end(DeadlineExceeded())
        elif self._seen and self.receive is not None and self._watcher is None:
            self._watcher = asyncio.create_task(self._watch(self.receive))
        self._seen = True

    async def _watch(self, receive: Receive) -> None:
        await wait_for_disconnect(receive)
        self.end(ClientDisconnect())


def _why(reason: Exception, error: BaseException) -> Exception:
    """Why a request is ended, which a cancellation did for this reason."""
    if isinstance(reason, DeadlineExceeded) and is_queued(error):
        return Overloaded("Too many requests are waiting; try again.", RETRY_AFTER)
    return reason


class RunningRequests:
    """The requests that a process answers right now.

    A timer and a task for each request would cost as much as a small statement. So one timer looks
    at all requests ten times a second, and only those that have run for a while get a task that
    waits for their client to go away.

    Args:
        timeout: Seconds that a request may take.

    Attributes:
        is_stopping: Whether the process is about to end; readiness tells.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._running: dict[RunningRequest, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.is_stopping = False

    def begin(self, deadline: bytes | None = None) -> RunningRequest:
        """The time of a request that arrives now, for `with`.

        Args:
            deadline: The value of the header `Jackfield-Deadline-Ms`.

        Raises:
            BadRequest: when that is not a whole number of milliseconds.
        """
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        now = time.monotonic()
        if deadline is None:
            return RunningRequest(self._running, now + self._timeout)
        request = RunningRequest(self._running, now + min(self._timeout, _seconds(deadline)))
        request.end_at_deadline()
        return request

    def begin_endless(self) -> RunningRequest:
        """An answer that goes on until its client leaves or the process ends, for `with`."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        return RunningRequest(self._running, math.inf)

    def end_all(self) -> None:
        """End every request, as the process is about to end."""
        for request in self._running:
            request.end(Unavailable(STOPPED, RETRY_AFTER))

    def _look(self) -> None:
        now = time.monotonic()
        for request in self._running:
            request.look(now)
        self._timer = None
        if self._running:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)


def _seconds(deadline: bytes) -> float:
    text = deadline.strip()
    if not text.isdigit() or len(text) > _MOST_DIGITS or int(text) == 0:
        raise BadRequest(
            "The header Jackfield-Deadline-Ms must be a whole number of milliseconds, from 1 to"
            f" {10**_MOST_DIGITS - 1}."
        )
    return int(text) / 1_000
