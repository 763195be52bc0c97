"""What a file has of a record: an object of JSON, or a line of CSV, printed by the database."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement

from gql.engine.fields import ColumnKind
from gql.engine.print_json import print_items
from gql.query.exports import PrintedLine
from gql.sql.csv_sql import csv_cell
from gql.sql.json_sql import PRINTERS, JsonPart, concatenated, or_null

Values = Mapping[str, ColumnElement[Any]]
"""The columns of a record, by label."""

CSV_LINE_END = "\r\n"


class FileColumn(NamedTuple):
    """A column of a file.

    Attributes:
        key: Of the member of an object in JSON.
        label: Of the record.
        kind: How it is printed.
        header: What the first line of CSV calls it.
    """

    key: str
    label: str
    kind: ColumnKind
    header: str


def json_object_line(columns: Sequence[FileColumn]) -> PrintedLine:
    """An object with a member for each column, and commas between objects."""

    def printed(values: Values) -> ColumnElement[str]:
        members: list[tuple[str, list[JsonPart]]] = [
            (each.key, [or_null(PRINTERS[each.kind](values[each.label]))]) for each in columns
        ]
        return concatenated(print_items(members))

    return PrintedLine(_labels(columns), printed, separator=",")


def csv_line(columns: Sequence[FileColumn]) -> PrintedLine:
    """A cell for each column, with commas between them, and the end of the line."""

    def printed(values: Values) -> ColumnElement[str]:
        parts: list[JsonPart] = []
        for each in columns:
            parts += [",", csv_cell(each.kind, values[each.label])]
        return concatenated([*parts[1:], CSV_LINE_END])

    return PrintedLine(_labels(columns), printed)


def _labels(columns: Sequence[FileColumn]) -> tuple[str, ...]:
    return tuple(each.label for each in columns)
