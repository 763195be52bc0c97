"""Finds voice calls by one text that may be part of a SID, a customer's number or a name."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, or_

from gql.domain.calls import CALLS

_PLACES = ("call_sid", "assistant_name", "customer_phone")
"""The number comes last: a text without digits gives it no value."""


@dataclass(frozen=True)
class Anywhere:
    """A criterion that one of `_PLACES` contains the text, each in its own way."""

    def prepare(self, comparator: str, value: str) -> tuple[Any, ...]:
        """What each place makes of the text."""
        found = (CALLS.filters[place].prepare(comparator, value) for place in _PLACES)
        return tuple(part for values in found for part in values or ())

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        """Any of the places that have a value."""
        places = zip(_PLACES, values, strict=False)
        return or_(
            *(CALLS.filters[place].condition(table, comparator, value) for place, value in places)
        )


SEARCHED_CALLS = replace(CALLS, filters={**CALLS.filters, "anywhere": Anywhere()})
"""Voice calls that can be searched; the condition's comparator is `contains`."""
