"""What runs statements, whichever the database, and what a failure means."""

import sqlite3
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import asyncpg

REMEMBERED = 256
"""Most statements that one connection keeps prepared."""

_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)


def is_lasting(error: Exception) -> bool:
    """Whether a statement that failed so would fail again: it is at fault, not the database."""
    if isinstance(error, asyncpg.PostgresError):
        return not isinstance(error, _PASSING)
    if isinstance(error, sqlite3.Error):
        return "locked" not in str(error) and "unable to open" not in str(error)
    return not isinstance(error, (OSError, TimeoutError, asyncpg.InterfaceError))


Value = Coroutine[Any, Any, bytes | None]
"""A value that is on its way: text in UTF-8, None for NULL."""


class StatementRunner(Protocol):
    """Runs statements that yield one value."""

    @property
    def busy(self) -> int:
        """How many run right now."""
        ...

    @property
    def size(self) -> int:
        """How many may."""
        ...

    def value(self, sql: str, values: Sequence[Any], *, custom_plan: bool = False) -> Value:
        """The value.

        The statement sees one instant, so it needs no transaction around it.

        Args:
            sql: In the driver's own words.
            values: Of its parameters.
            custom_plan: Whether the best way to run it depends on the values.
        """
        ...

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        """The database's own account of how it runs a statement; it may run it for that."""
        ...

    async def close(self) -> None:
        """Close every connection, once no statement runs."""
        ...
