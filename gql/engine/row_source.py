"""The rows of a resource in a statement, and how their own columns are printed."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case

from gql.engine.plan_nodes import AnyId, Column, Constant, GlobalId, Item, JsonNumber, Money, ToOne
from gql.query.resource import Link, Resource
from gql.sql import json_sql
from gql.sql.json_sql import concatenated, or_null, text

JsonPart = str | ColumnElement[Any]
Expression = ColumnElement[Any]


@dataclass
class RowSource:
    """The rows of a list under one parent, before they are filtered.

    Attributes:
        resource: Whose records.
        table: Their table's alias.
        from_clause: What is selected from: the table, with the joins so far.
        conditions: What holds for the rows of this parent.
        parent: The parent's table, which the subqueries refer to.
        joined: The other records that single labels are read from, by how they are found.
    """

    resource: Resource
    table: FromClause
    from_clause: FromClause
    conditions: list[Expression]
    parent: FromClause | None
    joined: "dict[tuple[Any, ...], RowSource]" = field(default_factory=dict)


def rows_of(resource: Resource, link: Link | None, parent: RowSource | None) -> RowSource:
    """The rows of a resource, under a parent when there is a link."""
    table = resource.table.alias()
    if link is None or parent is None:
        return RowSource(resource, table, table, [], None)
    source, key = link.attach(table)
    return RowSource(resource, table, source, [key == parent.table.c.id], parent.table)


def is_key_only(row: RowSource, item: ToOne) -> bool:
    """Whether only ids of the other record are asked for, and our foreign key proves that it is.

    Everyone in the organization must see every such record: one condition, the organization's.
    """
    own = row.resource.table.c[item.key]
    proven = any(key.references(item.resource.table) for key in own.foreign_keys)
    alone = len(item.resource.conditions(item.resource.table)) == 1
    ids = all(
        isinstance(part, (Constant, GlobalId)) or (isinstance(part, Column) and part.label == "id")
        for _, part in item.selection.items
    )
    return item.column == "id" and proven and alone and ids


def of_key(key: ColumnElement[Any], item: ToOne) -> list[JsonPart]:
    """The other record, of which only ids are asked for; NULL without one."""

    def one(part: Item) -> list[JsonPart]:
        if isinstance(part, GlobalId):
            return [f'"{item.resource.name}_', json_sql.integer(key), '"']
        return [part.text] if isinstance(part, Constant) else [json_sql.int32(key)]

    printed = print_items([(name, one(part)) for name, part in item.selection.items])
    if any(not isinstance(part, Constant) for _, part in item.selection.items):
        return printed
    # An object of constants alone would be there without a record too.
    return [*printed, case((key.is_(None), None), else_=text(""))]


def visible_conditions(rows: RowSource) -> tuple[ColumnElement[bool], ...]:
    """What holds for the rows that the caller may see, of this parent."""
    return (*rows.resource.conditions(rows.table), *rows.conditions)


def print_own(row: RowSource, item: Column | Money | JsonNumber | AnyId) -> ColumnElement[Any]:
    """One of their own columns, as JSON."""
    match item:
        case Column(label, kind):
            column = row.resource.expression(label, row.table)
            printed: ColumnElement[Any] = json_sql.PRINTERS[kind](column)
            return printed if json_sql.is_there(column) else or_null(printed)
        case Money(label):
            return or_null(json_sql.amount_string(row.table.c[label]))
        case JsonNumber(label, key):
            return or_null(json_sql.json_number(row.table.c[label], text(key)))
        case AnyId(kind, key):
            number = json_sql.integer(row.table.c[key])
            return or_null(json_sql.json_string(concatenated([row.table.c[kind], "_", number])))


def print_items(items: list[tuple[str, list[JsonPart]]]) -> list[JsonPart]:
    """An object; keys are response keys, which the grammar limits to letters, digits and `_`."""
    parts: list[JsonPart] = ["{"]
    for number, (key, printed) in enumerate(items):
        parts += [f'{"," if number else ""}"{key}":', *printed]
    return [*parts, "}"]
