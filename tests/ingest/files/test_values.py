"""What people write in cells, read as instants, durations, money and numbers."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gql.ingest.files.values import exact_amount, instant, milliseconds

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T12:00:00Z",
        "2026-11-28 12:00:00",
        "2026-11-28T13:00:00+01:00",
        "20261128T120000Z",
        "Sat, 28 Nov 2026 12:00:00 +0000",
        "1795867200",
        "1795867200000",
        "1795867200.0",
    ],
)
def test_an_instant_in_each_form(text: str) -> None:
    assert instant(text) == NOON


def test_a_time_without_a_zone_is_of_the_zone_that_the_user_names() -> None:
    assert instant("2026-11-28 13:00", ZoneInfo("Europe/Berlin")) == NOON
    assert instant("28.11.2026 13:00", ZoneInfo("Europe/Berlin"), "%d.%m.%Y %H:%M") == NOON


@pytest.mark.parametrize("text", ["11/28/2026 12:00", "yesterday", "9" * 40])
def test_a_time_that_could_be_two_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        instant(text)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("42", "s", 42_000),
        ("0.5", "s", 500),
        ("1.5", "min", 90_000),
        ("1234", "ms", 1_234),
        ("1:02", "s", 62_000),
        ("1:02:03", "min", 3_723_000),
    ],
)
def test_a_duration_by_its_unit_or_as_a_clock(text: str, unit: str, expected: int) -> None:
    assert milliseconds(text, unit) == expected


@pytest.mark.parametrize("text", ["-1", "an hour", "nan", "1e3"])
def test_a_duration_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        milliseconds(text, "s")


@pytest.mark.parametrize(
    ("text", "expected"), [("0.0125", "0.0125"), ("-0.0085", "-0.0085"), ("$ 1.50", "1.50")]
)
def test_money_is_exact(text: str, expected: str) -> None:
    assert exact_amount(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["1,50", "NaN", "Infinity", "free"])
def test_money_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"0\.0125"):
        exact_amount(text)
