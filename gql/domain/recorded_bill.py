"""What is recorded of a source's bills: its cost entries, read for the comparison with an invoice.

Every amount is an integer of millionths. Sums are read as two numbers each, as in
`gql.sql.aggregates`, since they need not fit in 64 bits.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    not_,
    select,
    union_all,
)

from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.enums import Channel
from gql.models.scope import owned, parameters, table_of
from gql.money import MICROS_PER_UNIT
from gql.sql.aggregates import sum_of_micros, sum_of_units
from gql.sql.keys import is_among

Read = Callable[[Any, dict[str, Any]], Awaitable[Sequence[Any]]]
"""Runs a statement with the values of its parameters."""

_CALL, _ENTRY = table_of(Call).alias("call"), table_of(CostEntry).alias("cost_entry")
_CURRENCY = func.coalesce(_ENTRY.c.currency, _CALL.c.cost_currency)
_SUM = (sum_of_units(_ENTRY.c.amount), sum_of_micros(_ENTRY.c.amount))


class NamedCall(NamedTuple):
    """A call, voice or SMS, and what an invoice calls it."""

    reference: str
    id: int
    channel: str
    started_at: datetime


class RecordedAmount(NamedTuple):
    """What is recorded of one service of a call in one currency."""

    service: str
    currency: str | None
    is_superseded: bool
    amount: int


def _bound(name: str, column: ColumnElement[Any]) -> BindParameter[Any]:
    return bindparam(name, type_=column.type)


def _of_source(*columns: Any) -> Select[Any]:
    """Columns of a source's entries and their calls."""
    joined = _ENTRY.join(_CALL, (_CALL.c.id == _ENTRY.c.call_id) & owned(_CALL))
    return (
        select(*columns)
        .select_from(joined)
        .where(
            owned(_ENTRY),
            _ENTRY.c.source == _bound("source", _ENTRY.c.source),
            _ENTRY.c.amount.is_not(None),
        )
    )


def _counted_in_period(statement: Select[Any]) -> Select[Any]:
    """The entries that count, of calls that started in the period, in the invoice's currency."""
    started_at = _CALL.c.started_at
    return statement.where(
        _CALL.c.channel.in_(list(Channel)),
        started_at >= _bound("start", started_at),
        started_at < _bound("end", started_at),
        not_(_ENTRY.c.is_superseded),
        _bound("currency", _CALL.c.cost_currency) == _CURRENCY,
    )


def _calls_by(column: str, rank: int) -> Select[Any]:
    """Calls whose column is one of the keys."""
    call = table_of(Call).alias()
    statement = select(
        call.c[column].label("reference"),
        literal(rank, Integer).label("rank"),
        call.c.id,
        call.c.channel,
        call.c.started_at,
    ).where(owned(call), is_among(call.c[column], "keys"))
    if column == "external_id":
        return statement.where(call.c.source == _bound("source", call.c.source))
    return statement


_NAMED_CALLS = union_all(
    *(
        _calls_by(column, rank)
        for rank, column in enumerate(("external_id", "call_sid", "carrier_call_id"))
    )
)

_AMOUNTS = (
    _of_source(_ENTRY.c.call_id, _ENTRY.c.service, _CURRENCY, _ENTRY.c.is_superseded, *_SUM)
    .where(is_among(_ENTRY.c.call_id, "keys"))
    .group_by(_ENTRY.c.call_id, _ENTRY.c.service, _CURRENCY, _ENTRY.c.is_superseded)
    .order_by(_ENTRY.c.call_id, _ENTRY.c.service)
)

_NAME = case(
    (_CALL.c.source == _ENTRY.c.source, func.coalesce(_CALL.c.external_id, _CALL.c.call_sid)),
    else_=func.coalesce(_CALL.c.carrier_call_id, _CALL.c.call_sid),
)
_OTHER_COLUMNS = (_NAME, _ENTRY.c.call_id, _CALL.c.channel, _CALL.c.started_at, _ENTRY.c.service)
_AMOUNTS_OF_OTHERS = (
    _counted_in_period(_of_source(*_OTHER_COLUMNS, *_SUM, cast(func.count().over(), BigInteger)))
    .where(_ENTRY.c.amount != 0, not_(is_among(_ENTRY.c.call_id, "keys")))
    .group_by(*_OTHER_COLUMNS)
    .order_by(_ENTRY.c.call_id, _ENTRY.c.service)
    .limit(bindparam("limit", type_=Integer()))
)

_TOTAL = _counted_in_period(_of_source(*_SUM))


@dataclass(frozen=True)
class RecordedBill:
    """What is recorded of what a source charges an organization for a period, in one currency.

    Attributes:
        end: The first instant after the period.
    """

    organization_id: int
    source: str
    currency: str
    start: datetime
    end: datetime

    async def named_calls(self, read: Read, references: Sequence[str]) -> dict[str, NamedCall]:
        """Calls by what an invoice calls them: the source's id, else the SID, else a carrier's."""
        rows = await read(_NAMED_CALLS, self._values(list(dict.fromkeys(references))))
        calls: dict[str, NamedCall] = {}
        for reference, _, *call in sorted(rows, key=lambda row: tuple(row[:3])):
            calls.setdefault(reference, NamedCall(reference, *call))
        return calls

    async def amounts_of(
        self, read: Read, call_ids: Sequence[int]
    ) -> dict[int, list[RecordedAmount]]:
        """What is recorded of some calls, whenever they started, in any currency."""
        amounts: dict[int, list[RecordedAmount]] = defaultdict(list)
        rows = await read(_AMOUNTS, self._values(call_ids))
        for call_id, service, currency, is_superseded, units, micros in rows:
            amount = RecordedAmount(service, currency, is_superseded, _micros(units, micros))
            amounts[call_id].append(amount)
        return amounts

    async def amounts_of_others(
        self, read: Read, call_ids: Sequence[int], limit: int
    ) -> tuple[list[tuple[NamedCall, str, int]], int]:
        """What counts of other calls of the period: `limit` amounts at most, and the number of all.

        An amount is its call, the service and millionths of the currency.
        """
        rows = await read(_AMOUNTS_OF_OTHERS, self._values(call_ids) | {"limit": limit})
        amounts = [
            (NamedCall(*call), service, _micros(units, micros))
            for *call, service, units, micros, _ in rows
        ]
        return amounts, rows[0][-1] if rows else 0

    async def total(self, read: Read) -> int:
        """All that counts in the period."""
        ((units, micros),) = await read(_TOTAL, self._values(()))
        return _micros(units, micros)

    def _values(self, keys: Sequence[Any]) -> dict[str, Any]:
        """Of all that the statements above bind."""
        return {
            **parameters(self.organization_id),
            "keys": list(keys),
            "source": self.source,
            "currency": self.currency,
            "start": self.start,
            "end": self.end,
        }


def _micros(units: Any, micros: Any) -> int:
    total: int = int(units or 0) * MICROS_PER_UNIT + int(micros or 0)
    return total
