"""Has every process verify the credentials of an organization anew once one was revoked.

Processes cache verified credentials for some seconds (`gql/auth/credential_cache.py`). The writes
that revoke a key, end a login or change a password note the organization on their transaction, and
after its commit the organization's id goes to all processes. Not inside the transaction: a NOTIFY
makes PostgreSQL take a lock of the whole server at the commit, and all commits that notify would
wait for each other's disks
(https://www.postgresql.org/docs/current/sql-notify.html#id-1.9.3.158.7).

A message is a hint, and nothing depends on it alone: one that is lost costs the seconds of the
cache. So a channel that breaks is opened again in the background, and no request waits for that.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Protocol

from gql.background import cancel

CHANNEL = "jackfield_credentials"

SEND_SECONDS = 2.0
"""How long a write waits, after its commit, for its message to be sent."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds until a channel that broke is opened again; they double with every failure."""

_log = logging.getLogger(__name__)

Forget = Callable[[int | None], None]
"""Forgets the cached credentials of an organization, or of all."""


class MessageChannel(Protocol):
    """How processes send each other organizations' ids; sender and receiver may raise anything."""

    async def send(self, organization_id: int) -> None:
        """Tell all processes that listen."""
        ...

    async def listen(self, forget: Forget) -> None:
        """Receive until the channel breaks; all are forgotten when it is open, as some were missed.

        Returns:
            When it has broken.
        """
        ...

    async def close(self) -> None:
        """End its connections."""
        ...


class CredentialChanges:
    """One per process.

    Args:
        channel: To the other processes; without one, each finds out when its cache expires.

    Attributes:
        is_listening: Whether what others revoke arrives here at once.
        received: How many messages have come.
    """

    def __init__(self, channel: MessageChannel | None = None) -> None:
        self._channel = channel
        self._forget: Forget | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_listening = False
        self.received = 0

    def forget_by(self, forget: Forget) -> None:
        """Who has credentials cached in this process."""
        self._forget = forget

    async def publish(self, organizations: Collection[int]) -> None:
        """Forget them here, and tell the others; it never raises."""
        for organization_id in organizations:
            self._pass_on(organization_id)
            if self._channel is None:
                continue
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._channel.send(organization_id)
            except Exception as error:  # noqa: BLE001 -- the write is done, and caches expire
                _log.warning(
                    "other processes refuse what was revoked only when their caches expire: %r",
                    error,
                )

    def start(self) -> None:
        """Begin to listen in the background, in the running event loop."""
        if self._channel is not None:
            self._task = asyncio.create_task(self._run(self._channel))

    async def close(self) -> None:
        """End listening and the channel; does nothing after the first call."""
        task, self._task = self._task, None
        await cancel(task)
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    async def _run(self, channel: MessageChannel) -> None:
        wait = FIRST_WAIT
        while True:
            reason: Exception | str = "it was closed"
            try:
                await channel.listen(self._receive)
            except Exception as error:  # noqa: BLE001 -- one that breaks is opened again
                reason = error
            if self.is_listening or wait == FIRST_WAIT:
                _log.warning("the channel of revoked credentials is away: %r", reason)
            wait = FIRST_WAIT if self.is_listening else min(wait * 2, LONGEST_WAIT)
            self.is_listening = False
            await asyncio.sleep(wait)

    def _receive(self, organization_id: int | None) -> None:
        if organization_id is None:
            self.is_listening = True
        else:
            self.received += 1
        self._pass_on(organization_id)

    def _pass_on(self, organization_id: int | None) -> None:
        if self._forget is not None:
            self._forget(organization_id)
