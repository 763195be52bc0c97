"""How records are read: by key, by parent, by page; always batched, on one snapshot.

Each function asks a loader whose name says which statement it is, so that equal questions of one
operation (fifty graphs asking for their first ten sessions) leave together as one statement.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import FromClause, Select, func, or_, select

from gql.models.scope import parameters
from gql.query import rollup
from gql.query.context import Context
from gql.query.filters import Filter, conditions
from gql.query.paging import Paging, beyond, ordering, within
from gql.query.resource import Link, Record, Resource, UnionList
from gql.sql.keys import is_among, is_selected

PARENT = "parent_key"
POSITION = "row_position"


@dataclass(frozen=True)
class Page:
    """One page of records in list order.

    Attributes:
        records: At most the page's limit.
        more: Whether the list goes on past the far end of the page.
    """

    records: list[Record]
    more: bool


async def find(
    context: Context, resource: Resource, key: Any, *, column: str = "id"
) -> Record | None:
    """The visible record whose `column` is `key`, or None."""

    async def batch(keys: list[Any]) -> list[Record | None]:
        table = resource.table.alias()
        statement = resource.rows(table).where(is_among(table.c[column], "keys"))
        records = resource.records(await _rows(context, statement, keys))
        found = {getattr(record, column): record for record in records}
        return [found.get(key) for key in keys]

    return await context.loaders.load(("find", resource, column), batch, key)


async def children(
    context: Context,
    resource: Resource,
    link: Link,
    key: Any,
    *,
    order: tuple[str, ...] = ("id",),
    filter: Filter = (),
) -> list[Record]:
    """All visible records under one parent, for lists that are bounded when they are written."""

    async def batch(keys: list[Any]) -> list[list[Record]]:
        table = resource.table.alias()
        source, parent = link.attach(table)
        statement = (
            select(*resource.columns(table), parent.label(PARENT))
            .select_from(source)
            .where(*_matching(resource, table, filter), is_among(parent, "keys"))
            .order_by(parent, *(table.c[name] for name in order))
        )
        rows = await _rows(context, statement, keys)
        groups = {
            parent_key: resource.records(list(group))
            for parent_key, group in groupby(rows, key=lambda row: row[-1])
        }
        _prime(context, resource, groups.values())
        return [groups.get(key, []) for key in keys]

    name = ("children", resource, link.name, order, filter)
    found: list[Record] = await context.loaders.load(name, batch, key)
    return found


async def page(
    context: Context,
    resource: Resource,
    asked: Paging,
    *,
    filter: Filter = (),
    link: Link | None = None,
    key: Any = None,
) -> Page:
    """One page of a list, or of the list under each parent when a link is given."""

    async def batch(keys: list[Any]) -> list[Page]:
        if link is None:
            return [await _root_page(context, resource, asked, filter)]
        return await _pages(context, resource, asked, filter, link, keys)

    name = ("page", resource, link and link.name, asked, filter)
    found: Page = await context.loaders.load(name, batch, key)
    return found


async def union_list(context: Context, union: UnionList, key: Any) -> list[Record]:
    """The newest records of several kinds under one parent, as a plain list."""
    newest = Paging(limit=union.limit, order=union.order, descending=True)
    newest_page = await page(context, union.resource, newest, link=union.link, key=key)
    return [union.narrow(record) for record in newest_page.records]


async def count(
    context: Context,
    resource: Resource,
    *,
    filter: Filter = (),
    link: Link | None = None,
    key: Any = None,
) -> int:
    """How many visible records a list has in all."""

    async def batch(keys: list[Any]) -> list[int]:
        if link is None:
            statement = _total(resource, filter)
            return [(await _rows(context, statement, None))[0][0]]
        statement = _totals(resource, filter, link)
        counts = {row[0]: row[1] for row in await _rows(context, statement, keys)}
        return [counts.get(key, 0) for key in keys]

    name = ("count", resource, link and link.name, filter)
    found: int = await context.loaders.load(name, batch, key)
    return found


async def any_outside(
    context: Context,
    resource: Resource,
    asked: Paging,
    *,
    earlier: bool,
    filter: Filter = (),
    link: Link | None = None,
    key: Any = None,
) -> bool:
    """Whether the list has rows outside the page's bounds, on one side.

    `earlier`: at or before the `after` cursor, or any at all when an offset passes some over.
    Otherwise: at or after the `before` cursor.
    """
    mark = asked.after if earlier else asked.before
    if mark is None and not (earlier and asked.offset):
        return False

    async def batch(keys: list[Any]) -> list[bool]:
        table = resource.table.alias()
        wanted = _matching(resource, table, filter)
        if mark is not None:
            past = beyond(resource, table, asked, mark, later=not earlier)
            wanted.append(or_(past, table.c.id == mark.id))
        if link is None:
            statement = select(table.c.id).where(*wanted).limit(1)
            return [bool(await _rows(context, statement, None))]
        source, parent = link.attach(table)
        statement = (
            select(parent).select_from(source).where(*wanted, is_among(parent, "keys")).distinct()
        )
        found = {row[0] for row in await _rows(context, statement, keys)}
        return [key in found for key in keys]

    name = ("outside", resource, link and link.name, asked, earlier, filter)
    found: bool = await context.loaders.load(name, batch, key)
    return found


async def _root_page(context: Context, resource: Resource, asked: Paging, filter: Filter) -> Page:
    table = resource.table.alias()
    statement = (
        select(*resource.columns(table))
        .where(*_matching(resource, table, filter), *within(resource, table, asked))
        .order_by(*ordering(resource, table, asked))
        .limit(asked.limit + 1)
    )
    if asked.offset:
        statement = _far_page(resource, table, asked, filter, statement)
    records = resource.records(await _rows(context, statement, None))
    _prime(context, resource, [records])
    return _cut(records, asked)


def _total(resource: Resource, filter: Filter) -> Select[Any]:
    """One row with the number of all rows, added up from a tally where it knows them."""
    known = rollup.total(rollup.CountableList(resource, rollup.terms_of(resource, filter)))
    if known is not None:
        return select(known)
    table = resource.table.alias()
    return select(func.count()).select_from(table).where(*_matching(resource, table, filter))


def _totals(resource: Resource, filter: Filter, link: Link) -> Select[Any]:
    """The same under each of the `keys`; a parent without rows is left out."""
    known = rollup.totals_by(resource, rollup.terms_of(resource, filter), link)
    if known is not None:
        return known.where(is_among(known.selected_columns[0], "keys"))
    table = resource.table.alias()
    source, parent = link.attach(table)
    return (
        select(parent, func.count())
        .select_from(source)
        .where(*_matching(resource, table, filter), is_among(parent, "keys"))
        .group_by(parent)
    )


def _far_page(
    resource: Resource,
    passing: FromClause,
    asked: Paging,
    filter: Filter,
    statement: Select[Any],
) -> Select[Any]:
    """The page after the rows that the offset passes over, by id alone.

    PostgreSQL works out every column of those rows too: an assistant's name by subquery, 400,000
    times, took 10 s. Their ids are read from an index, and most not even that where a tally knows
    how many there are.
    """
    listed = rollup.CountableList(resource, rollup.terms_of(resource, filter))
    skip = rollup.seek(listed, passing, asked, asked.offset)
    ids = statement.with_only_columns(passing.c.id)
    ids = ids.where(skip.condition).offset(skip.offset) if skip else ids.offset(asked.offset)
    table = resource.table.alias()
    rows = resource.rows(table).where(is_selected(table.c.id, ids))
    return rows.order_by(*ordering(resource, table, asked))


async def _pages(
    context: Context,
    resource: Resource,
    asked: Paging,
    filter: Filter,
    link: Link,
    keys: list[Any],
) -> list[Page]:
    """Numbering the rows under each parent pages all the parents in one statement."""
    table = resource.table.alias()
    source, parent = link.attach(table)
    position = func.row_number().over(
        partition_by=parent, order_by=ordering(resource, table, asked)
    )
    numbered = (
        select(*resource.columns(table), parent.label(PARENT), position.label(POSITION))
        .select_from(source)
        .where(
            *_matching(resource, table, filter),
            *within(resource, table, asked),
            is_among(parent, "keys"),
        )
        .subquery()
    )
    place = numbered.c[POSITION]
    statement = (
        select(numbered)
        .where(place > asked.offset, place <= asked.offset + asked.limit + 1)
        .order_by(numbered.c[PARENT], place)
    )
    rows = await _rows(context, statement, keys)
    groups = {
        parent_key: resource.records(list(group))
        for parent_key, group in groupby(rows, key=itemgetter(-2))
    }
    _prime(context, resource, groups.values())
    return [_cut(groups.get(key, []), asked) for key in keys]


def _matching(resource: Resource, table: Any, filter: Filter) -> list[Any]:
    wanted = conditions(resource.filters, table, filter)
    return [*resource.conditions(table), *([] if wanted is None else [wanted])]


def _cut(records: list[Record], asked: Paging) -> Page:
    """One row more than the limit was read, only to know whether there is more."""
    more = len(records) > asked.limit
    kept = records[: asked.limit]
    return Page(kept[::-1] if asked.backward else kept, more)


def _prime(context: Context, resource: Resource, groups: Iterable[list[Record]]) -> None:
    """Remember records by id, so that a relation to one of them costs no statement."""
    found = {record.id: record for group in groups for record in group}
    context.loaders.remember(("find", resource, "id"), found)


async def _rows(context: Context, statement: Select[Any], keys: list[Any] | None) -> Any:
    values: dict[str, Any] = {**parameters(context.organization_id)}
    if keys is not None:
        values["keys"] = keys
    return await context.snapshot.rows(statement, values)
