"""Weights are measured on a served gateway; the page says which lines of `weights.py` follow."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.target import Target
from benchmarks.weights import Figures, measured_weights, weights_page
from gql.query.weights import LEAF, LIST, WEIGHTS


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.usefixtures("kind")
async def test_every_weight_is_measured(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.weights.MOST_REQUESTS", 1)
    microseconds = await asyncio.to_thread(
        measured_weights, target, tmp_path, None, rounds=1, say=lambda _: None
    )

    assert set(microseconds) == set(WEIGHTS)


def test_the_page_says_which_lines_follow() -> None:
    page = weights_page([Figures(LEAF, 0.31, 0.2), Figures(LIST, 3.4, 10.01)])

    assert page.splitlines() == [
        "| unit | points | us on SQLite | us on PostgreSQL |",
        "| --- | ---: | ---: | ---: |",
        f"| {LEAF.unit} | 1 | 0.31 | 0.20 |",
        f"| {LIST.unit} | 10 | 3.40 | 10.01 |",
        "",
        "The lines of gql/query/weights.py that follow from this:",
        "",
        f'LIST = Weight(11, "{LIST.unit}")',
    ]
    assert "lines" not in weights_page([Figures(LEAF, 0.31, 0.2)])
