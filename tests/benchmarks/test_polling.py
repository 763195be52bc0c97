"""What a 304 costs is measured on a served gateway, beside the answer that it saves."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.polling import WARM, Asker, Cost, Polled, Request, measured_polls, polling_table
from benchmarks.target import Target
from benchmarks.workloads import NESTED, W1


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.usefixtures("kind")
async def test_every_nested_workload_is_polled_and_no_request_repeats(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no answer comes from memory, which would be a `RuntimeError`."""
    sent: list[Request] = []
    ask = Asker.ask

    def noting(asker: Asker, request: Request) -> str:
        sent.append(request)
        return ask(asker, request)

    monkeypatch.setattr(Asker, "ask", noting)
    polled = await asyncio.to_thread(
        measured_polls, target, tmp_path, None, rounds=2, requests=3, say=lambda _: None
    )

    assert [each.workload for each in polled] == list(NESTED)
    assert {(each.read.requests, each.unchanged.requests) for each in polled} == {(6, 6)}
    assert all(each.unchanged.server > 0 for each in polled)
    assert len(set(sent)) == len(sent)
    polls = [each for each in sent if each.tag]
    assert len({each.address for each in polls}) == len(polls) == 4 * (WARM + 2 * 3)


def test_the_table_compares_both() -> None:
    page = polling_table([Polled(W1, Cost(0.003, 0.007, 10), Cost(0.001, 0.001, 10))])

    assert page.splitlines() == [
        "| workload | us of the answer | us of a 304 | share |",
        "| --- | ---: | ---: | ---: |",
        "| W1: one nested graph | 1,000 | 200 | 0.20 |",
    ]
