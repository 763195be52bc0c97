"""The replicas that reads go to: which of them may be used, and which one serves a request.

A request may read where all is replayed that its client wrote. Mostly that is known without asking:
one task looks at every server once per second, and what a replica had replayed then, it has. Where
that is not enough the furthest replica is asked, for a moment again and again; then the primary
serves the request.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Sequence
from enum import StrEnum

from gql.background import cancel
from gql.database.engine import Database
from gql.database.failures import has_lost_database
from gql.database.replica import Server
from gql.database.write_position import LARGEST, RecentWrites
from gql.settings import Settings

INTERVAL = 1.0
"""Seconds between two looks at a server."""

PRIMARY = "primary"

STEP = 0.02
"""Seconds between two questions to a replica that a request waits for."""

_log = logging.getLogger(__name__)


class Choice(StrEnum):
    """Why a request reads where it does, as metrics call it."""

    REPLICA = "replica"
    """A replica has replayed all that the client wrote."""

    BEHIND = "behind"
    """The primary: no replica has, and none did while the request waited."""

    NONE_USABLE = "none_usable"
    """The primary: all replicas are dead, or too far behind."""

    FAILED = "failed"
    """The primary, once more: the replica failed while it read."""


NOT_SEEN = "it was not watched for long enough yet"


class Replica(Server):
    """A server that follows the primary.

    Attributes:
        lag: Seconds that it is behind the primary, at least; None while that is not known.
        problem: Why it is not used; None when it is.
    """

    lag: float | None = None
    problem: str | None = NOT_SEEN


class Replicas:
    """The replicas of one primary, watched by one task of the process.

    Args:
        settings: With the addresses of the replicas.
        primary: Where writes go, and reads that no replica can serve.
        revision: Of the tables that this version reads.

    Attributes:
        primary: The same.
        replicas: In the order of the settings.
        keeping: Seconds after which a client may forget what it wrote: every replica in use has it.
        writes: What each credential wrote last in this process.
        counts: How many requests read where, by the name of the server, and why.
    """

    def __init__(self, settings: Settings, primary: Database, revision: str) -> None:
        self.primary = primary
        self.replicas = tuple(
            Replica(f"replica_{number}", Database(each), each)
            for number, each in enumerate(settings.of_replicas(), start=1)
        )
        self.keeping = settings.max_replica_lag + 3 * INTERVAL
        self.writes = RecentWrites(self.keeping)
        self.counts: Counter[tuple[str, Choice]] = Counter()
        self._leader = Server(PRIMARY, primary, settings)
        self._revision = revision
        self._max_lag = settings.max_replica_lag
        self._wait = settings.replica_wait
        self._written: deque[tuple[float, int]] = deque()
        """When the primary had written how much of its log, oldest first."""
        self._served = 0
        """How many requests were given a replica without asking it."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look at the servers, in the running event loop; until then none is used."""
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop looking, and close the connections to the replicas."""
        await cancel(self._task)
        for replica in self.replicas:
            await replica.close()
            await replica.database.close()
        await self._leader.close()

    async def choose(self, position: int) -> Replica | None:
        """The replica for a request that must read all up to a position; None for the primary."""
        usable = [replica for replica in self.replicas if replica.problem is None]
        replica = await self._caught_up(usable, position)
        if replica is not None:
            self.counts[replica.name, Choice.REPLICA] += 1
        else:
            self.counts[PRIMARY, Choice.BEHIND if usable else Choice.NONE_USABLE] += 1
        return replica

    def report(self, replica: Replica, error: BaseException) -> None:
        """A read has failed on a replica; if that is dead, it is not used until it answers."""
        self.counts[PRIMARY, Choice.FAILED] += 1
        if replica.state is not None and has_lost_database(error):
            replica.fail(repr(error))
            self._judge(replica)

    async def look(self) -> None:
        """Look at every server whose time has come, and decide which replicas are used."""
        servers = (self._leader, *self.replicas)
        await asyncio.gather(*(server.look() for server in servers if server.is_due))
        if self._leader.state is not None:
            self._note(self._leader.state.position)
        for replica in self.replicas:
            self._judge(replica)

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001 -- a bug must not end the loop
                _log.exception("looking at the replicas failed")
            await asyncio.sleep(INTERVAL)

    async def _caught_up(self, usable: Sequence[Replica], position: int) -> Replica | None:
        """One of the replicas that has replayed the log up to a position, or does so in time."""
        ready = [replica for replica in usable if replica.position >= position]
        if ready:
            self._served += 1
            return ready[self._served % len(ready)]
        if not usable or position == LARGEST:
            return None
        furthest = max(usable, key=lambda replica: replica.position)
        try:
            async with asyncio.timeout(self._wait):
                while True:
                    await furthest.look()
                    self._judge(furthest)
                    if furthest.problem is not None:
                        return None
                    if furthest.position >= position:
                        return furthest
                    await asyncio.sleep(STEP)
        except TimeoutError:
            return None

    def _note(self, position: int) -> None:
        """Keep how far the primary has come, for as long as that may tell a lag."""
        now = time.monotonic()
        if self._written and position < self._written[-1][1]:
            self._written.clear()  # another server is the primary now
        self._written.append((now, position))
        while now - self._written[0][0] > self._max_lag + 2 * INTERVAL:
            self._written.popleft()

    def _judge(self, replica: Replica) -> None:
        """Decide whether a replica is used, and log when that changes."""
        before, replica.problem = replica.problem, self._problem(replica)
        is_old = before != NOT_SEEN and (before is None) == (replica.problem is None)
        if is_old or replica.problem == NOT_SEEN:
            return
        if replica.problem is None:
            _log.info("%s is used", replica.name)
        else:
            _log.warning("%s is not used: %s", replica.name, replica.problem)

    def _problem(self, replica: Replica) -> str | None:
        state, leader = replica.state, self._leader.last_state
        if state is None:
            return replica.failure or NOT_SEEN
        if leader is None:
            return "the primary was not reached yet"
        replica.lag = self._lag(state.position)
        if not state.follows:
            return "it is no replica: it does not follow another server"
        if (state.cluster, state.name) != (leader.cluster, leader.name):
            return "it is no replica of the primary's database"
        if state.revision != self._revision:
            return f"its tables are at {state.revision}, not at {self._revision}"
        return self._problem_of_lag(replica.lag)

    def _problem_of_lag(self, lag: float | None) -> str | None:
        if lag is None:
            return NOT_SEEN
        return None if lag <= self._max_lag else f"it is more than {self._max_lag:g} seconds behind"

    def _lag(self, position: int) -> float | None:
        """Seconds from when the primary had written just that much to when it was looked at last.

        By one clock: those of two machines differ, and the last commit of a primary at rest is old.
        None while the primary was not looked at for long enough.
        """
        latest, most = self._written[-1]
        if position >= most:
            return 0.0
        for seconds, written in reversed(self._written):
            if written <= position:
                return latest - seconds
        watched = latest - self._written[0][0]
        return watched if watched > self._max_lag else None
