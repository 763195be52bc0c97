"""What was measured: one sample per server, workload, number of connections and round."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.workloads import Novelty


@dataclass(frozen=True)
class Sample:
    """One short time of one server under load.

    Attributes:
        rate: Answers per second.
        p50: Median latency, in milliseconds.
        p99: Of 100 answers, 99 came sooner; in milliseconds.
        server_cpu: CPU time of the server per answer, in microseconds.
        database_cpu: CPU time of PostgreSQL per answer, in microseconds; 0 on SQLite.
        memory: Resident memory of the server afterwards, in MiB.
        errors: Answers that were none.
        novelty: What the server had not seen before.
    """

    server: str
    workload: str
    connections: int
    round: int
    rate: float
    p50: float
    p99: float
    server_cpu: float
    database_cpu: float
    memory: float
    errors: int
    novelty: Novelty = Novelty.VALUES


Value = Callable[[Sample], float]


@dataclass(frozen=True)
class Samples:
    """All samples of a run."""

    all: tuple[Sample, ...]

    def only(self, novelty: Novelty) -> "Samples":
        """Those of one kind of requests."""
        return Samples(tuple(each for each in self.all if each.novelty is novelty))

    def at(self, connections: int) -> "Samples":
        """Those of one number of connections."""
        return Samples(tuple(each for each in self.all if each.connections == connections))

    def of(self, server: str, workload: str, connections: int) -> Iterator[Sample]:
        """The rounds of one cell."""
        cell = (server, workload, connections)
        return (each for each in self.all if (each.server, each.workload, each.connections) == cell)

    def median(self, server: str, workload: str, connections: int, *, value: Value) -> float | None:
        """The median over the rounds; None when there were none."""
        values = [value(each) for each in self.of(server, workload, connections)]
        return median(values) if values else None

    def ratio(
        self, one: str, other: str, *, workload: str, connections: int, value: Value
    ) -> float | None:
        """The median of one server over that of another; None when either was not measured."""
        first = self.median(one, workload, connections, value=value)
        second = self.median(other, workload, connections, value=value)
        return first / second if first is not None and second else None

    def workloads(self) -> list[str]:
        """In the order they ran."""
        return _once(each.workload for each in self.all)

    def servers(self) -> list[str]:
        """In the order they ran."""
        return _once(each.server for each in self.all)

    def connections(self) -> list[int]:
        """From few to many."""
        return sorted({each.connections for each in self.all})


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
