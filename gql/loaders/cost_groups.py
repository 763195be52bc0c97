"""The loaders of sums over groups of calls."""

from itertools import groupby
from typing import Any, NamedTuple

from gql.loaders.loader import Loader, OneByOneLoader, loader_of
from gql.query.context import Context
from gql.query.cost_groups import CostGroups, GroupValues
from gql.query.resource import Record


class GroupsRead(NamedTuple):
    """Groups in their order, and how many there are with those beyond the limit, if counted."""

    groups: list[Record]
    group_count: int | None


class GroupsKey(NamedTuple):
    """Groups, the values of their parameters, and whether percentiles and the count are needed."""

    groups: CostGroups
    values: GroupValues
    with_percentiles: bool
    with_count: bool


class CostGroupsLoader(OneByOneLoader[GroupsKey, GroupsRead]):
    """Groups of lists that have no parent.

    Value: what was read.
    Statement: one for each key.
    """

    @classmethod
    def of(cls, context: Context) -> "CostGroupsLoader":
        return loader_of(context, cls)

    async def read(self, key: GroupsKey) -> GroupsRead:
        groups, values, with_percentiles, with_count = key
        statement = groups.statement(
            values, with_percentiles=with_percentiles, with_count=with_count
        )
        rows = await self._rows(statement)
        return GroupsRead(groups.records_of(rows), rows[0][-1] if rows else 0)


class CostGroupsByParentLoader(Loader[Any, list[Record]]):
    """The groups by currency of the list under each parent.

    Key: the parent's key. Value: its groups. Statement: one for up to 1,000 parents.
    """

    def __init__(self, context: Context, groups: CostGroups, values: GroupValues) -> None:
        super().__init__(context)
        self._groups = groups
        self._values = values

    @classmethod
    def of(
        cls, context: Context, groups: CostGroups, values: GroupValues
    ) -> "CostGroupsByParentLoader":
        return loader_of(context, cls, groups, values)

    async def read_many(self, keys: list[Any]) -> list[list[Record]]:
        statement = self._groups.statement(self._values, by_parent=True, with_count=False)
        rows = await self._rows(statement, keys)
        groups = {
            key: self._groups.records_of(list(each))
            for key, each in groupby(rows, key=lambda row: row[-1])
        }
        return [groups.get(key, []) for key in keys]
