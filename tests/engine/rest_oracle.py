"""What a REST read must answer, worked out in Python from the rows of the tables.

It takes the declaration of a read as it is, and says again in Python what `gql/domain` says in SQL:
which rows are visible, what computed columns hold, and which rows pass a filter.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from sqlalchemy import JSON, Text, cast, select
from sqlmodel import SQLModel

from gql.database import Database
from gql.engine.fields import (
    ColumnSource,
    ConnectionField,
    ConnectionSource,
    ConstantSource,
    CountSource,
    EchoSource,
    IsLookedUpSource,
    JoinedSource,
    ManySource,
    MemberSource,
    ObjectSource,
    PageSource,
    UnionSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.engine.rest_query import RestArguments, RestQuery
from gql.errors import NotFound
from gql.models.scope import owned
from gql.query.filters import AnyOf, ColumnCriterion, Condition
from gql.query.resource import Link, Resource

Row = dict[str, Any]

VISIBLE: dict[str, Callable[[Row], bool]] = {
    "call": lambda row: row["channel"] == "voice",
    "sms_conversation": lambda row: row["channel"] == "sms" and not row["is_archived"],
    "call_record": lambda row: not row["is_archived"],
}
"""By resource; of others every row of the organization is visible."""

COMPARED: dict[str, Callable[[Any, Any], Any]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


class Oracle:
    """Answers reads.

    Args:
        tables: The rows of one organization, by table.
    """

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self._tables = tables
        self._assistants = {row["id"]: row for row in tables["assistant"]}

    @classmethod
    async def load(cls, database: Database, organization_id: int) -> "Oracle":
        """Read every row of an organization; JSON columns as text, to lose no digit of a number."""
        tables = {}
        async with database.engine.connect() as connection:
            for table in SQLModel.metadata.sorted_tables:
                columns = [
                    cast(column, Text).label(column.key)
                    if isinstance(column.type, JSON)
                    else column
                    for column in table.columns
                ]
                statement = select(*columns).where(owned(table, organization_id))
                tables[table.name] = [
                    dict(row) for row in (await connection.execute(statement)).mappings()
                ]
        return cls(tables)

    def answer(self, query: RestQuery, arguments: RestArguments) -> Any:
        """The body as JSON.

        Raises:
            NotFound: when the record is not there.
        """
        record = query.record
        if record is None:
            return self._item(query.item, None, arguments)
        rows = self._rows(record.resource)
        row = next((row for row in rows if row[record.column] == arguments.key), None)
        if row is None:
            raise NotFound(record.noun, arguments.key)
        if isinstance(query.item.source, ObjectSource):
            return self._object(query.item.selection, record.resource, row, arguments)
        return self._item(query.item, row, arguments)

    def _item(self, node: PlanNode, row: Row | None, arguments: RestArguments) -> Any:
        """A list, or an object about one."""
        source = node.source
        if isinstance(source, UnionSource):
            return self._related(node, row, arguments)
        if isinstance(source, ManySource):
            assert row is not None
            rows = self._under(source.resource, source.link, row)
            rows = sorted(rows, key=lambda each: [sort_value(each, name) for name in source.order])
            passing = self._passing(rows, source.resource, arguments)
            return self._objects(node, source.resource, passing)
        assert isinstance(source, ConnectionSource | PageSource)
        rows = self._passing(self._rows(source.resource), source.resource, arguments)
        page = self._page(rows, source.resource, arguments)
        if isinstance(source, PageSource):
            return self._objects(node, source.resource, page, arguments)
        printed: Row = {}
        for key, part in node.selection.items if node.selection else ():
            match part.source:
                case ConnectionField.NODES:
                    printed[key] = self._objects(part, source.resource, page, arguments)
                case ConnectionField.TOTAL_COUNT:
                    printed[key] = len(rows)
                case EchoSource(name):
                    printed[key] = arguments.echoed[name]
                case _:
                    raise TypeError(part.source)
        return printed

    def _related(self, node: PlanNode, row: Row | None, arguments: RestArguments) -> list[Row]:
        """The calls and SMS conversations of a conversation's customer and assistant."""
        assert isinstance(node.source, UnionSource)
        assert row is not None
        union, keys = node.source.union, ("customer_phone_digits", "assistant_id")
        rows = [
            each
            for each in self._rows(union.resource)
            if all(each[key] == row[key] and row[key] not in {None, ""} for key in keys)
        ]
        rows.sort(key=lambda each: (each[union.order], each["id"]), reverse=True)
        selection = node.choices[0][1]
        return [
            self._object(selection, union.resource, each, arguments) for each in rows[: union.limit]
        ]

    def _objects(
        self,
        node: PlanNode,
        resource: Resource,
        rows: Iterable[Row],
        arguments: RestArguments | None = None,
    ) -> list[Row]:
        return [self._object(node.selection, resource, row, arguments) for row in rows]

    def _object(
        self,
        selection: Selection | None,
        resource: Resource,
        row: Row,
        arguments: RestArguments | None = None,
    ) -> Row:
        assert selection is not None
        fields, members = {}, {}
        for key, node in selection.items:
            if not isinstance(node.source, MemberSource):
                fields[key] = self._value(node, resource, row, arguments)
            elif key in row[node.source.label]:
                members[key] = row[node.source.label][key]
        return fields | members

    def _value(
        self, node: PlanNode, resource: Resource, row: Row, arguments: RestArguments | None
    ) -> Any:
        match node.source:
            case ColumnSource(label, kind):
                return as_json(self._label(resource, row, label), resource, label, kind)
            case ConstantSource(text):
                return json.loads(text)
            case JoinedSource(other, key, column, value):
                matching = [each for each in self._rows(other) if each[column] == row[key]]
                return as_json(matching[0][value.label], other, value.label, value.kind)
            case ManySource(other, link, order):
                rows = sorted(
                    self._under(other, link, row), key=lambda each: [each[name] for name in order]
                )
                return self._objects(node, other, rows)
            case CountSource(other, link):
                return len(self._under(other, link, row))
            case IsLookedUpSource():
                return arguments is not None and row["id"] == arguments.key
        raise TypeError(node.source)

    def _label(  # noqa: PLR0911 -- a case per label
        self, resource: Resource, row: Row, label: str
    ) -> Any:
        """A column, or a computed label."""
        if label not in resource.computed or resource.name == "recording":
            return row[label] if label in row else label_of_recording(row, label)
        if label == "assistant_name":
            assistant = self._assistants.get(row["assistant_id"])
            return row["assistant_name"] if assistant is None else assistant["name"]
        if label.startswith("cost_") or label.endswith("_cost"):
            default = "USD" if label == "cost_currency" else 0
            return default if row[label] is None else row[label]
        if label == "status":
            return "ongoing" if row["status"] == "active" else row["status"]
        if label == "session_id":
            return f"sms:{row['customer_phone_number']}:{row['to_phone_number']}"
        if label == "event_id":
            return f"{row['seq']}-{row['tag']}"
        assert label == "duration_minutes"
        return None if row["duration"] is None else round(row["duration"] / 60, 4)

    def _rows(self, resource: Resource) -> list[Row]:
        """The rows that the organization may see."""
        rows = self._tables[resource.table.name]
        return [row for row in rows if VISIBLE.get(resource.name, bool)(row)]

    def _under(self, resource: Resource, link: Link, row: Row) -> list[Row]:
        assert link.column is not None
        rows = (each for each in self._rows(resource) if each[link.column] == row["id"])
        # Of the messages of an SMS conversation, the system prompt and tools are left out.
        if resource.name == "message" and row["channel"] == "sms":
            return [each for each in rows if each["role"] in {"user", "assistant"}]
        return [
            each for each in rows if each.get("role") != "tool" and each.get("speaker") != "other"
        ]

    def _page(self, rows: list[Row], resource: Resource, arguments: RestArguments) -> list[Row]:
        paging = arguments.paging
        if paging is None:
            return []
        label = resource.orders[paging.order].label
        valued = [row for row in rows if row[label] is not None]
        valued.sort(key=lambda row: (row[label], row["id"]), reverse=paging.descending)
        empty = sorted(
            (row for row in rows if row[label] is None),
            key=lambda row: row["id"],
            reverse=paging.descending,
        )
        return [*valued, *empty][paging.offset : paging.offset + paging.limit]

    def _passing(
        self,
        rows: Sequence[Row],
        resource: Resource,
        arguments: RestArguments,
    ) -> list[Row]:
        return [
            row
            for row in rows
            if all(self._passes(resource, row, condition) for condition in arguments.filter)
        ]

    def _passes(self, resource: Resource, row: Row, condition: Condition | AnyOf) -> bool:
        assert isinstance(condition, Condition)  # REST combines none
        field, comparator, value = condition
        criterion = resource.filters[field]
        match field:
            case "assistant_name":
                names = (row["assistant_name"], self._label(resource, row, field))
                return any(compared(comparator, name, value) for name in names)
            case "customer_phone_number":
                return contains_digits(row["customer_phone_digits"], value)
            case "anywhere":
                return (
                    compared("contains", row["call_sid"], value)
                    or self._passes(resource, row, Condition("assistant_name", "contains", value))
                    or contains_digits(row["customer_phone_digits"], value)
                )
        assert isinstance(criterion, ColumnCriterion)
        return compared(comparator, row[criterion.column], value)


