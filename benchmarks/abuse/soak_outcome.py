"""What a soak has shown, what is wrong with it, and how it is printed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from benchmarks.abuse.soak_load import REFUSALS, Seen
from gql.app.composition import RESERVED
from gql.settings import Settings
from gql.stores.redis import CONNECTIONS

WORKERS = 2

MOST_SESSIONS = WORKERS * (Settings.model_fields["pool_size"].default + RESERVED["pool_size"])
MOST_CLIENTS = WORKERS * (CONNECTIONS + 1)
"""What the pools of all workers may keep; they are filled when many need them at once."""

GROWTH_MIB = 15
GROWTH = 0.05
"""A worker's memory is flat when its last third has at most so much more than the second."""

DOWNLOADS_END_SECONDS = 5
"""So long after a restart a download that began before may end too early."""


@dataclass(frozen=True)
class Sample:
    """The memory of the workers at one time.

    Attributes:
        at: Seconds from the start of the load.
        memory: MiB by process id.
    """

    at: float
    memory: Mapping[int, float]


@dataclass(frozen=True)
class Counts:
    """What an idle gateway holds.

    Attributes:
        descriptors: Open files of all workers.
        sessions: On PostgreSQL; pools keep them.
        clients: Connections to Redis; pools keep them too.
    """

    descriptors: int
    sessions: int
    clients: int

    @property
    def others(self) -> int:
        """Open files that no pool keeps."""
        return self.descriptors - self.sessions - self.clients


@dataclass(frozen=True)
class Outcome:
    """What was measured.

    Attributes:
        seconds: How long the load went on.
        capacity: Good answers per second without a rate.
        offered: Requests per second that were due.
        good: Good answers per second under the load.
        seen: What became of the requests.
        acknowledged: How many writes were.
        wrong_writes: Those that are lost, or were done twice.
        samples: Of memory, about one per second.
        spans: When each disturbance began and ended, in seconds from the start.
        before: What the idle gateway held before the load.
        after: And after it.
        has_lost_worker: Whether a worker process ended.
    """

    seconds: float
    capacity: float
    offered: float
    good: float
    seen: Seen
    acknowledged: int
    wrong_writes: Sequence[str]
    samples: Sequence[Sample]
    spans: Mapping[str, tuple[float, float]]
    before: Counts
    after: Counts
    has_lost_worker: bool

    @property
    def thirds(self) -> dict[int, list[float]]:
        """The mean memory of each worker in each third of the time."""
        means = {}
        for pid in self.samples[0].memory if self.samples else ():
            parts: list[list[float]] = [[], [], []]
            for sample in self.samples:
                if pid in sample.memory:
                    parts[min(2, int(3 * sample.at / self.seconds))].append(sample.memory[pid])
            means[pid] = [mean(part) if part else 0.0 for part in parts]
        return means

    @property
    def problems(self) -> list[str]:
        """Everything that should not be; empty for a soak that is passed."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        yield from (f"an answer that nobody expected: {each}" for each in self.seen.unexpected)
        for at in self.seen.cut_downloads:
            if not any(
                start <= at <= end + DOWNLOADS_END_SECONDS for start, end in self.spans.values()
            ):
                yield f"a download ended too early, {at:.0f} s after the start"
        yield from (f"a write is lost or doubled: {each}" for each in self.wrong_writes)
        for pid, (_, second, third) in self.thirds.items():
            if third > second * (1 + GROWTH) + GROWTH_MIB:
                yield f"worker {pid} grew from {second:.0f} to {third:.0f} MiB"
        for name, before, after, most in (
            ("open files", self.before.others, self.after.others, self.before.others),
            ("sessions on PostgreSQL", self.before.sessions, self.after.sessions, MOST_SESSIONS),
            ("connections to Redis", self.before.clients, self.after.clients, MOST_CLIENTS),
        ):
            if after > max(before, most):
                yield f"{name} leak: {before} before, {after} after, and {most} may be kept"
        if self.has_lost_worker:
            yield "a worker process ended"
        if not self.good:
            yield "no good answer"


def markdown(outcome: Outcome, machine: Sequence[str]) -> str:
    """What was measured, for people."""
    kinds: dict[str, Counter[str]] = {}
    for (kind, status), number in sorted(outcome.seen.answers.items()):
        kinds.setdefault(kind, Counter())[_column(status)] += number
    columns = ("good", "429", "503", "other")
    rows = [
        f"| {kind} | {' | '.join(str(counts[each]) for each in columns)} |"
        for kind, counts in kinds.items()
    ]
    memory = [
        f"| worker {number} | {' | '.join(f'{each:.0f}' for each in thirds)} |"
        for number, thirds in enumerate(outcome.thirds.values(), 1)
    ]
    before, after = outcome.before, outcome.after
    lines = [
        "# A soak at twice capacity",
        "",
        *(f"- {line}" for line in machine),
        (
            f"- {outcome.seconds:.0f} s; capacity {outcome.capacity:.0f} good answers per second,"
            f" offered {outcome.offered:.0f}, answered well {outcome.good:.0f};"
            f" {outcome.seen.held_back} requests found every connection waiting"
        ),
        *(
            f"- {name}: {start:.0f} to {end:.0f} s after the start"
            for name, (start, end) in outcome.spans.items()
        ),
        "",
        f"| answers | {' | '.join(columns)} |",
        "| --- | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        "| MiB, mean of each third | first | second | last |",
        "| --- | ---: | ---: | ---: |",
        *memory,
        "",
        "| held when idle | before | after |",
        "| --- | ---: | ---: |",
        f"| open files of the workers beside these | {before.others} | {after.others} |",
        f"| sessions on PostgreSQL | {before.sessions} | {after.sessions} |",
        f"| connections to Redis | {before.clients} | {after.clients} |",
        "",
        (
            f"{outcome.acknowledged} writes were acknowledged, {len(outcome.wrong_writes)} are"
            f" lost or doubled; {len(outcome.seen.cut_downloads)} downloads were cut by a restart."
        ),
        "",
        *(f"- PROBLEM: {each}" for each in outcome.problems),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _column(status: int) -> str:
    if 200 <= status < 300:  # noqa: PLR2004 -- the good ones
        return "good"
    return str(status) if status in REFUSALS else "other"
