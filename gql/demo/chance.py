"""Chance that comes out the same every day: seeded streams, and a now that stands still."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

NOW = datetime(2026, 6, 30, 12, 0, 0, tzinfo=UTC)
"""The instant at which the demo data stands still."""

YEAR = timedelta(days=365)
"""How far back the generated calls reach."""

_FRACTIONS = (0, 0, 0, 500_000, 120_000, 123_456, 1)
"""Microseconds: mostly none, and every kind of fraction that a wire format has to trim."""

T = TypeVar("T")


def stream(seed: int, *purpose: str | int) -> Random:
    """The numbers of one purpose, so that more rows for one do not change the rows of another."""
    return Random("/".join(map(str, (seed, *purpose))))  # noqa: S311 (demo data, not a secret)


def pick(dice: Random, items: Sequence[T]) -> T:
    """One of `items`; three times faster than `Random.choice`, which half a million rows notice."""
    return items[int(dice.random() * len(items))]


def odds(dice: Random, share: float) -> bool:
    """True in this share of the cases."""
    return dice.random() < share


def every(count: int, number: int, *, at: int) -> bool:
    """Whether `number` is the one at position `at` of each `count`: a share that is exact."""
    return number % count == at


def fraction(dice: Random) -> timedelta:
    """Less than a second, or nothing."""
    return timedelta(microseconds=pick(dice, _FRACTIONS))
