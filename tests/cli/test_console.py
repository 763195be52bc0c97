"""Rows are printed so that every word of them can be read and copied, however narrow the lines."""

from typing import Any

import pytest

from gql.cli.console import print_rows

ADDRESS = "https://example.com/hooks/generic/some-long-name"
ROWS: list[dict[str, Any]] = [
    {"id": 1, "address": ADDRESS, "is_active": True},
    {"id": 2, "address": None, "is_active": False},
]


def printed(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    print_rows(ROWS, as_json=False, when_none="")
    return capsys.readouterr().out


def test_rows_that_fit_are_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(90, monkeypatch, capsys).splitlines()

    assert [line.strip("┃ ").split(" ┃ ") for line in lines if "┃" in line] == [
        ["id", "address" + " " * 41, "is_active"]
    ]
    assert lines[3].split() == ["│", "1", "│", ADDRESS, "│", "yes", "│"]


def test_rows_whose_words_would_be_cut_are_blocks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(65, monkeypatch, capsys).splitlines()

    assert [line.split() for line in lines] == [
        ["id", "1"],
        ["address", ADDRESS],
        ["is_active", "yes"],
        [],
        ["id", "2"],
        ["address"],
        ["is_active", "no"],
    ]
