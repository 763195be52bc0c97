"""From a plan tree to one SQL statement whose single value is the finished response text.

Text is put together with `||` and `string_agg` over ordered, limited subqueries; a relation to one
record is a join. Scope, filters and orders are the very expressions of `models` and `domain`.
Whatever may be NULL is printed as the word, since one NULL inside `||` would swallow the answer.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, case, func, select

from gql.engine import compile_count
from gql.engine.bind import FilterVariant, ListVariant, LookupVariant, PathVariant, VariantKey
from gql.engine.compile_connection import PageEmitter
from gql.engine.plan_nodes import (
    AnyId,
    Column,
    ConnectionPage,
    Constant,
    Count,
    GlobalId,
    Item,
    Joined,
    JsonNumber,
    JsonPath,
    ListPage,
    Lookup,
    Money,
    NodesLookup,
    Object,
    RecordLookup,
    Selection,
    ToFirst,
    ToMany,
    ToOne,
    ToUnion,
    ViewerField,
    ViewerRecord,
)
from gql.engine.row_source import (
    JsonPart,
    RowSource,
    is_key_only,
    of_key,
    print_items,
    print_own,
    rows_of,
    visible_conditions,
)
from gql.query.paging import Paging, ordering
from gql.query.resource import Resource
from gql.sql import json_sql
from gql.sql.json_sql import concatenated, json_array_body, or_null, text
from gql.sql.json_step import json_walk
from gql.sql.node_ids import ids_of


def emit(root: Selection, shapes: VariantKey) -> Select[Any]:
    """The statement of a plan under the shapes of its slots."""
    return select(concatenated(['{"data":', *_Emitter(shapes).root(root), "}"]))


def emit_read(root: ConnectionPage | ListPage | RecordLookup, shapes: VariantKey) -> Select[Any]:
    """The statement of a list or a look-up alone; its value is empty where nothing is found."""
    return select(concatenated(_Emitter(shapes).read(root)))


class _Emitter:
    def __init__(self, shapes: VariantKey) -> None:
        self._shapes = shapes

    def root(self, selection: Selection) -> list[JsonPart]:
        """The object of root fields, which have no record."""
        return print_items([(key, self._root(item)) for key, item in selection.items])

    def read(self, item: ConnectionPage | ListPage | RecordLookup) -> list[JsonPart]:
        """What stands alone: a list, or what is printed of the record that is looked up."""
        return [self._found(item)] if isinstance(item, RecordLookup) else self._page(item, None)

    def _root(self, item: Item) -> list[JsonPart]:
        match item:
            case Constant(literal):
                return [literal]
            case ConnectionPage():
                return self._page(item, None)
            case Lookup(slot, resource, selection):
                (wanted,) = self._wanted(slot)
                key = f"s{slot}_key0"
                return [self._look_up(resource, selection, column=wanted.column, key=key)]
            case NodesLookup():
                return self._named(item)
        return self._about_asker(item)

    def _about_asker(self, item: Item) -> list[JsonPart]:
        match item:
            case Object(selection):
                return self.root(selection)
            case ViewerField(slot):
                return [bindparam(f"s{slot}_told", type_=Text())]
            case ViewerRecord(slot, resource, selection, required):
                key = f"s{slot}_key0"
                return [self._look_up(resource, selection, column="id", key=key, strict=required)]
        raise TypeError(type(item).__name__)

    def _wanted(self, slot: int) -> tuple[LookupVariant, ...]:
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
        row.conditions = [row.table.c[column] == bindparam(key)]
        return self._first(row, self._record(row, selection), strict=strict)

    def _found(self, item: RecordLookup) -> ColumnElement[str]:
        row = rows_of(item.resource, None, None)
        row.conditions = [row.table.c[item.column] == bindparam(f"s{item.slot}_key0")]
        version: list[JsonPart] = []
        if item.version is not None:
            version = [json_sql.integer(row.table.c[item.version]), "\n"]
        found = self._first(row, [*version, *self._item(row, item.item)], strict=True)
        return func.coalesce(found, text(""))

    def _named(self, item: NodesLookup) -> list[JsonPart]:
        """One look-up in the table that an id names, or one of each kind for every id."""
        if item.plural:
            return ["[", self._all_named(item), "]"]
        (wanted,) = self._wanted(item.slot)
        choices = {resource.name: (resource, selection) for resource, selection in item.choices}
        return [self._look_up(*choices[wanted.resource], column="id", key=f"s{item.slot}_key0")]

    def _all_named(self, item: NodesLookup) -> ColumnElement[str]:
        """Every id is looked up by primary key, by the one subquery of its kind."""
        ids = ids_of(item.slot)
        found = {}
        for resource, selection in item.choices:
            row = rows_of(resource, None, None)
            row.conditions, row.parent = [row.table.c.id == ids.c.number], ids
            found[resource.name] = self._first(row, self._record(row, selection))
        printed = case(found, value=ids.c.kind, else_=text("null")).label("printed")
        rows = select(printed).select_from(ids).order_by(ids.c.place).subquery()
        return select(func.coalesce(json_array_body(rows.c.printed), text(""))).scalar_subquery()

    def _record(self, row: RowSource, selection: Selection) -> list[JsonPart]:
        return print_items([(key, self._item(row, item)) for key, item in selection.items])

    def _item(self, row: RowSource, item: Item) -> list[JsonPart]:
        match item:
            case Constant(literal):
                return [literal]
            case GlobalId():
                return [f'"{row.resource.name}_', json_sql.integer(row.table.c.id), '"']
            case Object(selection):
                return self._record(row, selection)
            case Column() | Money() | JsonNumber() | AnyId():
                return [self._own(row, item)]
            case JsonPath() | Joined():
                return [or_null(self._reached(row, item))]
        return self._relation(row, item)

    def _own(self, row: RowSource, item: Column | Money | JsonNumber | AnyId) -> ColumnElement[Any]:
        """What the row says itself, if need be with the help of a join."""
        if isinstance(item, Column) and item.label in row.resource.joined:
            return or_null(self._elsewhere(row, item))
        return print_own(row, item)

    def _reached(self, row: RowSource, item: JsonPath | Joined) -> ColumnElement[Any]:
        """What is not a column of the row; NULL too where the whole record is missing."""
        if isinstance(item, Joined):
            return self._through(row, item)
        return self._pointed(row, item.slot, item.label)

    def _pointed(self, row: RowSource, slot: int, label: str) -> ColumnElement[str]:
        """The value inside a JSON column; without a step the column is its own."""
        shape = self._shapes[slot]
        assert isinstance(shape, PathVariant)  # noqa: S101, slots and shapes belong together
        value = row.resource.expression(label, row.table)
        tokens = [
            (bindparam(f"s{slot}_token{number}", type_=Text()), index)
            for number, index in enumerate(shape.indexes)
        ]
        return json_sql.json_verbatim(json_walk(value, tokens) if tokens else value)

    def _relation(self, row: RowSource, item: Item) -> list[JsonPart]:
        match item:
            case ToOne():
                return [self._one(row, item)]
            case ToFirst(resource, link, selection):
                first = rows_of(resource, link, row)
                return [self._first(first, self._record(first, selection))]
            case ToMany():
                return ["[", self._many(row, item), "]"]
            case Count(resource, link):
                child = rows_of(resource, link, row)
                counting = (
                    select(func.count())
                    .select_from(child.from_clause)
                    .where(*visible_conditions(child))
                )
                return [json_sql.integer(counting.correlate(row.table).scalar_subquery())]
            case ConnectionPage() | ListPage():
                return self._page(item, row)
            case ToUnion():
                return ["[", self._mixed(row, item), "]"]
        raise TypeError(type(item).__name__)

    def _one(self, row: RowSource, item: ToOne) -> ColumnElement[str]:
        """A join; without a record its id is NULL. No join where our own key says it all."""
        if is_key_only(row, item):
            printed = concatenated(of_key(row.table.c[item.key], item))
            return printed if item.required else or_null(printed)
        other = rows_of(item.resource, None, None)
        body = concatenated(self._record(other, item.selection))
        key = other.table.c[item.column] == row.table.c[item.key]
        # The joins of the other record belong behind its own: they hang on its columns.
        row.from_clause = row.from_clause.outerjoin(
            other.from_clause, and_(key, *visible_conditions(other))
        )
        found = other.table.c.id
        without = json_sql.require_not_null(found) if item.required else text("null")
        return case((found.is_(None), without), else_=body)

    def _through(self, row: RowSource, item: Joined) -> ColumnElement[Any]:
        return print_own(self._joined(row, item.resource, item.key, item.column), item.leaf)

    def _elsewhere(self, row: RowSource, item: Column) -> ColumnElement[Any]:
        place = row.resource.joined[item.label]
        other = self._joined(row, place.resource, place.key, "id")
        value = func.coalesce(other.table.c[place.label], row.table.c[item.label])
        printed: ColumnElement[Any] = json_sql.PRINTERS[item.kind](value)
        return printed

    def _joined(self, row: RowSource, resource: Resource, key: str, column: str) -> RowSource:
        """A join, whose record all labels share that are read through it."""
        way = (resource, key, column)
        other = row.joined.get(way)
        if other is None:
            other = row.joined[way] = rows_of(resource, None, None)
            same = other.table.c[column] == row.table.c[key]
            row.from_clause = row.from_clause.outerjoin(
                other.from_clause, and_(same, *visible_conditions(other))
            )
        return other

    def _first(
        self, row: RowSource, body: list[JsonPart], *, strict: bool = False
    ) -> ColumnElement[str]:
        """The first record, or `null`; NULL instead, so that there is no answer, when strict."""
        found = (
            select(concatenated(body)).select_from(row.from_clause).where(*visible_conditions(row))
        )
        if row.parent is not None:  # else it is looked up by a key that only one has
            found = found.order_by(row.table.c.id).limit(1).correlate(row.parent)
        return found.scalar_subquery() if strict else or_null(found.scalar_subquery())

    def _many(self, row: RowSource, item: ToMany) -> ColumnElement[str]:
        child = rows_of(item.resource, item.link, row)
        body = concatenated(self._record(child, item.selection))
        rows = (
            select(body.label("printed"))
            .select_from(child.from_clause)
            .where(*visible_conditions(child), *self._sieve(child, item.slot))
            .order_by(*(child.table.c[name] for name in item.order))
            .correlate(row.table)
            .subquery()
        )
        listed = select(func.coalesce(json_array_body(rows.c.printed), text("")))
        return listed.correlate(row.table).scalar_subquery()

    def _sieve(self, child: RowSource, slot: int | None) -> list[ColumnElement[Any]]:
        """The conditions on a whole list, where it has any."""
        shape = None if slot is None else self._shapes[slot]
        if not isinstance(shape, FilterVariant):
            return []
        terms = compile_count.terms(f"s{slot}", shape.terms)
        return [term.holds(child.resource, child.table) for term in terms]

    def _mixed(self, row: RowSource, item: ToUnion) -> ColumnElement[str]:
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
            .select_from(child.from_clause)
            .where(*visible_conditions(child))
            .order_by(*ordering(fact.resource, child.table, newest))
            .limit(fact.limit)
            .correlate(row.table)
            .subquery()
        )
        listed = select(func.coalesce(json_array_body(rows.c.printed), text("")))
        return listed.correlate(row.table).scalar_subquery()

    def _page(self, item: ConnectionPage | ListPage, row: RowSource | None) -> list[JsonPart]:
        shape = self._shapes[item.slot]
        assert isinstance(shape, ListVariant)  # noqa: S101, slots and shapes belong together
        return PageEmitter(
            item, shape, lambda: rows_of(item.resource, item.link, row), self._record
        ).parts()
