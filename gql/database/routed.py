"""The database of one request, where there are replicas: it reads on one of them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import CursorResult
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database.access import DatabaseAccess
from gql.database.engine import Database
from gql.database.failures import meaning_of
from gql.database.replicas import PRIMARY, Replica, Replicas
from gql.database.snapshot import Execute, Snapshot
from gql.database.write_position import LARGEST, position_after_commit
from gql.errors import DatabaseUnavailable, TableAltered

T = TypeVar("T")


class RoutedDatabase:
    """Implements `RequestDatabase`: reads on a replica that has what the client wrote.

    It is chosen at the first read, and serves all of the request: two servers would show two
    instants. When it fails, what was read so far is read again on the primary. Writes go to the
    primary, and so do all reads after them.

    Args:
        replicas: Of the process.
        position: What the client has sent back: how far a replica must have come.

    Attributes:
        writer: Whose writes this process remembers.
        written: How far a replica must come to have what the request wrote; None without a write.
        served_by: The name of the server that reads; None before the first read.
    """

    def __init__(self, replicas: Replicas, position: int) -> None:
        self.writer: Hashable | None = None
        self.written: int | None = None
        self.served_by: str | None = None
        self._replicas = replicas
        self._position = position
        self._replica: Replica | None = None
        self._reads_again = False
        """Whether a snapshot was lost with its replica, so that its reads are to be repeated."""

    async def reading(self) -> Database:
        """Where this request reads."""
        if self.served_by is None:
            wrote = 0 if self.writer is None else self._replicas.writes.position(self.writer)
            replica = await self._replicas.choose(max(self._position, wrote))
            if self.served_by is None:  # else a concurrent read has chosen
                self.served_by = PRIMARY if replica is None else replica.name
                self._replica = replica
        return self.primary if self._replica is None else self._replica.database

    @property
    def primary(self) -> Database:
        """Where this request writes."""
        return self._replicas.primary

    def use_primary(self) -> None:
        """Read on the primary from now on."""
        self._replica, self.served_by = None, PRIMARY

    def snapshot(self) -> Snapshot:
        """Read-only reads of one instant; the first statement chooses the server."""
        return _RoutedSnapshot(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction on the primary: see `Database.transaction`."""
        self.use_primary()
        async with self.primary.transaction(self._note_commit) as connection:
            yield connection

    async def fetch_value(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> bytes | None:
        """The single value of a statement: see `StatementRunner.fetch_value`."""
        database = await self.reading()
        try:
            return await database.fetch_value(sql, values, custom_plan=custom_plan)
        except Exception as error:
            if not self.leave_failed_replica(error):
                raise
        return await self.primary.fetch_value(sql, values, custom_plan=custom_plan)

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        """The EXPLAIN of the server that reads: see `StatementRunner.explain`."""
        return await (await self.reading()).explain(sql, values, custom_plan=custom_plan)

    def leave_failed_replica(self, error: Exception) -> bool:
        """Whether a read has failed by the fault of its replica, so that the primary reads on.

        Not when the statement is at fault, or took too long: it would be so on the primary as well.
        A replica also ends statements that stand in the way of what it replays, which is a
        serialization failure. https://www.postgresql.org/docs/current/hot-standby.html
        """
        if self._replica is None or not isinstance(meaning_of(error), DatabaseUnavailable):
            return False
        self._replicas.report(self._replica, error)
        self.use_primary()
        return True

    def lose_snapshot(self, error: BaseException | None) -> None:
        """A statement of a snapshot has failed."""
        if isinstance(error, Exception) and self.leave_failed_replica(error):
            self._reads_again = True

    def takes_reads_again(self) -> bool:
        """Whether all reads are to be repeated, on the primary; True once for each loss."""
        reads_again, self._reads_again = self._reads_again, False
        return reads_again

    async def _note_commit(self, connection: AsyncConnection) -> None:
        """Find out how far a replica must come to have a commit.

        The write is done, so it must not fail here: what cannot be found out lets the client read
        on the primary.
        """
        position = LARGEST
        try:
            position = await position_after_commit(connection)
        except (SQLAlchemyError, OSError):
            pass
        finally:
            self.written = max(position, self.written or 0)
            if self.writer is not None:
                self._replicas.writes.record(self.writer, position)


class _RoutedSnapshot(Snapshot):
    """Reads where its request does."""

    def __init__(self, routed: RoutedDatabase) -> None:
        super().__init__(routed.primary.engine)
        self._routed = routed

    async def _open(self) -> AsyncConnection:
        if self._connection is None:
            self._engine = (await self._routed.reading()).engine
        return await super()._open()

    async def _run(self, execute: Execute) -> CursorResult[Any]:
        try:
            return await super()._run(execute)
        except DatabaseUnavailable as error:
            self._routed.lose_snapshot(error.__cause__)
            raise


async def read_again(
    database: DatabaseAccess,
    read: Callable[[], Awaitable[T]],
    renew: Callable[[], Awaitable[None]] | None = None,
    *,
    only_reads: bool = True,
) -> T:
    """The result of reads in snapshots, which run once more when a snapshot is lost in between.

    Args:
        database: Where they read.
        read: All of them.
        renew: Opens a new snapshot, where `read` does not do so itself.
        only_reads: Whether `read` writes nothing.
    """
    try:
        return await read()
    except DatabaseUnavailable as error:
        if not must_read_again(database, error, only_reads=only_reads):
            raise
    if renew is not None:
        await renew()
    return await read()


def must_read_again(
    database: DatabaseAccess, failure: Exception | None, *, only_reads: bool
) -> bool:
    """Whether a snapshot was lost, and all that was read is to be read again in another one.

    Either its replica has failed, which is said once for each loss, and only before anything was
    written; or a table was altered in between, and what was read is of before.

    Args:
        database: Where it reads.
        failure: Why the reads failed; None when they did not.
        only_reads: Whether nothing can have been written.
    """
    has_lost_replica = isinstance(database, RoutedDatabase) and database.takes_reads_again()
    return has_lost_replica or (only_reads and isinstance(failure, TableAltered))
