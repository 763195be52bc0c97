"""What the records of a file say, as items."""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from gql.errors import BadInput
from gql.ingest.files.listed import listed_items
from gql.ingest.files.reading import Record
from gql.ingest.files.rows import CallRows, RowOptions, UnmappedColumns
from gql.ingest.item_faults import faults_line
from gql.ingest.items import ITEM, AnyItem, in_region


class Converter:
    """Turns records into items.

    Args:
        options: Of rows; None when the user named no source, and so rows cannot be read.
        region: The country of phone numbers without its code.
    """

    def __init__(self, options: RowOptions | None, region: str | None = None) -> None:
        self.rows = None if options is None else CallRows(options)
        self._validation = in_region(region)

    def items(self, record: Record) -> list[AnyItem]:
        """The items of a record: an item as it is, a listed call, or a row.

        Raises:
            UnmappedColumns: when no record with the same columns can be read.
            BadInput: with what is wrong with the record.
        """
        if record.problem is not None:
            raise BadInput(record.problem)
        content = record.content
        if isinstance(content, bytes):
            if b'"kind"' in content:
                try:
                    return [ITEM.validate_json(content, context=self._validation)]
                except ValidationError as error:
                    if not _has_no_kind(error):
                        raise BadInput(faults_line(error)) from error
            content = _object(content)
        elif isinstance(content.get("kind"), str):
            return [self._validated(content)]
        return [self._validated(fields) for fields in self._fields(content)]

    def _fields(self, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            listed = listed_items(content)
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise BadInput(f"the call cannot be read: {error!r}") from error
        if listed is not None:
            return listed
        if self.rows is None:
            raise UnmappedColumns(
                "it is no item, which has a `kind`; for a row of a table, say which system its"
                " calls are from: --source twilio, for example"
            )
        return self.rows.items(content)

    def _validated(self, fields: Mapping[str, Any]) -> AnyItem:
        try:
            return ITEM.validate_python(fields, context=self._validation)
        except ValidationError as error:
            raise BadInput(faults_line(error)) from error


def _has_no_kind(error: ValidationError) -> bool:
    """Whether the object is no item at all: something in it is called `kind`, but not it."""
    return error.errors(include_url=False)[0]["type"] == "union_tag_not_found"


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"the line is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadInput("the line is not a JSON object")
    return content
