"""The rows of a resource in a statement, and how their own columns are printed."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case

from gql.domain.resource import Link, Resource
from gql.plan import printing
from gql.plan.printing import concatenated, or_null, text
from gql.plan.tree import Amount, AnyId, Constant, GlobalId, Item, Leaf, Member, ToOne

Part = str | ColumnElement[Any]
Column = ColumnElement[Any]


@dataclass
class Under:
    """The rows of a list under one parent, before they are filtered.

    Attributes:
        resource: Whose records.
        table: Their table's alias.
        source: What is selected from: the table, with the joins so far.
        place: What holds for the rows of this parent.
        parent: The parent's table, which the subqueries refer to.
        joined: The other records that single labels are read from, by how they are found.
    """

    resource: Resource
    table: FromClause
    source: FromClause
    place: list[Column]
    parent: FromClause | None
    joined: "dict[tuple[Any, ...], Under]" = field(default_factory=dict)


def rows_of(resource: Resource, link: Link | None, parent: Under | None) -> Under:
    """The rows of a resource, under a parent when there is a link."""
    table = resource.table.alias()
    if link is None or parent is None:
        return Under(resource, table, table, [], None)
    source, key = link.attach(table)
    return Under(resource, table, source, [key == parent.table.c.id], parent.table)


def is_key_only(row: Under, item: ToOne) -> bool:
    """Whether only ids of the other record are asked for, and our foreign key proves that it is.

    Everyone in the organization must see every such record: one condition, the organization's.
    """
    own = row.resource.table.c[item.key]
    proven = any(key.references(item.resource.table) for key in own.foreign_keys)
    alone = len(item.resource.conditions(item.resource.table)) == 1
    ids = all(
        isinstance(part, (Constant, GlobalId)) or (isinstance(part, Leaf) and part.label == "id")
        for _, part in item.selection.items
    )
    return item.column == "id" and proven and alone and ids


def of_key(key: ColumnElement[Any], item: ToOne) -> list[Part]:
    """The other record, of which only ids are asked for; NULL without one."""

    def one(part: Item) -> list[Part]:
        if isinstance(part, GlobalId):
            return [f'"{item.resource.name}_', printing.integer(key), '"']
        return [part.text] if isinstance(part, Constant) else [printing.whole(key)]

    printed = print_items([(name, one(part)) for name, part in item.selection.items])
    if any(not isinstance(part, Constant) for _, part in item.selection.items):
        return printed
    # An object of constants alone would be there without a record too.
    return [*printed, case((key.is_(None), None), else_=text(""))]


def visible(rows: Under) -> tuple[ColumnElement[bool], ...]:
    """What holds for the rows that the caller may see, of this parent."""
    return (*rows.resource.conditions(rows.table), *rows.place)


def print_own(row: Under, item: Leaf | Amount | Member | AnyId) -> ColumnElement[Any]:
    """One of their own columns, as JSON."""
    match item:
        case Leaf(label, kind):
            column = row.resource.expression(label, row.table)
            printed: ColumnElement[Any] = printing.PRINTERS[kind](column)
            return printed if printing.is_there(column) else or_null(printed)
        case Amount(label):
            return or_null(printing.amount(row.table.c[label]))
        case Member(label, key):
            return or_null(printing.member(row.table.c[label], text(key)))
        case AnyId(kind, key):
            number = printing.integer(row.table.c[key])
            return or_null(printing.quoted(concatenated([row.table.c[kind], "_", number])))


def print_items(items: list[tuple[str, list[Part]]]) -> list[Part]:
    """An object; keys are response keys, which the grammar limits to letters, digits and `_`."""
    parts: list[Part] = ["{"]
    for number, (key, printed) in enumerate(items):
        parts += [f'{"," if number else ""}"{key}":', *printed]
    return [*parts, "}"]
