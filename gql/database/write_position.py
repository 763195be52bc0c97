"""How far a replica must have come before a client reads there what it has written.

A position is a byte of PostgreSQL's write-ahead log (an LSN), as a whole number: a replica that has
replayed the log that far has the commit.

https://www.postgresql.org/docs/current/datatype-pg-lsn.html
"""

import re
from collections.abc import Hashable

from cachetools import TTLCache
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LARGEST = 2**64 - 1
"""The position of a commit that could not be found out: no replica ever gets there."""

MOST_WRITERS = 100_000
"""Credentials whose last position a process keeps; a few megabytes."""

_PRINTED = re.compile("[0-9a-f]{1,16}")

_PAGE_BYTES = 8_192
_LONGEST_PAGE_HEADER = 40

# Not `pg_current_wal_lsn`, which is how far the log is written: with `synchronous_commit = off` a
# commit is answered before that.
_AFTER_COMMIT = text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")


class RecentWrites:
    """The position of the last write of each credential, for as long as a replica may be behind.

    For clients that do not send back what a write answered, as long as they stay with this process.

    Args:
        seconds: How long a position is kept: afterwards every replica in use has replayed it.
    """

    def __init__(self, seconds: float) -> None:
        self._positions: TTLCache[Hashable, int] = TTLCache(MOST_WRITERS, seconds)

    def record(self, writer: Hashable, position: int) -> None:
        self._positions[writer] = max(position, self.position(writer))

    def position(self, writer: Hashable) -> int:
        """How far a replica must have come for this writer; 0 for one who has written nothing."""
        return self._positions.get(writer, 0)


async def position_after_commit(connection: AsyncConnection) -> int:
    """The end of the log, just after a commit on this connection."""
    position = int((await connection.execute(_AFTER_COMMIT)).scalar_one())
    # Where the last record ends with its page, this is the place of the next one, behind the header
    # of the next page. A replica that has replayed all is at the end of the former page, and would
    # seem to be behind until something else is written. No record lies in between.
    offset = position % _PAGE_BYTES
    return position - offset if offset <= _LONGEST_PAGE_HEADER else position


def format_position(position: int) -> str:
    """As clients keep it: in hexadecimal."""
    return format(position, "x")


def parse_position(value: str) -> int:
    """What a client has sent back; the largest one for what is none, as only that is safe."""
    return int(value, 16) if _PRINTED.fullmatch(value) else LARGEST
