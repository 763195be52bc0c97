"""The documented shapes of records as data: keys in order, each with what is printed under it.

A shape is a `Selection`. A plan prints it in the database, and resolvers make the same object of a
record.
"""

from collections.abc import Callable
from typing import Any

import orjson

from gql.engine.fields import ColumnSource, ConstantSource, FieldSource
from gql.engine.plan import PlanNode, Selection
from gql.money import micros_to_float
from gql.query.resource import Record


def present(selection: Selection, record: Record) -> dict[str, Any]:
    """One record in a shape of its own labels."""
    return presenter(selection)(record)


def presenter(selection: Selection) -> Callable[[Record], dict[str, Any]]:
    """What turns records into a shape of their own labels.

    Raises:
        TypeError: when the shape holds more than that.
    """
    columns = [(key, *_column(node.source)) for key, node in selection.items]

    def shaped(record: Record) -> dict[str, Any]:
        return {
            key: getattr(record, label) if change is None else change(getattr(record, label))
            for key, label, change in columns
        }

    return shaped


def is_plain(node: PlanNode) -> bool:
    """Whether the record alone says what is printed."""
    return isinstance(node.source, (ConstantSource, ColumnSource))


def _column(source: FieldSource) -> tuple[str, Callable[[Any], Any] | None]:
    """Which label, and what is done with it."""
    match source:
        case ColumnSource(label, "decimal"):
            return label, micros_to_float
        case ColumnSource(label):
            return label, None
        case ConstantSource(json):
            return "id", lambda _: orjson.loads(json)
    raise TypeError(f"{type(source).__name__} is not a label of the record")
