"""From a plan tree to one SQL statement whose single value is the finished response text.

Text is put together with `||` and `string_agg` over ordered, limited subqueries; a relation to one
record is a join. Scope, filters and orders are the very expressions of `models` and `domain`.
Whatever may be NULL is printed as the word, since one NULL inside `||` would swallow the answer.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, case, cast, func, select

from gql.domain.resource import Link, Resource
from gql.plan import printing
from gql.plan.binder import Shape, Wanted
from gql.plan.paging import PageEmitter, Part, Under, print_items
from gql.plan.printing import concatenated, joined, or_null, text
from gql.plan.tree import (
    Amount,
    Constant,
    Counted,
    GlobalId,
    Inner,
    Item,
    Leaf,
    LookedUp,
    Member,
    Paged,
    Selection,
    ToFirst,
    ToMany,
    ToOne,
)


def emit(root: Selection, shapes: tuple[Wanted | Shape, ...]) -> Select[Any]:
    """The statement of a plan under the shapes of its slots."""
    return select(concatenated(['{"data":', *_Emitter(shapes).root(root), "}"]))


class _Emitter:
    def __init__(self, shapes: tuple[Wanted | Shape, ...]) -> None:
        self._shapes = shapes

    def root(self, selection: Selection) -> list[Part]:
        """The object of root fields, which have no record."""
        return print_items([(key, self._root(item)) for key, item in selection.items])

    def _root(self, item: Item) -> list[Part]:
        match item:
            case Constant(literal):
                return [literal]
            case Paged():
                return self._page(item, None)
            case LookedUp(slot, resource, selection):
                shape = self._shapes[slot]
                assert isinstance(shape, Wanted)  # noqa: S101, slots and shapes belong together
                row = _rows(resource, None, None)
                row.place = [row.table.c[shape.column] == bindparam(f"s{slot}_key")]
                return [self._first(row, selection)]
        raise TypeError(type(item).__name__)

    def _record(self, row: Under, selection: Selection) -> list[Part]:
        return print_items([(key, self._item(row, item)) for key, item in selection.items])

    def _item(self, row: Under, item: Item) -> list[Part]:
        match item:
            case Constant(literal):
                return [literal]
            case GlobalId():
                return [f'"{row.resource.name}_', printing.integer(row.table.c.id), '"']
            case Inner(selection):
                return self._record(row, selection)
            case Leaf() | Amount() | Member():
                return [or_null(_printed(row, item))]
        return self._relation(row, item)

    def _relation(self, row: Under, item: Item) -> list[Part]:
        match item:
            case ToOne():
                return [self._one(row, item)]
            case ToFirst(resource, link, selection):
                return [self._first(_rows(resource, link, row), selection)]
            case ToMany():
                return ["[", self._many(row, item), "]"]
            case Counted(resource, link):
                child = _rows(resource, link, row)
                counting = select(func.count()).select_from(child.source).where(*_visible(child))
                return [printing.integer(counting.correlate(row.table).scalar_subquery())]
            case Paged():
                return self._page(item, row)
        raise TypeError(type(item).__name__)

    def _one(self, row: Under, item: ToOne) -> ColumnElement[str]:
        """A join; without a record its id is NULL."""
        other = _rows(item.resource, None, None)
        body = concatenated(self._record(other, item.selection))
        key = other.table.c[item.column] == row.table.c[item.key]
        # The joins of the other record belong behind its own: they hang on its columns.
        row.source = row.source.outerjoin(other.source, and_(key, *_visible(other)))
        return case((other.table.c.id.is_(None), text("null")), else_=body)

    def _first(self, row: Under, selection: Selection) -> ColumnElement[str]:
        """The first record, or `null`."""
        body = concatenated(self._record(row, selection))
        found = select(body).select_from(row.source).where(*_visible(row))
        found = found.order_by(row.table.c.id).limit(1)
        if row.parent is not None:
            found = found.correlate(row.parent)
        return or_null(found.scalar_subquery())

    def _many(self, row: Under, item: ToMany) -> ColumnElement[str]:
        child = _rows(item.resource, item.link, row)
        body = concatenated(self._record(child, item.selection))
        rows = (
            select(body.label("printed"))
            .select_from(child.source)
            .where(*_visible(child))
            .order_by(*(child.table.c[name] for name in item.order))
            .correlate(row.table)
            .subquery()
        )
        listed = select(func.coalesce(joined(rows.c.printed), text("")))
        return listed.correlate(row.table).scalar_subquery()

    def _page(self, item: Paged, row: Under | None) -> list[Part]:
        shape = self._shapes[item.slot]
        assert isinstance(shape, Shape)  # noqa: S101, slots and shapes belong together
        return PageEmitter(
            item, shape, lambda: _rows(item.resource, item.link, row), self._record
        ).parts()


def _rows(resource: Resource, link: Link | None, parent: Under | None) -> Under:
    """The rows of a resource, under a parent when there is a link."""
    table = resource.table.alias()
    if link is None or parent is None:
        return Under(resource, table, table, [], None)
    source, key = link.attach(table)
    return Under(resource, table, source, [key == parent.table.c.id], parent.table)


def _visible(rows: Under) -> tuple[ColumnElement[bool], ...]:
    return (*rows.resource.conditions(rows.table), *rows.place)


def _printed(row: Under, item: Leaf | Amount | Member) -> ColumnElement[Any]:
    match item:
        case Leaf(label, kind):
            printed: ColumnElement[Any] = printing.PRINTERS[kind](
                row.resource.expression(label, row.table)
            )
            return printed
        case Amount(label):
            return printing.amount(row.table.c[label])
        case Member(label, key):
            return cast(printing.member(row.table.c[label], text(key)), Text)
