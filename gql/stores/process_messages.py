"""Short messages from each process to all others: a topic, and an organization's id.

They are sent after a commit, never inside the transaction: a NOTIFY makes PostgreSQL take a lock of
the whole server at the commit, and all commits that notify would wait for each other's disks
(https://www.postgresql.org/docs/current/sql-notify.html#id-1.9.3.158.7).

A message is a hint, and nothing depends on it alone. So a channel that breaks is opened again in
the background, and no request waits for that.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from gql.background import cancel

CHANNEL = "jackfield"

SEND_SECONDS = 2.0
"""How long a message may take to be sent."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds until a channel that broke is opened again; they double with every failure."""

_log = logging.getLogger(__name__)

Receive = Callable[[str | None], None]
"""Takes a message; None when the channel was opened, as some were missed, or tells not which."""

Act = Callable[[int | None], None]
"""Does what a topic is about for an organization; for all of them where it is not known which."""


class MessageChannel(Protocol):
    """How processes send each other messages; sender and receiver may raise anything."""

    async def send(self, message: str) -> None:
        """Tell all processes that listen."""
        ...

    async def listen(self, receive: Receive) -> None:
        """Receive until the channel breaks.

        Returns:
            When it has broken.
        """
        ...

    async def close(self) -> None:
        """End its connections."""
        ...


class ProcessMessages:
    """One per process.

    Args:
        channel: To the other processes; None where they have none.

    Attributes:
        is_listening: Whether what others send arrives here.
        received: How many messages have come, by topic.
    """

    def __init__(self, channel: MessageChannel | None = None) -> None:
        self._channel = channel
        self._acts: dict[str, Act] = {}
        self._task: asyncio.Task[None] | None = None
        self.is_listening = False
        self.received: Counter[str] = Counter()

    def listen_for(self, topic: str, act: Act) -> None:
        """Who acts on the messages of a topic in this process."""
        self._acts[topic] = act

    async def send(self, topic: str, organization_id: int) -> None:
        """Tell the other processes; it never raises."""
        if self._channel is None:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._channel.send(f"{topic} {organization_id}")
        except Exception as error:  # noqa: BLE001 -- what was done is done, and messages are hints
            _log.warning("other processes learn of a change later (%s): %r", topic, error)

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
                _log.warning("the channel to other processes is away: %r", reason)
            wait = FIRST_WAIT if self.is_listening else min(wait * 2, LONGEST_WAIT)
            self.is_listening = False
            await asyncio.sleep(wait)

    def _receive(self, message: str | None) -> None:
        if message is None:
            self.is_listening = True
            for act in self._acts.values():
                act(None)
            return
        topic, _, organization_id = message.partition(" ")
        act_on = self._acts.get(topic)
        if act_on is not None and organization_id.isdecimal():
            self.received[topic] += 1
            act_on(int(organization_id))
