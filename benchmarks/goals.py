"""The goals of the engine, each as a number that a run measures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.samples import Samples, Value
from benchmarks.workloads import NESTED, Novelty

CONNECTIONS = 16
"""Goals are about many requests at once."""


@dataclass(frozen=True)
class Goal:
    """One number to reach, for each of some workloads.

    Attributes:
        text: What it says.
        bound: The number.
        best: Whether it is a floor ("at least") or a ceiling ("at most").
        measured: Reads the number for one workload from a run; None when it was not measured.
            New values count, where it says nothing else.
        workloads: Their names.
    """

    text: str
    bound: float
    best: Literal["at least", "at most"]
    measured: Callable[[Samples, str], float | None]
    workloads: tuple[str, ...]

    def met(self, value: float) -> bool:
        """Whether a measured number reaches the goal."""
        return value >= self.bound if self.best == "at least" else value <= self.bound


_NESTED = tuple(workload.name for workload in NESTED)


def _over(other: str, value: Value) -> Callable[[Samples, str], float | None]:
    def measured(samples: Samples, workload: str) -> float | None:
        return samples.only(Novelty.VALUES).ratio(
            "jackfield", other, workload=workload, connections=CONNECTIONS, value=value
        )

    return measured


def _over_repeated(samples: Samples, workload: str) -> float | None:
    """Requests per second with new values over those that are repeated to the byte."""
    new, repeated = (
        samples.only(novelty).median(
            "jackfield", workload, CONNECTIONS, value=lambda sample: sample.rate
        )
        for novelty in (Novelty.VALUES, Novelty.NOTHING)
    )
    return new / repeated if new is not None and repeated else None


def _rate(other: str, bound: float, text: str, workloads: tuple[str, ...] = _NESTED) -> Goal:
    measured = _over(other, lambda sample: sample.rate)
    return Goal(f"requests/s over {text}", bound, "at least", measured, workloads)


def _memory(samples: Samples, workload: str) -> float | None:
    measured_mb = [sample.memory for sample in samples.of("jackfield", workload, CONNECTIONS)]
    return max(measured_mb) if measured_mb else None


def _new_document(samples: Samples, workload: str) -> float | None:
    """Milliseconds of the server's processor for a request whose document was never seen before."""
    cpu = samples.only(Novelty.DOCUMENT).median(
        "jackfield", workload, CONNECTIONS, value=lambda sample: sample.server_cpu
    )
    return None if cpu is None else cpu / 1_000


def _sqlite(samples: Samples, workload: str) -> float | None:
    return samples.only(Novelty.VALUES).ratio(
        "sqlite-resolvers",
        "sqlite-jackfield",
        workload=workload,
        connections=1,
        value=lambda sample: sample.server_cpu,
    )


GOALS = (
    Goal(
        "requests/s with new values over repeated ones",
        0.9,
        "at least",
        _over_repeated,
        (*_NESTED, "call"),
    ),
    _rate("rows", 1.4, "hand-written rows + orjson"),
    _rate("rows", 0.8, "hand-written rows + orjson", ("call",)),
    _rate("text", 0.9, "hand-written SQL text"),
    _rate("mercurius", 4, "Mercurius with JIT"),
    _rate("mercurius", 0.6, "Mercurius with JIT", ("typename",)),
    _rate("postgraphile", 4, "PostGraphile 5"),
    _rate("resolvers", 40, "Jackfield by resolvers"),
    Goal(
        "server CPU per request over rows + orjson",
        0.5,
        "at most",
        _over("rows", lambda sample: sample.server_cpu),
        _NESTED,
    ),
    Goal(
        "p99 over rows + orjson", 1.0, "at most", _over("rows", lambda sample: sample.p99), _NESTED
    ),
    _rate("constant", 0.8, "the same app answering a constant", ("typename", "call")),
    _rate("fastapi", 8, "FastAPI + SQLModel", ("rest",)),
    Goal("server CPU of a document never seen before, ms", 8, "at most", _new_document, ("W1",)),
    Goal("SQLite: CPU of resolvers over plans", 15, "at least", _sqlite, _NESTED),
    Goal("memory of the server under W2, MiB", 150, "at most", _memory, ("W2",)),
)
"""As they were set before what they measure was written."""
