"""The table of goals says what the samples say."""

from dataclasses import replace

from benchmarks.goals import CONNECTIONS, GOALS
from benchmarks.samples import Sample, Samples
from benchmarks.tables import goals_table, summary

SAMPLE = Sample("rows", "W2", CONNECTIONS, 1, 100, 5, 9, 200, 80, memory=40, errors=0)


def test_a_goal_compares_medians_over_the_rounds() -> None:
    jackfield = replace(SAMPLE, server="jackfield", server_cpu=90, memory=149)
    rates = (130, 500, 129)
    samples = [replace(jackfield, round=number, rate=rate) for number, rate in enumerate(rates)]

    lines = goals_table(Samples((SAMPLE, *samples))).splitlines()

    assert lines[0] == "| goal | W2 |"
    assert lines[2] == "| requests/s over hand-written rows + orjson ≥ 1.3 | 1.3 met |"
    assert lines[3] == "| requests/s over hand-written SQL text ≥ 0.9 | not measured |"
    assert lines[7] == "| server CPU per request over rows + orjson ≤ 0.5 | 0.45 met |"
    assert lines[-1] == "| memory of the server under W2, MiB ≤ 150 | 149 met |"


def test_a_missed_goal_is_named_and_counted() -> None:
    slow = replace(SAMPLE, server="jackfield", rate=129, memory=151)

    samples = Samples((SAMPLE, slow))

    assert goals_table(samples).count("**missed**") == 3
    met, missed, unknown = summary(samples)
    assert (met, missed) == (1, 3)
    assert met + missed + unknown == sum(len(goal.workloads) for goal in GOALS)


def test_other_numbers_of_connections_do_not_count() -> None:
    few = replace(SAMPLE, connections=1)

    met, missed, _ = summary(Samples((few, replace(few, server="jackfield"))))

    assert (met, missed) == (0, 0)
