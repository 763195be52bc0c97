"""The table of goals says what the samples say."""

from dataclasses import replace

from benchmarks.goals import CONNECTIONS, GOALS
from benchmarks.results import Run, markdown
from benchmarks.rounds import Plan
from benchmarks.samples import Sample, Samples
from benchmarks.tables import goals_table, novelty_table, summary
from benchmarks.workloads import Novelty

SAMPLE = Sample("rows", "W2", CONNECTIONS, 1, 100, 5, 9, 200, 80, memory=40, errors=0)


def test_a_goal_compares_medians_over_the_rounds() -> None:
    jackfield = replace(SAMPLE, server="jackfield", server_cpu=90, memory=149)
    rates = (140, 500, 139)
    samples = [replace(jackfield, round=number, rate=rate) for number, rate in enumerate(rates)]

    lines = goals_table(Samples((SAMPLE, *samples))).splitlines()

    assert lines[0] == "| goal | W2 |"
    assert lines[2] == "| requests/s with new values over repeated ones ≥ 0.9 | not measured |"
    assert lines[3] == "| requests/s over hand-written rows + orjson ≥ 1.4 | 1.4 met |"
    assert lines[5] == "| requests/s over hand-written SQL text ≥ 0.9 | not measured |"
    assert lines[10] == "| server CPU per request over rows + orjson ≤ 0.5 | 0.45 met |"
    assert lines[-1] == "| memory of the server under W2, MiB ≤ 150 | 149 met |"


def test_a_missed_goal_is_named_and_counted() -> None:
    slow = replace(SAMPLE, server="jackfield", rate=139, memory=151)

    samples = Samples((SAMPLE, slow))

    assert goals_table(samples).count("**missed**") == 3
    met, missed, unknown = summary(samples)
    assert (met, missed) == (1, 3)
    assert met + missed + unknown == sum(len(goal.workloads) for goal in GOALS)


def test_other_numbers_of_connections_do_not_count() -> None:
    few = replace(SAMPLE, connections=1)

    met, missed, _ = summary(Samples((few, replace(few, server="jackfield"))))

    assert (met, missed) == (0, 0)


def test_a_document_that_was_never_seen_has_a_goal_of_its_own() -> None:
    new = replace(SAMPLE, server="jackfield", workload="W1", novelty=Novelty.DOCUMENT)
    samples = Samples((replace(new, server_cpu=7_500), replace(new, novelty=Novelty.VALUES)))

    assert "| server CPU of a document never seen before, ms ≤ 8 | 7.5 met |" in goals_table(
        samples
    )


def test_a_page_shows_servers_by_the_connections_that_they_were_measured_with() -> None:
    few = replace(SAMPLE, server="sqlite-jackfield", connections=1)
    run = Run([], "large", Plan(0.8, 3, (CONNECTIONS,), 0.8, "python"), Samples((SAMPLE, few)))

    one, _, many = markdown(run, [], []).partition(f"## {CONNECTIONS} connections")

    assert "| sqlite-jackfield | 100 |" in one
    assert "| rows |" not in one.partition("## 1 connection")[2]
    assert "| rows | 100 |" in many
    assert "| sqlite-jackfield |" not in many.partition("## Requests that")[0]


def test_goals_are_about_new_values_and_compare_them_with_repeated_requests() -> None:
    new = replace(SAMPLE, server="jackfield", rate=80)
    repeated = replace(new, rate=100, novelty=Novelty.NOTHING)
    slow_rows = replace(SAMPLE, rate=1, novelty=Novelty.NOTHING)
    samples = Samples((SAMPLE, new, repeated, slow_rows))

    lines = goals_table(samples).splitlines()
    table = novelty_table(samples, Novelty.VALUES, "new values over repeated").splitlines()

    assert "| requests/s with new values over repeated ones ≥ 0.9 | 0.8 **missed** |" in lines
    assert "| requests/s over hand-written rows + orjson ≥ 1.4 | 0.8 **missed** |" in lines
    assert table == [
        "| Requests per second, new values over repeated | W2 |",
        "| --- | ---: |",
        "| rows | 100.00 |",
        "| jackfield | 0.80 |",
    ]
