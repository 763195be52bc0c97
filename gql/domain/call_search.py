"""Finds voice calls by one text that may be part of a SID, a customer's number or a name."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, or_

from gql.domain.calls import CALLS
from gql.query.filters import Criterion, OwnerCondition

_SEARCHED = ("call_sid", "assistant_name", "customer_phone_number")
"""The number comes last: a text without digits gives it no value."""


@dataclass(frozen=True)
class Anywhere(Criterion):
    """A criterion that holds when one of those in `_SEARCHED` does."""

    comparators = frozenset({"contains"})

    def prepare(self, comparator: str, value: str) -> tuple[Any, ...]:
        prepared = (CALLS.filters[name].prepare(comparator, value) for name in _SEARCHED)
        return tuple(part for parts in prepared for part in parts or ())

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        searched = zip(_SEARCHED, values, strict=False)
        return or_(
            *(CALLS.filters[name].condition(table, comparator, value) for name, value in searched)
        )

    def own_condition(
        self, table: FromClause, comparator: str, *values: Any
    ) -> ColumnElement[bool]:
        searched = zip(_SEARCHED, values, strict=False)
        return or_(
            *(
                CALLS.filters[name].own_condition(table, comparator, value)
                for name, value in searched
            )
        )

    def owner_condition(self, comparator: str, *values: Any) -> OwnerCondition | None:
        name = values[_SEARCHED.index("assistant_name")]
        return CALLS.filters["assistant_name"].owner_condition(comparator, name)


SEARCHED_CALLS = replace(CALLS, filters={**CALLS.filters, "anywhere": Anywhere()})
"""Voice calls that can be searched; the condition's comparator is `contains`."""
