"""Hands numbers to the Prometheus library, which prints them: of one process, or of several.

Several processes write to files in one folder, which `jackfield serve` makes and names in the
library's own variable of the environment; whichever process is asked adds them all up.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from gql.app.metric_definitions import FAMILIES, SECONDS, MetricDefinition
from gql.app.request_counter import BOUNDS, LatencyHistogram

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable: where several processes write."""

INTERVAL = 1.0
"""Seconds between two writes of a process that is one of several."""

Numbers = Iterator[tuple[MetricDefinition, tuple[str, ...], float]]
"""A family, the values of its labels, and the number."""


class Publisher:
    """Brings the library up to date with numbers that are kept elsewhere.

    Args:
        counters: What has been counted since the process started.
        gauges: What is true now.
        spreads: How long requests took, by door.
    """

    def __init__(
        self,
        counters: Callable[[], Numbers],
        gauges: Callable[[], Numbers],
        spreads: Mapping[Any, LatencyHistogram],
    ) -> None:
        self._counters = counters
        self._gauges = gauges
        self._spreads = spreads
        self._told: dict[Any, float] = {}
        self._registry = CollectorRegistry()
        self._instruments: dict[MetricDefinition, Any] = {}

    def text(self) -> bytes:
        """Everything as text, of all processes."""
        self._publish()
        folder = os.environ.get(FOLDER)
        if folder is None:
            return generate_latest(self._registry)
        _forget_ended(Path(folder))
        together = CollectorRegistry()
        MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[None]:
        """Where this is one of several processes, tell the others every second."""
        if FOLDER not in os.environ:
            yield
            return
        task = asyncio.create_task(self._often())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._publish()
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]

    async def _often(self) -> None:
        while True:
            self._publish()
            await asyncio.sleep(INTERVAL)

    def _publish(self) -> None:
        instruments = self._instruments or self._open()
        for family, labels, number in self._counters():
            instruments[family].labels(*labels).inc(self._news((family, labels), number))
        for family, labels, number in self._gauges():
            instruments[family].labels(*labels).set(number)
        for door, spread in self._spreads.items():
            child = instruments[SECONDS].labels(door)
            # The library observes one by one alone; these are the numbers that it then adds to.
            for place, bucket in enumerate(child._buckets):  # noqa: SLF001
                bucket.inc(self._news((door, place), spread.counts[place]))
            child._sum.inc(self._news((door, "total"), spread.total))  # noqa: SLF001

    def _news(self, key: Any, number: float) -> float:
        """What has been added to a number since it was last told."""
        added = number - self._told.get(key, 0)
        self._told[key] = number
        return added

    def _open(self) -> dict[MetricDefinition, Any]:
        """Make the library's instruments: only now, as a process that never serves needs none."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._instruments = {family: self._instrument(family) for family in FAMILIES}
        return self._instruments

    def _instrument(self, family: MetricDefinition) -> Any:
        name, labels, registry = family.name, family.labels, self._registry
        meaning = family.meaning.replace("`", "")
        match family.kind:
            case "counter":
                return Counter(name, meaning, labels, registry=registry)
            case "gauge":
                return Gauge(name, meaning, labels, registry=registry, multiprocess_mode="livesum")
            case "histogram":
                return Histogram(name, meaning, labels, registry=registry, buckets=BOUNDS)


def _forget_ended(folder: Path) -> None:
    """Remove what was true of processes that have ended without a word."""
    for file in folder.glob("gauge_live*.db"):
        process = int(file.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
