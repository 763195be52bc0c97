"""What SIGTERM does: readiness fails first, then requests are finished, then they are ended."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gql.http.running_requests import RunningRequests

UNREADY_SHARE = 0.2
"""The share of the time in which requests are still accepted: a load balancer needs it to notice
that `/readyz` fails."""

FINISHING_SHARE = 0.5
"""The share after that in which requests that run may end by themselves."""

_log = logging.getLogger(__name__)


@contextmanager
def end_on_sigterm(requests: RunningRequests, timeout: float) -> Iterator[None]:
    """Stand before the server's own handler of SIGTERM while the block runs.

    uvicorn closes its port at the signal, so that a load balancer learns of it by refused
    connections, and it has no bound for what the application does after that. Ctrl-C is not
    changed: whoever sits at the keyboard waits for nothing.

    Args:
        requests: Those that run in this process.
        timeout: Seconds from the signal to the end of the process.
    """
    server = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(server):
        yield  # no server waits for the signal here
        return
    loop = asyncio.get_running_loop()

    def stop() -> None:
        requests.is_stopping = True
        loop.call_later(timeout * UNREADY_SHARE, server, signal.SIGTERM, None)
        loop.call_later(timeout * (UNREADY_SHARE + FINISHING_SHARE), requests.end_all)

    def handle(_number: int, _frame: FrameType | None) -> None:
        # The thread ends even a process whose event loop is stuck.
        force = threading.Timer(timeout, _end_by_force, (timeout,))
        force.daemon = True
        force.start()
        loop.call_soon_threadsafe(stop)

    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, server)


def _end_by_force(timeout: float) -> None:
    _log.critical("the process did not end within %s seconds, and is ended by force", timeout)
    os._exit(1)


def server_grace(timeout: float) -> int:
    """How many seconds the server waits for requests, after it has closed its port."""
    # A little longer than until all requests are ended, so that their answers are sent.
    return max(1, int(timeout * (FINISHING_SHARE + 0.1)))
