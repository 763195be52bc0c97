"""What many subscribers take is measured on a served gateway, here with a few of them."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.live.counting import SUBSCRIBERS
from benchmarks.live.load import Load, Measured, measured_subscribers
from benchmarks.live.report import load_table, transcripts_table
from benchmarks.live.transcripts import MeasuredTranscripts, measured_transcripts
from benchmarks.postgres import Postgres
from benchmarks.target import Target
from gql.http.running_requests import STOPPED
from tests.databases import Databases


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.usefixtures("kind")
async def test_equal_subscribers_take_the_statements_of_one(
    target: Target, databases: Databases, tmp_path: Path
) -> None:
    assert target.postgres is not None
    postgres = Postgres(target.postgres, databases._server)  # noqa: SLF001 -- the tests' own
    load = Load(idle=3, busy=20, events=5)

    def measure() -> list[Measured]:
        return list(measured_subscribers(target, postgres, tmp_path, load, lambda _: None))

    measured = await asyncio.to_thread(measure)

    assert [each.transport for each in measured] == list(SUBSCRIBERS)
    for each in measured:
        assert len(each.delays_ms) == load.busy * load.events
        # An empty page of events may be read once more or less.
        assert abs(each.statements - each.statements_of_one) <= 1
    assert "| the same for 20 |" in load_table(measured)


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.usefixtures("kind")
async def test_listeners_of_one_call_take_the_statements_of_one_and_are_closed_at_sigterm(
    target: Target, databases: Databases, tmp_path: Path
) -> None:
    assert target.postgres is not None
    postgres = Postgres(target.postgres, databases._server)  # noqa: SLF001 -- the tests' own

    def measure() -> MeasuredTranscripts:
        return measured_transcripts(
            target, postgres, tmp_path, lambda _: None, listeners=6, segments=4
        )

    measured = await asyncio.to_thread(measure)

    assert measured.closings == {(1012, STOPPED): 6}
    # An empty page of events may be read once more or less.
    assert abs(measured.statements - measured.statements_of_one) <= 1
    assert f"| closed at SIGTERM by 1012, {STOPPED} | 6 |" in transcripts_table(measured)
