"""From a plan tree to one SQL statement whose single value is the finished response text.

Text is put together with `||` and `string_agg` over ordered, limited subqueries; a relation to one
record is a join. Scope, filters and orders are the very expressions of `models` and `domain`.
Whatever may be NULL is printed as the word, since one NULL inside `||` would swallow the answer.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, case, func, select

from gql.domain.paging import Paging, ordering
from gql.domain.resource import Resource
from gql.models.json_step import json_walk
from gql.plan import counting, printing
from gql.plan.binder import Shape, Shapes, Sieve, Steps, Wanted
from gql.plan.named import ids_of
from gql.plan.paging import PageEmitter
from gql.plan.printing import concatenated, joined, or_null, text
from gql.plan.rows import (
    Part,
    Under,
    is_key_only,
    of_key,
    print_items,
    print_own,
    rows_of,
    visible,
)
from gql.plan.tree import (
    Amount,
    AnyId,
    Constant,
    Counted,
    Found,
    GlobalId,
    Inner,
    Item,
    Leaf,
    Listed,
    LookedUp,
    Member,
    Mine,
    Named,
    Paged,
    Pointed,
    Said,
    Selection,
    Through,
    ToFirst,
    ToMany,
    ToMixed,
    ToOne,
)


def emit(root: Selection, shapes: Shapes) -> Select[Any]:
    """The statement of a plan under the shapes of its slots."""
    return select(concatenated(['{"data":', *_Emitter(shapes).root(root), "}"]))


def emit_read(root: Paged | Listed | Found, shapes: Shapes) -> Select[Any]:
    """The statement of a list or a look-up alone; its value is empty where nothing is found."""
    return select(concatenated(_Emitter(shapes).read(root)))


class _Emitter:
    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def root(self, selection: Selection) -> list[Part]:
        """The object of root fields, which have no record."""
        return print_items([(key, self._root(item)) for key, item in selection.items])

    def read(self, item: Paged | Listed | Found) -> list[Part]:
        """What stands alone: a list, or what is printed of the record that is looked up."""
        return [self._found(item)] if isinstance(item, Found) else self._page(item, None)

    def _root(self, item: Item) -> list[Part]:
        match item:
            case Constant(literal):
                return [literal]
            case Paged():
                return self._page(item, None)
            case LookedUp(slot, resource, selection):
                (wanted,) = self._wanted(slot)
                key = f"s{slot}_key0"
                return [self._look_up(resource, selection, column=wanted.column, key=key)]
            case Named():
                return self._named(item)
        return self._about_asker(item)

    def _about_asker(self, item: Item) -> list[Part]:
        match item:
            case Inner(selection):
                return self.root(selection)
            case Said(slot):
                return [bindparam(f"s{slot}_told", type_=Text())]
            case Mine(slot, resource, selection, required):
                key = f"s{slot}_key0"
                return [self._look_up(resource, selection, column="id", key=key, strict=required)]
        raise TypeError(type(item).__name__)

    def _wanted(self, slot: int) -> tuple[Wanted, ...]:
        shape = self._shapes[slot]
        assert isinstance(shape, tuple)  # noqa: S101, slots and shapes belong together
        return shape

    def _look_up(
        self,
        resource: Resource,
        selection: Selection,
        *,
        column: str,
        key: str,
        strict: bool = False,
    ) -> ColumnElement[str]:
        row = rows_of(resource, None, None)
        row.place = [row.table.c[column] == bindparam(key)]
        return self._first(row, self._record(row, selection), strict=strict)

    def _found(self, item: Found) -> ColumnElement[str]:
        row = rows_of(item.resource, None, None)
        row.place = [row.table.c[item.column] == bindparam(f"s{item.slot}_key0")]
        version: list[Part] = []
        if item.version is not None:
            version = [printing.integer(row.table.c[item.version]), "\n"]
        found = self._first(row, [*version, *self._item(row, item.item)], strict=True)
        return func.coalesce(found, text(""))

    def _named(self, item: Named) -> list[Part]:
        """One look-up in the table that an id names, or one of each kind for every id."""
        if item.plural:
            return ["[", self._all_named(item), "]"]
        (wanted,) = self._wanted(item.slot)
        choices = {resource.name: (resource, selection) for resource, selection in item.choices}
        return [self._look_up(*choices[wanted.resource], column="id", key=f"s{item.slot}_key0")]

    def _all_named(self, item: Named) -> ColumnElement[str]:
        """Every id is looked up by primary key, by the one subquery of its kind."""
        ids = ids_of(item.slot)
        found = {}
        for resource, selection in item.choices:
            row = rows_of(resource, None, None)
            row.place, row.parent = [row.table.c.id == ids.c.number], ids
            found[resource.name] = self._first(row, self._record(row, selection))
        printed = case(found, value=ids.c.kind, else_=text("null")).label("printed")
        rows = select(printed).select_from(ids).order_by(ids.c.place).subquery()
        return select(func.coalesce(joined(rows.c.printed), text(""))).scalar_subquery()

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
            case Leaf() | Amount() | Member() | AnyId():
                return [self._own(row, item)]
            case Pointed() | Through():
                return [or_null(self._reached(row, item))]
        return self._relation(row, item)

    def _own(self, row: Under, item: Leaf | Amount | Member | AnyId) -> ColumnElement[Any]:
        """What the row says itself, if need be with the help of a join."""
        if isinstance(item, Leaf) and item.label in row.resource.elsewhere:
            return or_null(self._elsewhere(row, item))
        return print_own(row, item)

    def _reached(self, row: Under, item: Pointed | Through) -> ColumnElement[Any]:
        """What is not a column of the row; NULL too where the whole record is missing."""
        if isinstance(item, Through):
            return self._through(row, item)
        return self._pointed(row, item.slot, item.label)

    def _pointed(self, row: Under, slot: int, label: str) -> ColumnElement[str]:
        """The value inside a JSON column; without a step the column is its own."""
        shape = self._shapes[slot]
        assert isinstance(shape, Steps)  # noqa: S101, slots and shapes belong together
        value = row.resource.expression(label, row.table)
        tokens = [
            (bindparam(f"s{slot}_token{number}", type_=Text()), index)
            for number, index in enumerate(shape.indexes)
        ]
        return printing.raw(json_walk(value, tokens) if tokens else value)

    def _relation(self, row: Under, item: Item) -> list[Part]:
        match item:
            case ToOne():
                return [self._one(row, item)]
            case ToFirst(resource, link, selection):
                first = rows_of(resource, link, row)
                return [self._first(first, self._record(first, selection))]
            case ToMany():
                return ["[", self._many(row, item), "]"]
            case Counted(resource, link):
                child = rows_of(resource, link, row)
                counting = select(func.count()).select_from(child.source).where(*visible(child))
                return [printing.integer(counting.correlate(row.table).scalar_subquery())]
            case Paged() | Listed():
                return self._page(item, row)
            case ToMixed():
                return ["[", self._mixed(row, item), "]"]
        raise TypeError(type(item).__name__)

    def _one(self, row: Under, item: ToOne) -> ColumnElement[str]:
        """A join; without a record its id is NULL. No join where our own key says it all."""
        if is_key_only(row, item):
            printed = concatenated(of_key(row.table.c[item.key], item))
            return printed if item.required else or_null(printed)
        other = rows_of(item.resource, None, None)
        body = concatenated(self._record(other, item.selection))
        key = other.table.c[item.column] == row.table.c[item.key]
        # The joins of the other record belong behind its own: they hang on its columns.
        row.source = row.source.outerjoin(other.source, and_(key, *visible(other)))
        found = other.table.c.id
        without = printing.failed_without(found) if item.required else text("null")
        return case((found.is_(None), without), else_=body)

    def _through(self, row: Under, item: Through) -> ColumnElement[Any]:
        return print_own(self._joined(row, item.resource, item.key, item.column), item.leaf)

    def _elsewhere(self, row: Under, item: Leaf) -> ColumnElement[Any]:
        place = row.resource.elsewhere[item.label]
        other = self._joined(row, place.resource, place.key, "id")
        value = func.coalesce(other.table.c[place.label], row.table.c[item.label])
        printed: ColumnElement[Any] = printing.PRINTERS[item.kind](value)
        return printed

    def _joined(self, row: Under, resource: Resource, key: str, column: str) -> Under:
        """A join, whose record all labels share that are read through it."""
        way = (resource, key, column)
        other = row.joined.get(way)
        if other is None:
            other = row.joined[way] = rows_of(resource, None, None)
            same = other.table.c[column] == row.table.c[key]
            row.source = row.source.outerjoin(other.source, and_(same, *visible(other)))
        return other

    def _first(self, row: Under, body: list[Part], *, strict: bool = False) -> ColumnElement[str]:
        """The first record, or `null`; NULL instead, so that there is no answer, when strict."""
        found = select(concatenated(body)).select_from(row.source).where(*visible(row))
        if row.parent is not None:  # else it is looked up by a key that only one has
            found = found.order_by(row.table.c.id).limit(1).correlate(row.parent)
        return found.scalar_subquery() if strict else or_null(found.scalar_subquery())

    def _many(self, row: Under, item: ToMany) -> ColumnElement[str]:
        child = rows_of(item.resource, item.link, row)
        body = concatenated(self._record(child, item.selection))
        rows = (
            select(body.label("printed"))
            .select_from(child.source)
            .where(*visible(child), *self._sieve(child, item.slot))
            .order_by(*(child.table.c[name] for name in item.order))
            .correlate(row.table)
            .subquery()
        )
        listed = select(func.coalesce(joined(rows.c.printed), text("")))
        return listed.correlate(row.table).scalar_subquery()

    def _sieve(self, child: Under, slot: int | None) -> list[ColumnElement[Any]]:
        """The conditions on a whole list, where it has any."""
        shape = None if slot is None else self._shapes[slot]
        if not isinstance(shape, Sieve):
            return []
        terms = counting.terms(f"s{slot}", shape.terms)
        return [term.holds(child.resource, child.table) for term in terms]

    def _mixed(self, row: Under, item: ToMixed) -> ColumnElement[str]:
        """Each record as the choice for its kind says; all choices read the same row."""
        fact = item.fact
        child = rows_of(fact.resource, fact.link, row)
        bodies = []
        for word, resource, selection in item.choices:
            child.resource = resource
            bodies.append((word, concatenated(self._record(child, selection))))
        child.resource = fact.resource
        label = child.table.c[fact.label]
        body = case(*((label == word, printed) for word, printed in bodies))
        newest = Paging(limit=fact.limit, order=fact.order, descending=True)
        rows = (
            select(body.label("printed"))
            .select_from(child.source)
            .where(*visible(child))
            .order_by(*ordering(fact.resource, child.table, newest))
            .limit(fact.limit)
            .correlate(row.table)
            .subquery()
        )
        listed = select(func.coalesce(joined(rows.c.printed), text("")))
        return listed.correlate(row.table).scalar_subquery()

    def _page(self, item: Paged | Listed, row: Under | None) -> list[Part]:
        shape = self._shapes[item.slot]
        assert isinstance(shape, Shape)  # noqa: S101, slots and shapes belong together
        return PageEmitter(
            item, shape, lambda: rows_of(item.resource, item.link, row), self._record
        ).parts()
