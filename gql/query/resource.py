"""What a noun is to every reader: its table, what is visible of it, its filters and its orders.

Written once per noun in `domain/<noun>.py`, as functions of the table (or of an alias of it), so
that loaders, REST and compiled plans use the very same expressions.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import ColumnElement, FromClause, Row, Table

from gql.identity import Identity, Permission
from gql.models.scope import owned
from gql.models.types import UNREAD
from gql.query.filters import ColumnCriterion, Criterion

Expression = Callable[[FromClause], ColumnElement[Any]]
"""Takes the table or an alias of it and gives a column expression."""

Record = Any
"""One row as a named tuple: an attribute per label, and `resource` on its class."""


@dataclass(frozen=True)
class LeadingColumn:
    """A column of few values that comes before the sort key in an index.

    Attributes:
        field: The column, and the filter that compares it.
        values: All that it may have.
        used: "always" where all indexes begin with it; "unless_short" where the order has no index
            without it, and rows that an index finds by a value of another column are sorted;
            "if_filtered" where the order has an index without it too.
    """

    field: str
    values: tuple[str, ...]
    used: Literal["always", "unless_short", "if_filtered"]


@dataclass(frozen=True)
class Order:
    """A way to sort a list; rows without a value come last, and ties are broken by id.

    Attributes:
        label: The column of the record that is sorted by.
        kind: How its value is written in a cursor.
        nullable: Whether a row may have no value.
        indexed_by: The column with which its index begins, where the label is computed.
        leading: What comes before it in its indexes; see `gql/query/branches.py`.
    """

    label: str
    kind: Literal["instant", "integer", "text", "chronology"]
    nullable: bool = False
    indexed_by: str | None = None
    leading: tuple[LeadingColumn, ...] = ()


BY_ID = Order("id", "integer")


@dataclass(frozen=True, eq=False)
class Link:
    """How rows of a resource find the parent they are listed under.

    Attributes:
        name: What a printed plan calls it.
        attach: From the child's table to what to select from and the parent's key in it.
        column: The child's own column, where that holds the parent's key.
    """

    name: str
    attach: Callable[[FromClause], tuple[FromClause, ColumnElement[Any]]]
    column: str | None = None

    @classmethod
    def by(cls, column: str) -> "Link":
        """The child's own `column` holds the parent's key."""
        return cls(column, lambda table: (table, table.c[column]), column)


@dataclass(frozen=True)
class RollupTable:
    """Tables that add up the rows of another one, by day and by the values of some columns.

    Both have those columns under their own names, and the ones that decide what is visible.

    Attributes:
        table: See `CallRollup` in `gql/models/rollup.py`.
        changes: What is not folded into it yet: see `CallRollupChange`.
        owner: A column whose values are told apart in rows of their own, beside those of all.
        columns: Further columns whose values are told apart.
        instant: The column by whose day rows are added up.
    """

    table: Table
    changes: Table
    owner: str
    columns: tuple[str, ...]
    instant: str


@dataclass(frozen=True, eq=False)
class JoinedColumn:
    """A computed label read through a join: another record's, else the row's own column.

    In a statement that lists rows a join takes a third less time than a subquery for each row.

    Attributes:
        resource: Whose record, looked up by its id.
        key: Our column with that id.
        label: Of the other record.
    """

    resource: "Resource"
    key: str
    label: str


@dataclass(frozen=True, eq=False)
class Kinds:
    """How records of a resource are told apart, each of which is read as one of a narrower one.

    Attributes:
        label: The column that tells.
        resources: The narrower resource for each of its values; their labels are a part of ours.
    """

    label: str
    resources: "Mapping[str, Resource]"

    def narrow(self, record: Record) -> Record:
        """A record as one of its narrower resource."""
        resource = self.resources[getattr(record, self.label)]
        return resource.record(*(getattr(record, label) for label in resource.labels))


@dataclass(frozen=True, eq=False)
class Resource:
    """One noun: its table, and all that readers may do with its rows.

    Attributes:
        name: The noun, and the prefix of its global ids.
        table: Where its rows are.
        visible: Conditions that every reader adds beside the organization.
        computed: Further labels of a record, as expressions of the row.
        joined: Those of `computed` that a join can read too, under the row's own column's name.
        filters: What a list may be filtered by.
        orders: How a list may be ordered; the first is the default.
        rollup: The tables that add up its rows, where there are any.
        kinds: What its records are read as, where they are of several kinds.
        permission: What a caller needs to read any of them; None for nothing.
        usual: How many of them an organization usually has, for the estimate of what a list costs.
    """

    name: str
    table: Table
    visible: Callable[[FromClause], tuple[ColumnElement[bool], ...]] = lambda _: ()
    computed: Mapping[str, Expression] = field(default_factory=dict)
    joined: Mapping[str, JoinedColumn] = field(default_factory=dict)
    filters: Mapping[str, Criterion] = field(default_factory=lambda: MappingProxyType({}))
    orders: Mapping[str, Order] = field(default_factory=lambda: MappingProxyType({"id": BY_ID}))
    rollup: RollupTable | None = None
    kinds: Kinds | None = None
    permission: Permission | None = None
    usual: int = 100

    def __post_init__(self) -> None:
        for name, criterion in self.filters.items():
            if isinstance(criterion, ColumnCriterion) and criterion.column not in self.table.c:
                raise ValueError(
                    f"the filter {name!r} of {self.name} compares the column"
                    f" {criterion.column!r}, which {self.table.name} does not have"
                )

    def check_criterion(self, name: str, comparators: frozenset[str], *, used_by: str) -> None:
        """Make sure that lists can be filtered by a criterion with these comparators.

        Raises:
            TypeError: when there is no such criterion, or not with one of the comparators; the
                message begins with `used_by`.
        """
        criterion = self.filters.get(name)
        if criterion is None:
            raise TypeError(
                f"{used_by} filters nothing: add {name!r} to the `filters` of the resource"
                f" {self.name!r} in gql/domain"
            )
        missing = comparators - criterion.comparators
        if missing:
            raise TypeError(
                f"{used_by} compares by {', '.join(sorted(missing))}, but {name!r} of the resource"
                f" {self.name!r} is a criterion by {', '.join(sorted(criterion.comparators))}:"
                " use other comparators, or another criterion"
            )

    def is_open_to(self, identity: Identity) -> bool:
        """Whether a caller may read any of its records."""
        return self.permission is None or self.permission in identity.permissions

    @cached_property
    def leading_fields(self) -> frozenset[str]:
        """What comes before the sort keys of its orders in their indexes."""
        return frozenset(each.field for order in self.orders.values() for each in order.leading)

    @cached_property
    def few_valued(self) -> frozenset[str]:
        """Columns of few values, of which each has many rows."""
        counted = () if self.rollup is None else self.rollup.columns
        return self.leading_fields.union(counted)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The attributes of a record, in order."""
        own = (
            column.name
            for column in self.table.columns
            if column.name not in self.computed and UNREAD not in column.info
        )
        return (*own, *self.computed)

    @cached_property
    def record(self) -> type[Record]:
        """The class of this resource's records."""
        base = namedtuple(self.name, self.labels)  # type: ignore[misc]  # noqa: PYI024
        return type(self.name, (base,), {"__slots__": (), "resource": self})

    def records(self, rows: Sequence[Row[Any]]) -> list[Record]:
        """Rows of `columns` as records, each of its kind; further columns of a row are dropped."""
        width = len(self.labels)
        make = self.record._make
        records = [make(row[:width]) for row in rows]
        return records if self.kinds is None else [self.kinds.narrow(each) for each in records]

    def columns(self, table: FromClause) -> list[ColumnElement[Any]]:
        """The columns of a record, labelled, over the table or an alias of it."""
        return [self.expression(label, table).label(label) for label in self.labels]

    def expression(self, label: str, table: FromClause) -> ColumnElement[Any]:
        """The expression behind one label."""
        computed = self.computed.get(label)
        return computed(table) if computed else table.c[label]

    def conditions(self, table: FromClause) -> tuple[ColumnElement[bool], ...]:
        """What holds for every row that a reader of the organization may see."""
        return (owned(table), *self.visible(table))


@dataclass(frozen=True, eq=False)
class UnionList:
    """The newest records of a resource of several kinds under a parent.

    Attributes:
        resource: Whose records.
        link: How they find their parent.
        order: A name in the resource's orders; the list starts from its highest value.
        limit: Most records.
    """

    resource: Resource
    link: Link
    order: str
    limit: int
