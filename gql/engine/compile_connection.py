"""A connection as SQL: one subquery reads the page, and everything is printed of its rows."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    bindparam,
    case,
    func,
    or_,
    select,
)

from gql.engine.answer_size import within_limit
from gql.engine.fields import (
    ConnectionField,
    ConnectionSource,
    ConstantSource,
    CostSummarySource,
    EchoSource,
    FieldSource,
    PageSource,
)
from gql.engine.plan import PlanNode
from gql.engine.print_json import print_end_cursor, print_items
from gql.engine.print_rows import print_row, printed_columns
from gql.engine.variants import (
    AnyOfVariant,
    ConditionVariant,
    FilterConditions,
    ListVariant,
)
from gql.query.cursor import NONE, VERSION, Cursor
from gql.query.filters import PreparedAnyOf, PreparedCondition, PreparedFilter
from gql.query.page_statement import PageStatement, total
from gql.query.paging import Paging, ordering, ordering_by, sort_key
from gql.query.record_list import RecordList, RowSource
from gql.sql import json_sql
from gql.sql.instants import compact_instant
from gql.sql.json_sql import JsonPart, concatenated, json_array_body, literal_text
from gql.sql.text import hexadecimal

PrintRecord = Callable[[RowSource, PlanNode], list[JsonPart]]
"""Prints what a node selects of a row; it may add joins to the rows."""

PrintSummary = Callable[[RecordList, FromClause | None, PlanNode], list[JsonPart]]
"""Prints what all records of a list cost, which may be under a parent."""

CURSOR_KEYS: dict[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "instant": compact_instant,
    "integer": json_sql.json_integer,
    "text": hexadecimal,
    "chronology": hexadecimal,
}
"""How a sort key is written in a cursor, by the kind of its order."""


class ConnectionCompiler:
    """Writes one connection, or a page that is a plain list.

    Args:
        node: The connection or list in the plan.
        variant: Its paging and conditions.
        parent: The table of the records that it is a field of; None at the root.
        print_record: Prints the object of a row.
        print_summary: Prints what all records of the list cost.
        max_bytes: Most bytes of all rows together; None where nothing is added up.
        lists_apart: Whether lists in its rows are columns of their own.
    """

    def __init__(
        self,
        node: PlanNode,
        variant: ListVariant,
        parent: FromClause | None,
        print_record: PrintRecord,
        print_summary: PrintSummary,
        max_bytes: int | None,
        *,
        lists_apart: bool,
    ) -> None:
        assert isinstance(node.source, (ConnectionSource, PageSource))  # noqa: S101, only they are
        self._source = node.source
        self._resource = node.source.resource
        self._items = _items(node)
        self._prefix = node.prefix
        self._parent = parent
        self._print_record = print_record
        self._print_summary = print_summary
        self._max_bytes = max_bytes
        self._lists_apart = lists_apart
        self._paging = self._with_parameters(variant.paging)
        self._records = RecordList(
            self._resource,
            parameterized_conditions(self._prefix, variant.conditions),
            node.source.link,
        )
        self._page = PageStatement(
            self._records,
            self._paging,
            limit=self._integer("limit_and_one" if self._reads_one_more else "limit"),
            offset=bindparam(f"{self._prefix}_offset", type_=BigInteger),
            parent=parent,
        )

    def parts(self) -> list[JsonPart]:
        """The connection as JSON."""
        if not any(_reads_rows(item, self._paging) for _, item in self._items):
            return self._print_connection(None)
        rows = self._page_rows()
        printed = select(concatenated(self._print_connection(rows))).select_from(rows)
        if self._parent is not None:
            printed = printed.correlate(self._parent)
        return [printed.scalar_subquery()]

    # -- the rows ------------------------------------------------------------------------------

    def _page_rows(self) -> FromClause:
        """The rows of the page in list order: what is printed of each, its cursor and position."""
        rows = self._page.rows()
        columns: list[Any] = [
            column
            for number, (_, item) in enumerate(self._items)
            if item.source in _ROW_FIELDS
            for column in printed_columns(
                self._print_row(rows, item), f"printed_{number}", lists_apart=self._lists_apart
            )
        ]
        if self._is_numbered:
            order = ordering(rows.resource, rows.table, self._paging)
            columns.append(func.row_number().over(order_by=order).label("position"))
        if self._has_end_cursors:
            columns.append(self._cursor(rows).label("cursor"))
        if self._is_sorted_by_keys:
            key = sort_key(rows.resource, rows.table, self._paging.order)
            columns += [key.label("sort_key"), rows.table.c.id.label("sort_id")]
        page: FromClause = self._page.select(rows, *columns).subquery()
        printed = [column for column in page.c if column.name.startswith("printed_")]
        page = within_limit(page, printed, self._max_bytes)
        return self._turned(page) if self._paging.backward else page

    def _turned(self, page: FromClause) -> FromClause:
        """The rows of a page from the end of the list, in list order."""
        order: tuple[Any, ...] = (page.c.position.desc(),) if self._is_numbered else ()
        if self._is_sorted_by_keys:
            forward = self._paging._replace(backward=False)
            order = ordering_by(page.c.sort_key, page.c.sort_id, self._resource, forward)
        return select(*page.c).select_from(page).order_by(*order).subquery()

    @property
    def _is_sorted_by_keys(self) -> bool:
        """Whether the rows are turned by their sort keys, as they have no positions."""
        return self._paging.backward and not self._is_numbered

    @property
    def _is_numbered(self) -> bool:
        """Whether rows get positions, counted from the end that the page is taken from."""
        return self._reads_one_more or self._has_end_cursors

    @property
    def _has_end_cursors(self) -> bool:
        return bool(
            self._page_info_fields & {ConnectionField.START_CURSOR, ConnectionField.END_CURSOR}
        )

    @property
    def _reads_one_more(self) -> bool:
        """Whether a row beyond the page is read, to know that the list goes on there."""
        return _far_side(self._paging) in self._page_info_fields

    @property
    def _page_info_fields(self) -> set[Any]:
        """The fields of every `pageInfo` that is selected, under whatever key."""
        return {
            field.source
            for _, item in self._items
            if item.source is ConnectionField.PAGE_INFO
            for _, field in item.selected.items
        }

    def _print_row(self, rows: RowSource, item: PlanNode) -> list[JsonPart]:
        """One item of `nodes` or `edges`."""
        if item.source is ConnectionField.NODES:
            return self._print_record(rows, item)
        printed: list[tuple[str, list[JsonPart]]] = []
        for key, field in item.selected.items:
            match field.source:
                case ConstantSource(json):
                    printed.append((key, [json]))
                case ConnectionField.NODE:
                    printed.append((key, self._print_record(rows, field)))
                case _:
                    printed.append((key, ['"', self._cursor(rows), '"']))
        return print_items(printed)

    def _cursor(self, rows: RowSource) -> ColumnElement[Any]:
        order = rows.resource.orders[self._paging.order]
        column = rows.resource.expression(order.label, rows.table)
        direction = "desc" if self._paging.descending else "asc"
        start = f"{VERSION}~{rows.resource.name}~{self._paging.order}~{direction}~"
        key = func.coalesce(CURSOR_KEYS[order.kind](column), literal_text(NONE))
        return concatenated([start, key, "~", json_sql.json_integer(rows.table.c.id)])

    # -- what is printed -----------------------------------------------------------------------

    def _print_connection(self, rows: FromClause | None) -> list[JsonPart]:
        if isinstance(self._source, PageSource):
            return self._print_field(0, self._items[0][1], rows)
        return print_items(
            [
                (key, self._print_field(number, item, rows))
                for number, (key, item) in enumerate(self._items)
            ]
        )

    def _print_field(self, number: int, item: PlanNode, rows: FromClause | None) -> list[JsonPart]:
        match item.source:
            case ConstantSource(json):
                return [json]
            case ConnectionField.TOTAL_COUNT:
                return [json_sql.json_integer(total(self._records, self._parent))]
            case CostSummarySource():
                return self._print_summary(self._records, self._parent, item)
            case EchoSource(name):
                return [bindparam(f"echo_{name}", type_=Text())]
            case ConnectionField.PAGE_INFO:
                fields = item.selected.items
                return print_items(
                    [(key, self._print_page_info_field(each.source, rows)) for key, each in fields]
                )
        assert rows is not None  # noqa: S101, nodes and edges always read rows
        printed = json_array_body(print_row(rows, f"printed_{number}"))
        array: ColumnElement[Any] = printed
        if self._reads_one_more:
            array = printed.filter(rows.c.position <= self._integer("limit"))
        return ["[", func.coalesce(array, literal_text("")), "]"]

    def _print_page_info_field(self, field: FieldSource, rows: FromClause | None) -> list[JsonPart]:
        """A field of `pageInfo`."""
        if isinstance(field, ConstantSource):
            return [field.json]
        if field in (ConnectionField.HAS_NEXT_PAGE, ConnectionField.HAS_PREVIOUS_PAGE):
            earlier = field is ConnectionField.HAS_PREVIOUS_PAGE
            return [self._has_more(earlier=earlier, rows=rows)]
        assert rows is not None  # noqa: S101, cursors always read rows
        # Positions count from the end of the list that the page is taken from.
        is_first = (field is ConnectionField.START_CURSOR) != self._paging.backward
        return [print_end_cursor(rows, self._integer("limit"), is_first=is_first)]

    def _has_more(self, *, earlier: bool, rows: FromClause | None) -> ColumnElement[Any]:
        """Whether the list has rows before (`earlier`) or after the page."""
        signs: list[ColumnElement[Any]] = []
        if earlier == self._paging.backward and rows is not None:
            signs.append(func.count() > self._integer("limit"))
        if self._paging.is_bounded(earlier=earlier):
            signs.append(self._page.goes_on(earlier=earlier))
        if not signs:
            return literal_text("false")
        return case((or_(*signs), literal_text("true")), else_=literal_text("false"))

    # -- parameters ----------------------------------------------------------------------------

    def _integer(self, name: str) -> BindParameter[int]:
        return bindparam(f"{self._prefix}_{name}", type_=Integer)

    def _with_parameters(self, paging: Paging) -> Paging:
        """The paging with parameters as the keys and ids of its cursors."""
        order = self._resource.orders[paging.order]
        column = self._resource.table.c.get(order.label)
        types: dict[str, Any] = {
            "integer": BigInteger(),
            "text": Text(),
            "chronology": Text(),
            "instant": None if column is None else column.type,
        }

        def cursor(mark: Cursor | None, side: str) -> Cursor | None:
            if mark is None:
                return None
            start = f"{self._prefix}_{side}"
            key: Any = bindparam(f"{start}_key", type_=types[order.kind])
            row_id: Any = bindparam(f"{start}_id", type_=BigInteger())
            return Cursor(None if mark.key is None else key, row_id)

        return paging._replace(
            after=cursor(paging.after, "after"), before=cursor(paging.before, "before")
        )


def parameterized_conditions(prefix: str, variants: FilterConditions) -> PreparedFilter:
    """Conditions around parameters, as `bind_conditions` names and fills them.

    Args:
        prefix: What the names of the parameters begin with.
        variants: The conditions without their values.
    """
    return tuple(
        _parameterized(f"{prefix}_filter{number}", variant)
        for number, variant in enumerate(variants)
    )


def _parameterized(
    name: str, variant: ConditionVariant | AnyOfVariant
) -> PreparedCondition | PreparedAnyOf:
    """One of them; `name` is what the names of its parameters begin with."""
    if isinstance(variant, AnyOfVariant):
        filters = (
            parameterized_conditions(f"{name}_{index}", each)
            for index, each in enumerate(variant.filters)
        )
        return PreparedAnyOf(tuple(filters), variant.negated)
    values: tuple[Any, ...] | None = None
    if variant.literal is not None:
        values = (variant.literal,)
    elif variant.parameters is not None:
        values = tuple(bindparam(f"{name}_{part}") for part in range(variant.parameters))
    return PreparedCondition(variant.field, variant.comparator, values)


_ROW_FIELDS = (ConnectionField.NODES, ConnectionField.EDGES)
"""What is printed of each row of the page."""


def _items(node: PlanNode) -> tuple[tuple[str, PlanNode], ...]:
    """The fields of a connection; a plain list has its nodes alone."""
    if isinstance(node.source, PageSource):
        return (("", PlanNode(ConnectionField.NODES, node.selection, choices=node.choices)),)
    return node.selected.items


def _far_side(paging: Paging) -> ConnectionField:
    """The field that needs one row beyond the page: whether the list goes on behind it."""
    return ConnectionField.HAS_PREVIOUS_PAGE if paging.backward else ConnectionField.HAS_NEXT_PAGE


def _reads_rows(item: PlanNode, paging: Paging) -> bool:
    if item.source is ConnectionField.PAGE_INFO:
        row_fields = (ConnectionField.START_CURSOR, ConnectionField.END_CURSOR, _far_side(paging))
        return any(field.source in row_fields for _, field in item.selected.items)
    return item.source in _ROW_FIELDS
