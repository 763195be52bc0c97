"""The lines of what calls cost, as readers see them."""

from dataclasses import replace

from sqlalchemy import ColumnElement, Double, FromClause, cast, not_

from gql.models.cost_entry import CostEntry
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Expression, Order, Resource


def _double(label: str) -> Expression:
    """A decimal as the double next to it, which JSON prints alike from every database."""

    def expression(entry: FromClause) -> ColumnElement[float]:
        return cast(entry.c[label], Double)

    return expression


COST_ENTRIES = Resource(
    "cost_entry",
    table_of(CostEntry),
    computed={name: _double(name) for name in ("usage_amount", "unit_price")},
    filters={"service": compare("service"), "is_superseded": compare("is_superseded")},
    orders={"id": Order("id", "integer")},
)

COUNTED_ENTRIES = replace(COST_ENTRIES, visible=lambda entry: (not_(entry.c.is_superseded),))
"""Those that are a part of what the call cost."""
