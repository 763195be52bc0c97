"""Statements that read one record where a filtered list has it, built once for each kind of filter.

Whoever follows what passes a filter has one read for each event. Filters that differ in values
alone have the same statement.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam

from gql.engine.bind import bind_conditions
from gql.engine.compile_connection import parameterized_conditions
from gql.engine.variants import FilterConditions
from gql.loaders.record_loaders import RECORD_ID, ListedRecords
from gql.query.filters import Filter
from gql.query.record_list import RecordList
from gql.query.resource import Resource

MOST_STATEMENTS = 200
"""That are cached, some tens of kilobytes each."""

_PREFIX = "listed"


def listed_records(resource: Resource, filter: Filter) -> ListedRecords:
    """The records of a resource that pass a filter, each to be read by its id.

    Raises:
        BadInput: when a text is longer than `LONGEST_TEXT`.
    """
    values: dict[str, Any] = {}
    conditions = bind_conditions(_PREFIX, resource.filters, filter, values)
    return ListedRecords(resource, _select_record(resource, conditions), values)


@lru_cache(MOST_STATEMENTS)
def _select_record(resource: Resource, conditions: FilterConditions) -> Select[Any]:
    rows = RecordList(resource, parameterized_conditions(_PREFIX, conditions)).rows()
    has_id = rows.table.c.id == bindparam(RECORD_ID)
    return rows.select(*resource.columns(rows.table)).where(has_id)
