"""What a call costs, worked out anew from the lines of its bills: nothing is ever added to a sum.

One source may send several bills of one call, each by another producer; they are about the same
money, so the one that counts is the first of `PRODUCERS`. A telephone company's bill for the call
of another source is added only where that source's own bill has no telephony. Amounts of another
currency are never added. What does not count is kept, and marked as superseded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple, get_args

from gql.ingest.items import CostLine, Producer
from gql.ingest.merge import Stamp
from gql.models.rollup import SERVICES
from gql.money import decimal_to_micros

PRODUCERS: tuple[str, ...] = get_args(Producer)
"""From the one that counts first."""

_TELEPHONY = "telephony"


def to_micros(amount: Decimal) -> int:
    """Whole millionths; half of one goes to the even neighbour."""
    return int(decimal_to_micros(amount).to_integral_value(ROUND_HALF_EVEN))


def line_columns(line: CostLine, currency: str) -> dict[str, Any]:
    """The columns of a line of a bill."""
    return {
        "service": line.service,
        "provider": line.provider,
        "model": line.model,
        "usage_type": line.usage_type,
        "usage_amount": line.usage_amount,
        "unit_price": line.unit_price,
        "amount": to_micros(line.amount),
        "amount_text": str(line.amount),
        "currency": currency,
    }


class LineKey(NamedTuple):
    """The key of a line among those of one call."""

    source: str
    producer: str
    key: str


class Line(NamedTuple):
    """A line, as far as sums need it; the amount is in millionths."""

    stamp: Stamp
    service: str
    amount: int
    currency: str


class Total(NamedTuple):
    """The head of a bill: its currency, and its sum in millionths, where it names one."""

    stamp: Stamp
    currency: str
    amount: int | None


class _Sums(NamedTuple):
    """One bill: its total, what each service costs, and the lines that count."""

    currency: str
    total: int
    services: Mapping[str, int]
    counted: frozenset[LineKey]


@dataclass
class Bill:
    """The bills of one call.

    Attributes:
        totals: By source and producer, joined by a slash.
        lines: Every line; None where they are not read since nothing about them came.
    """

    totals: dict[str, Total] = field(default_factory=dict)
    lines: dict[LineKey, Line] | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Bill":
        """What `to_json` wrote."""
        return cls({name: Total(*each) for name, each in document.items()})

    def to_json(self) -> dict[str, Any]:
        """The heads of the bills, which no line has."""
        return {name: list(each) for name, each in sorted(self.totals.items())}

    def columns(self, source: str) -> tuple[Mapping[str, Any], frozenset[LineKey]]:
        """The columns of the call, and the lines that count in them.

        Args:
            source: Of the call.
        """
        lines = self.lines or {}
        if not lines and not self.totals:
            return UNKNOWN_COSTS, frozenset()
        own = self._of_source(source, lines)
        bills = [] if own is None else [own]
        if own is None or own.services.get(_TELEPHONY, 0) <= 0:
            others = sorted({key.source for key in lines} - {source})
            carriers = [self._of_source(other, lines) for other in others]
            bills += [each for each in carriers if each is not None]
        bills = [each for each in bills if each.currency == bills[0].currency]
        services = {name: _sum_of(each.services.get(name) for each in bills) for name in SERVICES}
        total = sum(each.total for each in bills) if bills else None
        attributed = sum(amount or 0 for amount in services.values())
        columns = {
            "total_cost": total,
            **{f"{name}_cost": amount for name, amount in services.items()},
            "unattributed_cost": None if total is None else total - attributed,
            "cost_currency": bills[0].currency if bills else None,
        }
        return columns, frozenset().union(*(each.counted for each in bills))

    def _of_source(self, source: str, lines: Mapping[LineKey, Line]) -> _Sums | None:
        """The bill of a source that counts."""
        for producer in PRODUCERS:
            total = self.totals.get(f"{source}/{producer}")
            own = {key: line for key, line in lines.items() if key[:2] == (source, producer)}
            if own or total is not None:
                return _summed(own, total)
        return None


UNKNOWN_COSTS: Mapping[str, Any] = dict.fromkeys(
    ("total_cost", *(f"{name}_cost" for name in SERVICES), "unattributed_cost", "cost_currency")
)
"""The columns of a call of which no bill has come."""


def _summed(lines: Mapping[LineKey, Line], total: Total | None) -> _Sums:
    """A bill in the currency in which it was written last."""
    stamped = [(line.stamp, line.currency) for line in lines.values()]
    if total is not None:
        stamped.append((total.stamp, total.currency))
    newest, currency = max(stamped)
    counted = {key: line for key, line in lines.items() if line.currency == currency}
    services: dict[str, int] = {}
    for line in counted.values():
        services[line.service] = services.get(line.service, 0) + line.amount
    is_whole = total is not None and total.amount is not None and total.stamp == newest
    amount = total.amount if is_whole and total is not None else sum(services.values())
    return _Sums(currency, amount or 0, services, frozenset(counted))


def _sum_of(amounts: Iterable[int | None]) -> int | None:
    """The sum of those that are not None; None where all are."""
    named = [amount for amount in amounts if amount is not None]
    return sum(named) if named else None
