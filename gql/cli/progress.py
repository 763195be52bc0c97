"""Progress bars on standard error, one per table, gone when all is done."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn


class Bars:
    """Shows how many rows of which table are written; nothing when nobody is watching."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:20}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._bars: dict[str, TaskID] = {}

    def show(self, table: str, done: int, total: int) -> None:
        """Say that `done` of `total` rows of a table are written."""
        if table not in self._bars:
            self._bars[table] = self._progress.add_task(table)
        self._progress.update(self._bars[table], completed=done, total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
