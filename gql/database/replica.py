"""One server of a group that streams its log from one primary: its connections, and its state."""

import asyncio
import logging
import time
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gql.background import GrowingPause
from gql.database.engine import Database
from gql.database.failures import translate_failures
from gql.errors import GatewayError
from gql.settings import Settings
from gql.single_flight import SingleFlight

LOOK_SECONDS = 2.0
"""How long a server may take to tell its state."""

LONGEST_PAUSE = 30.0
"""Seconds between two looks at a server that does not answer; the first pauses are shorter."""

_WATCHING = {"pool_size": 1, "pool_timeout": LOOK_SECONDS, "compiled": False}
"""The settings of the connection that looks: behind reads it would wait, and call the server dead.
"""

_STATE = text("""SELECT
      pg_is_in_recovery() AS follows,
      CASE
        WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
        ELSE pg_current_wal_lsn()
      END - '0/0'::pg_lsn AS position,
      (SELECT system_identifier FROM pg_control_system()) AS cluster,
      current_database() AS name,
      (SELECT version_num FROM alembic_version) AS revision
""")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server says of itself.

    Attributes:
        follows: Whether it replays the log of another one.
        position: How far it has replayed the log; of a primary, how far it has written it.
        cluster: Whose log that is; a primary and its replicas have the same.
        name: Of the database.
        revision: Of its tables.
    """

    follows: bool
    position: int
    cluster: int
    name: str
    revision: str


class Server:
    """A server and its last answer about itself.

    Args:
        name: As metrics and the log call it.
        database: Where requests read.
        settings: For the connection that looks.

    Attributes:
        name: The same.
        database: The same.
        state: Its last answer; None while it does not answer.
        last_state: Its last answer, whether it still answers or not.
        failure: Why it does not.
    """

    def __init__(self, name: str, database: Database, settings: Settings) -> None:
        self.name = name
        self.database = database
        self.state: ServerState | None = None
        self.last_state: ServerState | None = None
        self.failure: str | None = None
        self._watching = Database(settings.model_copy(update=_WATCHING))
        self._looks = SingleFlight[str, None](cancel_abandoned=False)
        self._pause = GrowingPause(LONGEST_PAUSE)
        self._next_look = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time for another look, which a dead server gets ever more seldom."""
        return time.monotonic() >= self._next_look

    @property
    def position(self) -> int:
        """How far it has come, as far as is known; it may be further by now."""
        return 0 if self.state is None else self.state.position

    async def look(self) -> None:
        """Find out its state, once for all who wait for it."""
        await self._looks.run(self.name, self._look)

    def fail(self, failure: str) -> None:
        """Take it for dead until it has answered again, to a first look at once."""
        pause = self._pause.seconds if self._pause.failures else 0
        self.state, self.failure = None, failure
        self._pause.record_failure()
        self._next_look = time.monotonic() + pause

    async def close(self) -> None:
        """Close what looks; who opened `database` closes it."""
        await self._watching.close()

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                with translate_failures():
                    async with self._watching.engine.connect() as connection:
                        row = (await connection.execute(_STATE)).one()
        except (GatewayError, SQLAlchemyError, OSError) as error:
            self.fail(repr(error.__cause__ or error))
            return
        if self._pause.failures:
            # Its pool may have connections to what it was before; each would fail a read.
            await self.database.engine.dispose()
        self._pause.record_success()
        self.failure = None
        self.state = self.last_state = ServerState(
            row.follows, int(row.position or 0), row.cluster, row.name, row.revision
        )
