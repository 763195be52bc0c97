"""A soak for a moment, without restarts, and what it takes for a problem."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.abuse.requests import Answer
from benchmarks.abuse.soak import Steps, Stores
from benchmarks.abuse.soak_load import Keys, Load, Seen
from benchmarks.abuse.soak_outcome import Counts, Outcome, Sample, markdown
from benchmarks.process import started
from benchmarks.servers import JACKFIELD
from benchmarks.target import Target

HELD = Counts(descriptors=50, sessions=10, clients=2)

GOOD = Outcome(
    seconds=90,
    capacity=100,
    offered=200,
    good=90,
    seen=Seen(answers=Counter({("REST read", 200): 90, ("REST read", 503): 4})),
    acknowledged=3,
    wrong_writes=[],
    samples=[Sample(at, {1: 100.0 + at / 30}) for at in range(90)],
    spans={"PostgreSQL restarts": (20, 22)},
    before=HELD,
    after=HELD,
    has_lost_worker=False,
)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_soak_reads_back_what_was_acknowledged(target: Target, tmp_path: Path) -> None:
    keys = Keys(target.api_key, target.small_api_key)

    async def soaked(port: int, pid: int) -> tuple[Outcome, list[str]]:
        load = Load(port, keys, connections=2)
        stores = Stores(sessions=lambda: 0, clients=lambda: 0)
        outcome = await Steps(pid, stores, (), 1, lambda _: None, 0.5, 0).run(load)
        call = min(load.writes.sent)
        load.writes.sent[call] = load.writes.acknowledged[call] = 10**6
        load.writes.created.append("nobody made it")
        return outcome, await load.lost()

    def run() -> tuple[Outcome, list[str]]:
        with started(JACKFIELD, target, tmp_path, pinned=False) as server:
            return asyncio.run(soaked(server.port, server.pid))

    outcome, lost = await asyncio.to_thread(run)

    assert outcome.seen.unexpected == outcome.wrong_writes == []
    assert outcome.acknowledged > 0
    assert outcome.samples
    assert len(lost) == 2
    assert lost[0].endswith(", but 1000000 was acknowledged of 1000000")
    assert lost[1] == "assistant 'nobody made it' is there 0 times"


def test_a_good_soak_has_no_problem() -> None:
    assert GOOD.problems == []
    assert list(GOOD.thirds.values()) == [pytest.approx([100.5, 101.5, 102.5], abs=0.02)]
    page = markdown(GOOD, ["2 cores"])
    assert "| REST read | 90 | 0 | 4 | 0 |" in page
    assert "PROBLEM" not in page


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"wrong_writes": ["call 1 has 2"]}, "a write is lost or doubled: call 1 has 2"),
        ({"has_lost_worker": True}, "a worker process ended"),
        ({"good": 0.0}, "no good answer"),
        (
            {"after": replace(HELD, descriptors=51)},
            "open files leak: 38 before, 39 after, and 38 may be kept",
        ),
        (
            {"after": Counts(140, 45, 2)},
            "sessions on PostgreSQL leak: 10 before, 45 after, and 44 may be kept",
        ),
        (
            {"samples": [Sample(at, {7: 100.0 if at < 60 else 130.0}) for at in range(90)]},
            "worker 7 grew from 100 to 130 MiB",
        ),
        ({"seen": Seen(cut_downloads=[60.0])}, "a download ended too early, 60 s after the start"),
    ],
)
def test_what_a_soak_takes_for_a_problem(changes: dict[str, object], problem: str) -> None:
    assert problem in replace(GOOD, **changes).problems  # type: ignore[arg-type]


def test_a_download_may_be_cut_by_a_restart() -> None:
    assert replace(GOOD, seen=Seen(cut_downloads=[21.0, 26.0])).problems == []


@pytest.mark.parametrize(
    ("kind", "answer", "is_good", "is_expected"),
    [
        ("REST read", Answer(200, "", b"[]"), True, True),
        ("GraphQL read", Answer(200, "", b'{"data":{}}'), True, True),
        ("GraphQL read", Answer(200, "", b'{"errors":[]}'), False, False),
        ("REST read", Answer(503, "http/1.1 503\r\nretry-after: 2\r\n", b""), False, True),
        ("REST read", Answer(429, "http/1.1 429\r\nretry-after: 2\r\n", b""), False, True),
        ("REST read", Answer(503, "http/1.1 503\r\n", b""), False, False),
        ("REST read", Answer(500, "http/1.1 500\r\nretry-after: 2\r\n", b""), False, False),
        ("REST read", None, False, False),
        ("download", None, False, True),
    ],
)
def test_an_answer_is_good_or_a_refusal_that_says_when_to_come_back(
    kind: str, answer: Answer | None, is_good: bool, is_expected: bool
) -> None:
    seen = Seen()

    assert seen.judge(kind, answer) is is_good
    assert (seen.unexpected == []) is is_expected
