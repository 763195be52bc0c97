"""A connection as SQL: its rows once, and everything that is printed of them in one go."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)

from gql.engine import compile_count
from gql.engine.bind import ListVariant
from gql.engine.fields import (
    ConnectionField,
    ConnectionSource,
    ConstantSource,
    EchoSource,
    PageSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.engine.row_source import RowSource, print_items, visible_conditions
from gql.query.cursor import NONE, VERSION, Cursor
from gql.query.paging import Paging, beyond, ordering, within
from gql.sql import json_sql
from gql.sql.instants import compact_instant
from gql.sql.json_sql import JsonPart, concatenated, json_array_body, literal_text, or_null
from gql.sql.keys import is_selected
from gql.sql.text import hexadecimal

Column = ColumnElement[Any]
PrintObject = Callable[["RowSource", Selection], list[JsonPart]]
"""Prints an object of a row; it may add joins to the row's source."""

KEYS: dict[str, Callable[[Column], Column]] = {
    "instant": compact_instant,
    "integer": json_sql.json_integer,
    "text": hexadecimal,
}
"""How sort keys are written in a cursor."""


class PageEmitter:
    """Writes one connection, or a page that is a plain list.

    Args:
        node: The connection or list in the plan.
        shape: Its paging and conditions.
        under: Makes the rows of its list anew for each subquery.
        print_object: Prints a node.
    """

    def __init__(
        self,
        node: PlanNode,
        shape: ListVariant,
        under: Callable[[], RowSource],
        print_object: PrintObject,
    ) -> None:
        assert isinstance(node.source, (ConnectionSource, PageSource))  # noqa: S101, only they are
        self._source = node.source
        self._items = _items(node)
        self._name = f"s{node.argument}"
        self._under = under
        self._print_object = print_object
        self._paging = self._bound(shape.paging)
        self._terms = tuple(compile_count.terms(self._name, shape.terms))

    def parts(self) -> list[JsonPart]:
        """The connection as JSON."""
        if not any(_reads_rows(item, self._paging) for _, item in self._items):
            return self._object(None)
        rows = self._rows()
        printed = select(concatenated(self._object(rows))).select_from(rows)
        return [self._correlated(printed, self._parent).scalar_subquery()]

    # -- the rows ------------------------------------------------------------------------------

    def _rows(self) -> FromClause:
        """The rows of the page in list order: what is printed of each, cursor and position."""
        under = self._picked() if self._paging.offset else self._under()
        self._parent = under.parent
        columns: list[Any] = [
            concatenated(self._of_row(under, item)).label(f"printed_{number}")
            for number, (_, item) in enumerate(self._items)
            if item.source in _OF_ROWS
        ]
        sort = ordering(under.resource, under.table, self._paging)
        if self._needs_positions:
            columns.append(func.row_number().over(order_by=sort).label("position"))
        if self._needs_places:
            columns.append(self._cursor(under).label("place"))
        turned = self._paging.backward and not self._needs_positions
        if turned:
            columns += [under.table.c[name].label(name) for name in self._sort_columns]
        statement: Select[Any] = select(*columns).select_from(under.from_clause).order_by(*sort)
        if self._paging.offset:
            statement = statement.where(*visible_conditions(under))
        else:
            statement = self._page(statement, under)
        rows: FromClause = self._correlated(statement, under.parent).subquery()
        if turned:
            forward = ordering(under.resource, rows, replace(self._paging, backward=False))
            return select(*rows.c).select_from(rows).order_by(*forward).subquery()
        return self._numbered(rows) if self._needs_positions else rows

    @property
    def _sort_columns(self) -> list[str]:
        """The columns that the list is sorted by; none when it is by something computed."""
        resource = self._source.resource
        label = resource.orders[self._paging.order].label
        return [] if label in resource.computed else sorted({label, "id"})

    def _numbered(self, rows: FromClause) -> FromClause:
        """The rows in list order, whichever end of the list they were taken from."""
        total = [func.count().over().label("total")] if self._needs_places else []
        back = rows.c.position.desc() if self._paging.backward else rows.c.position
        return select(*rows.c, *total).select_from(rows).order_by(back).subquery()

    def _page(self, statement: Select[Any], under: RowSource) -> Select[Any]:
        """Only the rows of the page, and one more when it tells whether the list goes on."""
        reach = within(under.resource, under.table, self._paging)
        limit = self._number("more" if self._needs_more else "limit")
        return statement.where(*self._conditions(under), *reach).limit(limit)

    def _picked(self) -> RowSource:
        """The rows of a page behind an offset, picked before anything is printed.

        A database computes what it selects before OFFSET drops the row: passing over 900 graphs
        would print 900 graphs with everything in them.
        """
        under = self._under()
        sort = ordering(under.resource, under.table, self._paging)
        ids = select(under.table.c.id).select_from(under.from_clause).order_by(*sort)
        offset: BindParameter[int] = bindparam(f"{self._name}_offset", type_=BigInteger)
        ids = compile_count.passed(self._page(ids, under), under, self._terms, self._paging, offset)
        table = under.resource.table.alias()
        picked = is_selected(table.c.id, self._correlated(ids, under.parent))
        return RowSource(under.resource, table, table, [picked], under.parent)

    @property
    def _needs_positions(self) -> bool:
        """Whether rows are numbered: a page from the end can also be turned by its sort keys."""
        hidden = self._paging.backward and not self._sort_columns
        return hidden or self._needs_more or self._needs_places

    @property
    def _needs_places(self) -> bool:
        """Whether the cursors of the page's ends are asked for."""
        return bool(self._page_info & {ConnectionField.START_CURSOR, ConnectionField.END_CURSOR})

    @property
    def _needs_more(self) -> bool:
        """Whether one row beyond the page is read, to know that there is one."""
        return _beyond(self._paging) in self._page_info

    @property
    def _page_info(self) -> set[Any]:
        """The fields of every `pageInfo` that is selected, under whatever key."""
        return {
            part.source
            for _, item in self._items
            if item.source is ConnectionField.PAGE_INFO
            for _, part in _selected(item).items
        }

    def _of_row(self, under: RowSource, item: PlanNode) -> list[JsonPart]:
        if item.source is ConnectionField.NODES:
            return self._print_object(under, _selected(item))
        printed: list[tuple[str, list[JsonPart]]] = []
        for key, part in _selected(item).items:
            match part.source:
                case ConstantSource(literal):
                    printed.append((key, [literal]))
                case ConnectionField.NODE:
                    printed.append((key, self._print_object(under, _selected(part))))
                case _:
                    printed.append((key, ['"', self._cursor(under), '"']))
        return print_items(printed)

    def _cursor(self, under: RowSource) -> Column:
        order = under.resource.orders[self._paging.order]
        column = under.resource.expression(order.label, under.table)
        direction = "desc" if self._paging.descending else "asc"
        start = f"{VERSION}~{under.resource.name}~{self._paging.order}~{direction}~"
        key = func.coalesce(KEYS[order.kind](column), literal_text(NONE))
        return concatenated([start, key, "~", json_sql.json_integer(under.table.c.id)])

    def _conditions(self, under: RowSource) -> list[Column]:
        own = under.resource.conditions(under.table)
        return [
            *own,
            *under.conditions,
            *(term.holds(under.resource, under.table) for term in self._terms),
        ]

    # -- what is printed -----------------------------------------------------------------------

    def _object(self, rows: FromClause | None) -> list[JsonPart]:
        if isinstance(self._source, PageSource):
            return self._printed(0, self._items[0][1], rows)
        return print_items(
            [
                (key, self._printed(number, item, rows))
                for number, (key, item) in enumerate(self._items)
            ]
        )

    def _printed(self, number: int, item: Any, rows: FromClause | None) -> list[JsonPart]:
        match item.source:
            case ConstantSource(literal):
                return [literal]
            case ConnectionField.TOTAL_COUNT:
                return [self._total()]
            case EchoSource(name):
                return [bindparam(f"told_{name}", type_=Text())]
            case ConnectionField.PAGE_INFO:
                parts = _selected(item).items
                return print_items([(key, self._info(part.source, rows)) for key, part in parts])
        assert rows is not None  # noqa: S101, nodes and edges always read rows
        listed: Column = json_array_body(rows.c[f"printed_{number}"])
        if self._needs_more:
            listed = json_array_body(rows.c[f"printed_{number}"]).filter(
                rows.c.position <= self._number("limit")
            )
        return ["[", func.coalesce(listed, literal_text("")), "]"]

    def _total(self) -> Column:
        under = self._under()
        conditions = self._conditions(under)
        return json_sql.json_integer(
            compile_count.total(under, self._source.link, self._terms, conditions)
        )

    def _info(self, field: Any, rows: FromClause | None) -> list[JsonPart]:
        if isinstance(field, ConstantSource):
            return [field.json]
        if field in (ConnectionField.HAS_NEXT_PAGE, ConnectionField.HAS_PREVIOUS_PAGE):
            earlier = field is ConnectionField.HAS_PREVIOUS_PAGE
            return [self._goes_on(earlier=earlier, rows=rows)]
        assert rows is not None  # noqa: S101, cursors always read rows
        near = (field is ConnectionField.START_CURSOR) != self._paging.backward
        limit = self._number("limit")
        far = case((rows.c.total > limit, limit), else_=rows.c.total)
        wanted = rows.c.position == (1 if near else far)
        kept = rows.c.position <= limit
        return [or_null(json_sql.json_string(func.max(rows.c.place).filter(wanted, kept)))]

    def _goes_on(self, *, earlier: bool, rows: FromClause | None) -> Column:
        ways: list[Column] = []
        if earlier == self._paging.backward and rows is not None:
            ways.append(func.count() > self._number("limit"))
        mark = self._paging.after if earlier else self._paging.before
        if mark is not None or (earlier and self._paging.offset):
            ways.append(self._outside(mark, earlier=earlier))
        if not ways:
            return literal_text("false")
        return case((or_(*ways), literal_text("true")), else_=literal_text("false"))

    def _outside(self, mark: Cursor | None, *, earlier: bool) -> Column:
        under = self._under()
        wanted = self._conditions(under)
        if mark is not None:
            past = beyond(under.resource, under.table, self._paging, mark, later=not earlier)
            wanted.append(or_(past, under.table.c.id == mark.id))
        found = select(under.table.c.id).select_from(under.from_clause).where(*wanted)
        return exists(self._correlated(found, under.parent))

    # -- parameters ----------------------------------------------------------------------------

    def _number(self, name: str) -> BindParameter[int]:
        return bindparam(f"{self._name}_{name}", type_=Integer)

    def _bound(self, paging: Paging) -> Paging:
        """The paging with parameters in place of the marks of its cursors."""
        order = self._source.resource.orders[paging.order]
        column = self._source.resource.table.c.get(order.label)
        kinds: dict[str, Any] = {
            "integer": BigInteger(),
            "text": Text(),
            "instant": None if column is None else column.type,
        }

        def cursor(mark: Cursor | None, side: str) -> Cursor | None:
            if mark is None:
                return None
            start = f"{self._name}_{side}"
            key: Any = bindparam(f"{start}_key", type_=kinds[order.kind])
            row_id: Any = bindparam(f"{start}_id", type_=BigInteger())
            return Cursor(None if mark.key is None else key, row_id)

        return replace(
            paging, after=cursor(paging.after, "after"), before=cursor(paging.before, "before")
        )

    def _correlated(self, statement: Select[Any], parent: FromClause | None) -> Select[Any]:
        return statement if parent is None else statement.correlate(parent)


_OF_ROWS = (ConnectionField.NODES, ConnectionField.EDGES)
"""What is printed of each row of the page."""


def _items(node: PlanNode) -> tuple[tuple[str, PlanNode], ...]:
    """The fields of a connection; a plain list has its nodes alone."""
    if isinstance(node.source, PageSource):
        return (("", PlanNode(ConnectionField.NODES, node.selection)),)
    return _selected(node).items


def _selected(node: PlanNode) -> Selection:
    assert node.selection is not None  # noqa: S101, an object always has a selection
    return node.selection


def _beyond(paging: Paging) -> ConnectionField:
    """The field that tells whether the list goes on past the far end of the page."""
    return ConnectionField.HAS_PREVIOUS_PAGE if paging.backward else ConnectionField.HAS_NEXT_PAGE


def _reads_rows(item: PlanNode, paging: Paging) -> bool:
    if item.source in _OF_ROWS:
        return True
    if item.source is not ConnectionField.PAGE_INFO:
        return False
    of_rows = (ConnectionField.START_CURSOR, ConnectionField.END_CURSOR, _beyond(paging))
    return any(part.source in of_rows for _, part in _selected(item).items)
