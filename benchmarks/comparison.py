"""One comparison: start the servers, prove that they answer alike, and measure them in turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.population import asking, population
from benchmarks.process import launched
from benchmarks.rounds import Plan, Progress, jobs_of, measure
from benchmarks.sameness import prove
from benchmarks.samples import Sample, Samples
from benchmarks.servers import RESOLVERS, UNCACHED, Server
from benchmarks.target import Target
from benchmarks.workloads import NESTED, Workload

Total = Callable[[int], None]
"""Called with how many measurements there will be."""


@dataclass(frozen=True)
class Compared:
    """What came out.

    Attributes:
        samples: Of all rounds.
        answers: How many answers were compared, and found to be the same.
    """

    samples: Samples
    answers: int


def compare(
    target: Target,
    servers: Sequence[Server],
    workloads: Sequence[Workload],
    plan: Plan,
    scratch: Path,
    *,
    progress: Progress,
    total: Total = lambda _: None,
) -> Compared:
    """Run a whole comparison; the servers wait idle while another one has its turn.

    The others must answer like Jackfield's resolvers, or else like the first of the servers.

    Raises:
        Different: when two servers answer differently; nothing is measured then.
        RuntimeError: when a server does not come up.
    """
    with ExitStack() as stack:
        progress("starting servers", None)
        running = [stack.enter_context(launched(each, target, scratch)) for each in servers]
        for each in running:
            each.wait()
        gateway = next(each for each in running if each.server.command[1:3] == ("-m", "gql"))
        existing = population(asking(gateway.url, target.api_key))
        trusted = sorted(running, key=lambda each: "resolvers" not in each.server.name)
        answers = prove(
            trusted,
            workloads,
            existing,
            target.api_key,
            compared_requests=plan.compared_requests,
            progress=lambda what: progress(f"comparing answers: {what}", None),
        )
        jobs = jobs_of(running, workloads, existing, target.api_key)
        total(plan.measurements(jobs))
        samples: list[Sample] = list(measure(jobs, plan, target.postgres, progress=progress))
    return Compared(Samples(tuple(samples)), answers)


def compare_on_sqlite(
    target: Target, plan: Plan, scratch: Path, *, progress: Progress, total: Total = lambda _: None
) -> Compared:
    """Jackfield by plans and by resolvers on a SQLite file, one request at a time."""
    servers = [replace(server, name=f"sqlite-{server.name}") for server in (UNCACHED, RESOLVERS)]
    one = replace(plan, connections=(1,))
    return compare(target, servers, NESTED, one, scratch, progress=progress, total=total)
