"""Finds voice calls by one text that may be part of a SID, a customer's number or a name."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, or_

from gql.domain.calls import CALLS
from gql.domain.filters import holds

_PLACES = ("call_sid", "customer_phone", "assistant_name")


@dataclass(frozen=True)
class Anywhere:
    """A criterion that one of `_PLACES` contains the text, each in its own way."""

    def prepare(self, _comparator: str, value: str) -> tuple[str]:
        """The text; each place prepares it for itself."""
        return (value,)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        """Any of the places."""
        return or_(*(holds(CALLS.filters[place], table, comparator, *values) for place in _PLACES))


SEARCHED_CALLS = replace(CALLS, filters={**CALLS.filters, "anywhere": Anywhere()})
"""Voice calls that can be searched; the condition's comparator is `contains`."""
