"""JSON of one record in a compiled statement: objects, columns, and ids read from our own keys."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select

from gql.engine.answer_size import within_limit
from gql.engine.fields import (
    ColumnSource,
    ConstantSource,
    GlobalIdSource,
    MemberSource,
    OneSource,
)
from gql.engine.plan import Selection
from gql.engine.print_rows import print_row, printed_column_names
from gql.query.record_list import RowSource
from gql.query.resource import Resource
from gql.sql import json_sql
from gql.sql.json_paths import json_member
from gql.sql.json_sql import JsonPart, concatenated, json_array_body, literal_text, or_null


def is_key_only(row: RowSource, source: OneSource, selection: Selection) -> bool:
    """Whether our own key is all that is selected of the other record, so that it needs no join.

    That is so when only ids are selected, a foreign key proves that the record exists, and everyone
    in the organization may see all such records: their one condition is the organization's.
    """
    key = row.resource.table.c[source.key]
    exists = any(key.references(source.resource.table) for key in key.foreign_keys)
    all_visible = len(source.resource.conditions(source.resource.table)) == 1
    ids = all(
        isinstance(node.source, (ConstantSource, GlobalIdSource))
        or (isinstance(node.source, ColumnSource) and node.source.label == "id")
        for _, node in selection.items
    )
    return source.column == "id" and exists and all_visible and ids


def print_key_only(
    key: ColumnElement[Any], resource: Resource, selection: Selection
) -> list[JsonPart]:
    """The other record, of which only ids are selected, from our key; NULL without one."""
    items: list[tuple[str, list[JsonPart]]] = []
    for name, node in selection.items:
        match node.source:
            case ConstantSource(json):
                items.append((name, [json]))
            case GlobalIdSource():
                items.append((name, [f'"{resource.name}_', json_sql.json_integer(key), '"']))
            case ColumnSource() as source:  # it is `id`: see `is_key_only`
                items.append((name, [print_as(source, key)]))
    printed = print_items(items)
    if any(not isinstance(node.source, ConstantSource) for _, node in selection.items):
        return printed
    # An object of constants alone would be there without a record too.
    return [*printed, case((key.is_(None), None), else_=literal_text(""))]


def print_column(row: RowSource, source: ColumnSource) -> ColumnElement[Any]:
    """One of the row's own columns, as JSON."""
    column = row.resource.expression(source.label, row.table)
    printed = print_as(source, column)
    return printed if json_sql.is_never_null(column) else or_null(printed)


def print_as(source: ColumnSource, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value as JSON in the kind of a column; NULL for NULL."""
    assert source.kind is not None  # noqa: S101, a plan has what a declaration may leave out
    printed: ColumnElement[Any] = json_sql.PRINTERS[source.kind](value)
    return printed


def print_member(row: RowSource, source: MemberSource) -> ColumnElement[str]:
    """A comma, the key and the value, or nothing where there is no such member."""
    value = json_member(row.table.c[source.label], literal_text(source.key))
    member = concatenated([f',"{source.key}":', json_sql.json_verbatim(value)])
    return func.coalesce(member, literal_text(""))


def print_array_items(rows: FromClause, limit: int | None) -> Select[Any]:
    """What stands between the brackets of an array: what `printed_columns` made of each, `printed`.

    Args:
        rows: A subquery.
        limit: Most bytes of them together; None where nothing is added up.
    """
    columns = [rows.c[name] for name in printed_column_names(rows, "printed")]
    rows = within_limit(rows, columns, limit)
    return select(func.coalesce(json_array_body(print_row(rows, "printed")), literal_text("")))


def print_end_cursor(rows: FromClause, limit: Any, *, is_first: bool) -> ColumnElement[Any]:
    """The cursor of a page's first or last row, or `null`.

    Args:
        rows: A subquery: each row has its `position` and its `cursor`; one may be beyond the page.
        limit: Most rows of the page.
        is_first: Whether it is the row with the lowest position.
    """
    on_page = rows.c.position <= limit
    cursor: ColumnElement[Any]
    if is_first:
        cursor = func.max(rows.c.cursor).filter(rows.c.position == 1, on_page)
    else:
        cursor = json_sql.last_by_position(rows.c.cursor, rows.c.position, on_page)
    return or_null(json_sql.json_string(cursor))


def print_items(items: list[tuple[str, list[JsonPart]]]) -> list[JsonPart]:
    """An object; keys are response keys, which the grammar limits to letters, digits and `_`."""
    parts: list[JsonPart] = ["{"]
    for number, (key, printed) in enumerate(items):
        parts += [f'{"," if number else ""}"{key}":', *printed]
    return [*parts, "}"]
