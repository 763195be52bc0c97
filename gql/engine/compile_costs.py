"""Sums over groups of calls as SQL: each group is printed like a record."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case, func, select

from gql.engine.answer_size import within_limit
from gql.engine.fields import ColumnSource, ConstantSource, CostReportField
from gql.engine.plan import PlanNode
from gql.engine.print_json import print_array_items, print_items
from gql.query.cost_figures import PERCENTILES
from gql.query.cost_groups import (
    COST_GROUPS,
    CostGroups,
    GroupParameters,
    GroupValues,
)
from gql.query.record_list import RecordList, RowSource
from gql.query.repricing import RateCardParameters, RatedServices
from gql.sql import json_sql
from gql.sql.json_sql import JsonPart, concatenated, json_array_body, literal_text

PrintObject = Callable[[RowSource, PlanNode], list[JsonPart]]
"""Prints what a node selects of a row; it may add joins to the rows."""

_PREVIOUS = (COST_GROUPS, "previous")
"""Where a group's row has that of the period before among its joined ones."""


def print_report(
    node: PlanNode, groups: CostGroups, print_object: PrintObject, max_bytes: int | None
) -> list[JsonPart]:
    """A report.

    Args:
        node: The field in the plan.
        groups: What it selects from, whose parameters begin with the node's prefix.
        print_object: Prints a group.
        max_bytes: Most bytes of all groups together; None where nothing is added up.
    """
    items = node.selected.items
    if all(isinstance(item.source, ConstantSource) for _, item in items):
        return print_items([(key, _print_field(0, item, None)) for key, item in items])
    parameters = GroupParameters.named(node.prefix)
    rows = groups.groups(
        parameters,
        with_percentiles=_has_percentiles(node),
        with_count=any(item.source is CostReportField.GROUP_COUNT for _, item in items),
    )
    row = RowSource(COST_GROUPS, rows, rows, [])
    if groups.grouping.is_compared:
        previous = groups.previous_groups(parameters, with_percentiles=_has_percentiles(node))
        row.from_clause = rows.outerjoin(previous, previous.c.group_key == rows.c.group_key)
        row.joined[_PREVIOUS] = RowSource(COST_GROUPS, previous, previous, [])
    columns: list[ColumnElement[Any]] = [
        concatenated(print_object(row, item)).label(f"printed_{number}")
        for number, (_, item) in enumerate(items)
        if item.source is CostReportField.GROUPS
    ]
    page: FromClause = (
        row.select(*columns, rows.c.group_count).order_by(rows.c.row_number).subquery()
    )
    printed = [column for column in page.c if column.name != "group_count"]
    page = within_limit(page, printed, max_bytes)
    fields = [(key, _print_field(number, item, page)) for number, (key, item) in enumerate(items)]
    return [select(concatenated(print_items(fields))).select_from(page).scalar_subquery()]


def _print_field(number: int, item: PlanNode, page: FromClause | None) -> list[JsonPart]:
    if isinstance(item.source, ConstantSource):
        return [item.source.json]
    assert page is not None  # noqa: S101, anything else reads groups
    if item.source is CostReportField.GROUP_COUNT:
        return [json_sql.int32(func.coalesce(func.max(page.c.group_count), 0))]
    groups = json_array_body(page.c[f"printed_{number}"])
    return ["[", func.coalesce(groups, literal_text("")), "]"]


def print_summary(
    records: RecordList,
    parent: FromClause | None,
    node: PlanNode,
    rates: RatedServices,
    print_object: PrintObject,
) -> list[JsonPart]:
    """What all records of a list cost, as a list with an object for each currency."""
    parameters = replace(
        GroupValues().parameters(), rate_card=RateCardParameters.named(node.prefix)
    )
    rows = CostGroups.summary(records, rates).groups(
        parameters,
        parent,
        with_percentiles=_has_percentiles(node),
        with_count=False,
    )
    row = RowSource(COST_GROUPS, rows, rows, [])
    body = concatenated(print_object(row, node))
    printed = row.select(body.label("printed")).order_by(rows.c.row_number).subquery()
    items = print_array_items(printed, None)
    if parent is not None:
        items = items.correlate(parent)
    return ["[", items.scalar_subquery(), "]"]


def print_previous(row: RowSource, node: PlanNode, print_object: PrintObject) -> ColumnElement[str]:
    """The same group in the period before, or `null`."""
    previous = row.joined.get(_PREVIOUS)
    if previous is None:
        return literal_text("null")
    body = concatenated(print_object(previous, node))
    return case((previous.table.c.calls.is_(None), literal_text("null")), else_=body)


def _has_percentiles(node: PlanNode) -> bool:
    """Whether percentiles are selected somewhere below: SQLite sorts all calls for them."""
    if isinstance(node.source, ColumnSource) and node.source.label in PERCENTILES:
        return True
    return node.selection is not None and any(
        _has_percentiles(item) for _, item in node.selection.items
    )