def label_of_recording(row: Row, label: str) -> Any:
    """A computed label of a recording."""
    if label == "created_at":
        return row["started_at"] or row["occurred_at"]
    return None if row["duration_ms"] is None else row["duration_ms"] / 1000


def sort_value(row: Row, name: str) -> Any:
    """What a whole list is sorted by: a column, or when and where in its conversation it was."""
    if name != "chronology":
        return row[name]
    written = "timestamp" if "timestamp" in row else "created_at"
    position = row["position"] if row["position"] is not None else row["message_index"]
    return (row["occurred_at"] or row[written], max(position, 0), row["external_id"] or "")


def compared(comparator: str, stored: Any, value: Any) -> bool:
    """Whether a stored value passes a comparison; one that is NULL passes none."""
    if comparator == "is_null":
        return (stored is None) is value
    if stored is None:
        return False
    if comparator == "eq":
        return bool(stored == value)
    if comparator == "contains":
        return lower(value) in lower(stored)
    return bool(COMPARED[comparator](stored, value))


def contains_digits(stored: str, value: str) -> bool:
    digits = "".join(letter for letter in value if letter in "0123456789")
    return bool(digits) and digits in stored


def lower(text: str) -> str:
    """Letter by letter, as the databases do; Python would look at whole words."""
    return "".join(letter.lower()[0] for letter in text)


def as_json(value: Any, resource: Resource, label: str, kind: str | None) -> Any:
    """A stored value as it stands in an answer."""
    if value is None:
        return None
    if isinstance(value, datetime):
        fraction = f".{value.microsecond:06d}" if value.microsecond else ""
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f"{fraction}Z"
    if kind == "integer_text":
        return str(value)
    if kind == "decimal":
        return float(Decimal(value).scaleb(-6))
    column = resource.table.c.get(label)
    is_json = column is not None and isinstance(column.type, JSON)
    return json.loads(value) if is_json else value
