"""The loaders of records: by key, by parent, by page; and how many there are.

Get one with its method `of`: fields of an operation that load by the same statement (fifty graphs,
each with its first ten sessions) get the same loader, and their keys leave together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select, true

from gql.errors import NotFound
from gql.loaders.loader import Loader, OneByOneLoader, loader_of
from gql.query.context import Context
from gql.query.page_statement import PageStatement, total, totals_by_parent, union_page
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record, Resource, UnionList
from gql.sql.keys import is_among


class RecordByKeyLoader(Loader[Any, Record | None]):
    """Single records, by a column that no two records have the same value in.

    Key: the value of the column. Value: the record, or None where none is visible.
    Statement: one for up to 1,000 keys.
    """

    def __init__(self, context: Context, resource: Resource, column: str) -> None:
        super().__init__(context)
        self._resource, self._column = resource, column

    @classmethod
    def of(cls, context: Context, resource: Resource, column: str = "id") -> "RecordByKeyLoader":
        return loader_of(context, cls, resource, column)

    async def read_many(self, keys: list[Any]) -> list[Record | None]:
        rows = RecordList(self._resource).rows()
        statement = rows.select(*self._resource.columns(rows.table)).where(
            is_among(rows.table.c[self._column], "keys")
        )
        records = self._resource.records(await self._rows(statement, keys))
        by_key = {getattr(record, self._column): record for record in records}
        return [by_key.get(key) for key in keys]

    async def require(self, key: Any) -> Record:
        """The record of a key.

        Raises:
            NotFound: when none is visible.
        """
        record = await self.load(key)
        if record is None:
            raise NotFound(self._resource.name, key)
        return record


RECORD_ID = "record_id"


@dataclass(frozen=True, eq=False)
class ListedRecords:
    """The records of a list without a parent, each to be read by its id.

    Attributes:
        resource: Whose records.
        statement: Selects the record whose id is the parameter `RECORD_ID`, if the list has it.
        values: Of the other parameters.
    """

    resource: Resource
    statement: Select[Any]
    values: Mapping[str, Any]


class ListedRecordLoader(OneByOneLoader[tuple[ListedRecords, int], Record | None]):
    """Single records by their ids, where a list without a parent has them.

    Key: the list and the id. Value: the record, or None. Statement: one for each key. Relations to
    the same record cost none after it, and lead nowhere where the list does not have it.
    """

    @classmethod
    def of(cls, context: Context) -> "ListedRecordLoader":
        return loader_of(context, cls)

    async def read(self, key: tuple[ListedRecords, int]) -> Record | None:
        (listed, record_id), resource = key, key[0].resource
        values = {**listed.values, RECORD_ID: record_id}
        records = resource.records(await self._rows(listed.statement, further=values))
        record = records[0] if records else None
        RecordByKeyLoader.of(self._context, resource).prime(record_id, record)
        return record


class ChildrenByParentLoader(Loader[Any, list[Record]]):
    """Whole lists under parents, for lists that are bounded when they are written.

    Key: the parent's key. Value: all records of its list, in the order of some columns.
    Statement: one for up to 1,000 parents.
    """

    def __init__(self, context: Context, records: RecordList, order: tuple[str, ...]) -> None:
        super().__init__(context)
        self._records, self._order = records, order

    @classmethod
    def of(
        cls, context: Context, records: RecordList, order: tuple[str, ...] = ("id",)
    ) -> "ChildrenByParentLoader":
        return loader_of(context, cls, records, order)

    async def read_many(self, keys: list[Any]) -> list[list[Record]]:
        resource, rows = self._records.resource, self._records.rows_by_parent()
        statement = rows.select(*resource.columns(rows.table), rows.parent_key).order_by(
            rows.parent_key, *(resource.expression(name, rows.table) for name in self._order)
        )
        lists = _by_parent(resource, await self._rows(statement, keys))
        _prime(self._context, resource, lists.values())
        return [lists.get(key, []) for key in keys]


@dataclass(frozen=True)
class Page:
    """One page of records in list order.

    Attributes:
        records: At most the page's limit.
        has_more: Whether the list goes on past the end of the page that is turned to next: its
            start, when the page is taken from the end of the list.
    """

    records: list[Record]
    has_more: bool


class PageLoader(OneByOneLoader[tuple[RecordList, Paging], Page]):
    """Pages of lists that have no parent.

    Key: the list and its paging. Value: the page. Statement: one for each key.
    """

    @classmethod
    def of(cls, context: Context) -> "PageLoader":
        return loader_of(context, cls)

    async def read(self, key: tuple[RecordList, Paging]) -> Page:
        (records, paging), resource = key, key[0].resource
        page = _with_one_more(records, paging)
        rows = page.rows()
        statement = page.select(rows, *resource.columns(rows.table))
        loaded = resource.records(await self._rows(statement))
        _prime(self._context, resource, [loaded])
        return _page(loaded, paging)


class PageByParentLoader(Loader[Any, Page]):
    """The same page of the list under each parent.

    Key: the parent's key. Value: its page.
    Statement: one for up to 1,000 parents, which numbers the rows under each.
    """

    def __init__(self, context: Context, records: RecordList, paging: Paging) -> None:
        super().__init__(context)
        self._records, self._paging = records, paging

    @classmethod
    def of(cls, context: Context, records: RecordList, paging: Paging) -> "PageByParentLoader":
        return loader_of(context, cls, records, paging)

    async def read_many(self, keys: list[Any]) -> list[Page]:
        statement = _with_one_more(self._records, self._paging).by_parent()
        resource = self._records.resource
        lists = _by_parent(resource, await self._rows(statement, keys))
        _prime(self._context, resource, lists.values())
        return [_page(lists.get(key, []), self._paging) for key in keys]


class UnionByParentLoader(Loader[Any, list[Record]]):
    """The newest records of several kinds under each parent.

    Key: the parent's key. Value: the records, each as one of its narrower resource.
    Statement: one for up to 1,000 parents.
    """

    def __init__(self, context: Context, union: UnionList) -> None:
        super().__init__(context)
        self._union = union

    @classmethod
    def of(cls, context: Context, union: UnionList) -> "UnionByParentLoader":
        return loader_of(context, cls, union)

    async def read_many(self, keys: list[Any]) -> list[list[Record]]:
        union = self._union
        statement = union_page(union).by_parent()
        lists = _by_parent(union.resource, await self._rows(statement, keys))
        return [lists.get(key, []) for key in keys]


class CountLoader(OneByOneLoader[RecordList, int]):
    """How many records lists have that have no parent.

    Key: the list. Value: the number of its records. Statement: one for each list; it reads a rollup
    table where one has counted them.
    """

    @classmethod
    def of(cls, context: Context) -> "CountLoader":
        return loader_of(context, cls)

    async def read(self, key: RecordList) -> int:
        ((count,),) = await self._rows(select(total(key)))
        return int(count)


class CountByParentLoader(Loader[Any, int]):
    """How many records the list under each parent has.

    Key: the parent's key. Value: the number of its records. Statement: one for up to 1,000 parents;
    it reads a rollup table where one has counted them.
    """

    def __init__(self, context: Context, records: RecordList) -> None:
        super().__init__(context)
        self._records = records

    @classmethod
    def of(cls, context: Context, records: RecordList) -> "CountByParentLoader":
        return loader_of(context, cls, records)

    async def read_many(self, keys: list[Any]) -> list[int]:
        counts = dict(await self._rows(totals_by_parent(self._records), keys))
        return [counts.get(key, 0) for key in keys]


class AnyOutsideLoader(OneByOneLoader[tuple[RecordList, Paging, bool], bool]):
    """Whether lists that have no parent have records outside the bounds of a page.

    Key: the list, its paging, and True for the records before its bounds, False for those after.
    Value: whether there are any. Statement: one for each key; it reads one row.
    """

    @classmethod
    def of(cls, context: Context) -> "AnyOutsideLoader":
        return loader_of(context, cls)

    async def read(self, key: tuple[RecordList, Paging, bool]) -> bool:
        records, paging, earlier = key
        goes_on = PageStatement(records, paging, paging.limit).goes_on(earlier=earlier)
        return bool(await self._rows(select(true()).where(goes_on)))


class AnyOutsideByParentLoader(Loader[Any, bool]):
    """Whether the list under each parent has records outside the bounds of a page, on one side.

    Key: the parent's key. Value: whether there are any. Statement: one for up to 1,000 parents.
    """

    def __init__(
        self, context: Context, records: RecordList, paging: Paging, *, earlier: bool
    ) -> None:
        super().__init__(context)
        self._page = PageStatement(records, paging, paging.limit)
        self._earlier = earlier

    @classmethod
    def of(
        cls, context: Context, records: RecordList, paging: Paging, *, earlier: bool
    ) -> "AnyOutsideByParentLoader":
        return loader_of(context, cls, records, paging, earlier=earlier)

    async def read_many(self, keys: list[Any]) -> list[bool]:
        statement = self._page.parents_outside(earlier=self._earlier)
        parents = {row[0] for row in await self._rows(statement, keys)}
        return [key in parents for key in keys]


def _with_one_more(records: RecordList, paging: Paging) -> PageStatement:
    """The statement of a page and of one row beyond it, which tells whether the list goes on."""
    return PageStatement(records, paging, paging.limit + 1, paging.offset)


def _page(records: list[Record], paging: Paging) -> Page:
    """The page without the row beyond it, in list order."""
    on_page = records[: paging.limit]
    return Page(on_page[::-1] if paging.backward else on_page, len(records) > paging.limit)


def _by_parent(resource: Resource, rows: Sequence[Any]) -> dict[Any, list[Record]]:
    """Records by the parent's key, which follows a record's own columns and sorts the rows."""
    column = len(resource.labels)
    return {
        key: resource.records(list(group))
        for key, group in groupby(rows, key=lambda row: row[column])
    }


def _prime(context: Context, resource: Resource, lists: Iterable[list[Record]]) -> None:
    """Keep records by id, so that a relation to one of them costs no statement."""
    RecordByKeyLoader.of(context, resource).prime_many(
        {record.id: record for records in lists for record in records}
    )
