"""Hands numbers to the Prometheus library, which prints them, of one process or of several.

Several processes write to files in one folder, which `jackfield serve` makes and names in the
library's own environment variable. The process that serves `/metrics` adds them up.
"""

import asyncio
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

from gql.app.metric_definitions import METRICS, SECONDS, MetricDefinition
from gql.app.request_counter import BOUNDS, LatencyHistogram
from gql.background import cancel

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable: where several processes write."""

INTERVAL = 1.0
"""Seconds between two writes of a process that is one of several."""

Numbers = Iterator[tuple[MetricDefinition, tuple[str, ...], float]]
"""A metric, the values of its labels, and the number."""


class Publisher:
    """Copies numbers that are counted elsewhere into the library's instruments.

    Args:
        counters: What has been counted since the process started.
        gauges: What is true now.
        latencies: How long requests took, by door.
    """

    def __init__(
        self,
        counters: Callable[[], Numbers],
        gauges: Callable[[], Numbers],
        latencies: Mapping[Any, LatencyHistogram],
    ) -> None:
        self._counters = counters
        self._gauges = gauges
        self._latencies = latencies
        self._published: dict[Any, float] = {}
        self._registry = CollectorRegistry()
        self._instruments: dict[MetricDefinition, Any] = {}

    def text(self) -> bytes:
        """The metrics of all processes, in Prometheus' text format."""
        self._publish()
        folder = os.environ.get(FOLDER)
        if folder is None:
            return generate_latest(self._registry)
        _drop_dead_processes(Path(folder))
        all_processes = CollectorRegistry()
        MultiProcessCollector(all_processes, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(all_processes)

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[None]:
        """While serving: where this is one of several processes, write its numbers every second."""
        if FOLDER not in os.environ:
            yield
            return
        task = asyncio.create_task(self._publish_often())
        try:
            yield
        finally:
            await cancel(task)
            self._publish()
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]

    async def _publish_often(self) -> None:
        while True:
            self._publish()
            await asyncio.sleep(INTERVAL)

    def _publish(self) -> None:
        instruments = self._instruments or self._open()
        for metric, labels, number in self._counters():
            instruments[metric].labels(*labels).inc(self._growth((metric, labels), number))
        for metric, labels, number in self._gauges():
            instruments[metric].labels(*labels).set(number)
        for door, latency in self._latencies.items():
            child = instruments[SECONDS].labels(door)
            # The library can only observe one duration at a time. These private counters are what
            # `observe` adds to; there is no public way to add many at once.
            for index, bucket in enumerate(child._buckets):  # noqa: SLF001
                bucket.inc(self._growth((door, index), latency.counts[index]))
            child._sum.inc(self._growth((door, "total"), latency.total))  # noqa: SLF001

    def _growth(self, key: Any, number: float) -> float:
        """How much a number has grown since it was last published."""
        growth = number - self._published.get(key, 0)
        self._published[key] = number
        return growth

    def _open(self) -> dict[MetricDefinition, Any]:
        """Make the library's instruments, at first use: a process that never serves needs none."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._instruments = {metric: self._instrument(metric) for metric in METRICS}
        return self._instruments

    def _instrument(self, metric: MetricDefinition) -> Any:
        name, labels, registry = metric.name, metric.labels, self._registry
        meaning = metric.meaning.replace("`", "")
        match metric.kind:
            case "counter":
                return Counter(name, meaning, labels, registry=registry)
            case "gauge":
                return Gauge(name, meaning, labels, registry=registry, multiprocess_mode="livesum")
            case "histogram":
                return Histogram(name, meaning, labels, registry=registry, buckets=BOUNDS)


def _drop_dead_processes(folder: Path) -> None:
    """Delete the gauges of processes that ended without deleting them; their counters stay."""
    for file in folder.glob("gauge_live*.db"):
        process = int(file.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
