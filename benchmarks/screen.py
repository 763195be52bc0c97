"""What a person sees while it runs: a bar with what is being measured, and the last figures."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.samples import Sample


class Screen:
    """Progress on standard error; a plain line per sample when nobody is watching."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:48}"),
            BarColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task("starting", total=None)

    def say(self, text: str) -> None:
        """Name what is being done."""
        self._bars.update(self._task, description=text)
        if not self._console.is_terminal:
            self._console.print(text, highlight=False)

    def begin(self, measurements: int) -> None:
        """Start the bar anew: so many turns are to come."""
        self._bars.reset(self._task, total=measurements)

    def show(self, what: str, sample: Sample | None) -> None:
        """Say what comes next, or what was measured."""
        if sample is None:
            self._bars.update(self._task, description=what)
            if what.startswith("warming"):
                self._bars.advance(self._task)
            return
        self._bars.advance(self._task)
        self._console.print(
            f"{sample.workload:9} {sample.server:16} {sample.connections:3} at once"
            f" {sample.rate:10,.0f}/s  p50 {sample.p50:8.2f} ms  p99 {sample.p99:8.2f} ms"
            f"  CPU {sample.server_cpu:8,.0f} + {sample.database_cpu:6,.0f} us"
            f"  {sample.memory:5.0f} MiB" + (f"  {sample.errors} ERRORS" if sample.errors else ""),
            highlight=False,
            soft_wrap=True,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()
