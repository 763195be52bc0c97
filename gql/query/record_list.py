"""Lists of records, and their rows as something that a statement selects from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from gql.query.filters import (
    ColumnCriterion,
    Filter,
    PreparedCondition,
    PreparedFilter,
    prepare_filter,
)
from gql.query.resource import Link, Resource
from gql.query.table_indexes import has_index
from gql.sql.aliases import alias_of
from gql.sql.json_sql import literal_text
from gql.sql.keys import is_among


@dataclass
class RowSource:
    """Rows of a resource under one alias of its table, for one SELECT.

    What a SELECT prints may need further tables: each is joined to `from_clause` before `select`.

    Attributes:
        resource: Whose rows.
        table: The alias.
        from_clause: The alias with everything that is joined to it.
        conditions: What every row passes; what the caller may not see is left out already.
        parent: The table that the SELECT is a correlated subquery of, if it is one.
        joined: Other records whose labels are read, by how they are joined.
    """

    resource: Resource
    table: FromClause
    from_clause: FromClause
    conditions: list[ColumnElement[bool]]
    parent: FromClause | None = None
    joined: "dict[tuple[Any, ...], RowSource]" = field(default_factory=dict)

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        statement = select(*columns).select_from(self.from_clause).where(*self.conditions)
        return statement if self.parent is None else statement.correlate(self.parent)


@dataclass
class RowsByParent(RowSource):
    """Rows of many lists together.

    Attributes:
        parent_key: The key of the parent that a row is listed under.
    """

    parent_key: ColumnElement[Any] = field(kw_only=True)


@dataclass(frozen=True)
class RecordList:
    """The visible records of a resource that pass some conditions, as a whole or under parents.

    Attributes:
        resource: Whose records.
        conditions: What they are filtered by.
        link: How they find the parent that they are listed under; None for one list of all.
    """

    resource: Resource
    conditions: PreparedFilter = ()
    link: Link | None = None

    @classmethod
    def filtered(cls, resource: Resource, filter: Filter, link: Link | None = None) -> "RecordList":
        return cls(resource, prepare_filter(resource.filters, filter), link)

    def rows(self, parent: FromClause | None = None) -> RowSource:
        """The rows of the one list, or of the list under each row of `parent`."""
        table = alias_of(self.resource.table)
        if self.link is None or parent is None:
            return RowSource(self.resource, table, table, self._conditions(table))
        from_clause, parent_key = self.link.attach(table)
        conditions = self._conditions(table, parent_key == parent.c.id)
        return RowSource(self.resource, table, from_clause, conditions, parent)

    def rows_by_parent(self) -> RowsByParent:
        """The rows under all parents whose keys are in the parameter `keys`."""
        assert self.link is not None  # noqa: S101, only such a list has parents
        table = alias_of(self.resource.table)
        from_clause, parent_key = self.link.attach(table)
        conditions = self._conditions(table, is_among(parent_key, "keys"))
        return RowsByParent(self.resource, table, from_clause, conditions, parent_key=parent_key)

    def compares(self, field: str, *comparators: str) -> bool:
        """Whether its rows are compared by one of its filters, by certain comparators or any."""
        return any(
            isinstance(each, PreparedCondition)
            and each.field == field
            and (not comparators or each.comparator in comparators)
            for each in self.conditions
        )

    def is_short(self) -> bool:
        """Whether an index finds its few rows by the value of a column that has many."""
        return self.link is not None or any(
            isinstance(each, PreparedCondition)
            and each.comparator in {"eq", "in"}
            and isinstance(criterion := self.resource.filters[each.field], ColumnCriterion)
            and criterion.column not in self.resource.few_valued
            and has_index(self.resource.table, criterion.column)
            for each in self.conditions
        )

    def _conditions(
        self, table: FromClause, *under: ColumnElement[bool]
    ) -> list[ColumnElement[bool]]:
        return [
            *self.resource.conditions(table),
            *under,
            *(condition.sql(self.resource.filters, table) for condition in self.conditions),
            *self._every_value(table),
        ]

    def _every_value(self, table: FromClause) -> Iterator[ColumnElement[bool]]:
        """That leading columns have one of their values, where filters need an index behind them.

        True for every row: it lets a database look for a value or a range under each of them.
        """
        leading_columns = {
            leading.field: leading
            for order in self.resource.orders.values()
            for leading in order.leading
            if (leading.used == "always" and self.conditions)
            or (leading.used == "unless_short" and self.compares(order.label))
        }
        for leading in leading_columns.values():
            if not self.compares(leading.field, "eq"):
                values = [literal_text(value) for value in leading.values]
                yield table.c[leading.field].in_(values)
