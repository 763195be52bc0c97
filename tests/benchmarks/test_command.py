"""The command says what it can do, and refuses what it cannot before anything is started."""

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import PAGE, app, default_page
from benchmarks.rounds import Plan
from benchmarks.servers import SERVERS
from benchmarks.target import Scale
from benchmarks.workloads import WORKLOADS


def test_help_names_every_server_and_workload() -> None:
    ran = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"})

    assert ran.exit_code == 0
    words = ran.output.replace(",", " ").replace(".", " ").split()
    names = [server.name for server in SERVERS] + [workload.name for workload in WORKLOADS]
    assert set(names) <= set(words)


@pytest.mark.parametrize(
    ("scale", "connections", "is_whole", "is_results_page"),
    [
        ("large", (1, 16), True, True),
        ("large", (1, 16), False, False),
        ("large", (1,), True, False),
        ("small", (1, 16), True, False),
    ],
)
def test_only_a_whole_run_replaces_the_results(
    scale: Scale, connections: tuple[int, ...], *, is_whole: bool, is_results_page: bool
) -> None:
    plan = Plan(2, 3, connections, warm_seconds=1, client="python")

    assert (default_page(plan, scale, is_whole=is_whole) == PAGE) is is_results_page


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--connections", "0"], "--connections is '0'"),
        (["--servers", "rows"], "jackfield or resolvers"),
        (["--servers", "jackfield,nobody"], "unknown: nobody"),
        (["--work", "W5"], "unknown: W5"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_once(options: list[str], problem: str) -> None:
    ran = CliRunner().invoke(app, options, env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"})

    assert ran.exit_code == 2
    assert problem in ran.output
