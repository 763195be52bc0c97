"""What every driver offers to the engine."""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

PREPARED_STATEMENTS = 256
"""Most statements that one connection keeps prepared."""

FetchedValue = Coroutine[Any, Any, bytes | None]
"""Awaits to a value as UTF-8 text; None stands for NULL."""


class StatementRunner(Protocol):
    """Runs statements whose answer is one value."""

    @property
    def busy(self) -> int:
        """How many statements run right now."""
        ...

    @property
    def size(self) -> int:
        """How many may run at once."""
        ...

    def fetch_value(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> FetchedValue:
        """The first column of the first row.

        One statement sees one instant, so it needs no transaction.

        Args:
            sql: With the driver's own placeholders: `$1` or `?`.
            values: One per placeholder.
            custom_plan: Whether PostgreSQL plans it for these values, instead of once for all.

        Raises:
            Exception: whatever the driver raises; `failures.is_lasting` tells what that means.
        """
        ...

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        """The lines of EXPLAIN, for the same arguments; PostgreSQL runs the statement for it."""
        ...

    async def close(self) -> None:
        """Close every connection, once no statement runs."""
        ...
