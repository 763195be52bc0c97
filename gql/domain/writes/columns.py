"""What callers may write into a table: the check of each column, and the columns' defaults."""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Column
from sqlmodel import SQLModel

from gql.domain.writes.validation import Path, ProblemList
from gql.models.scope import table_of
from gql.models.types import longest_of

Check = Callable[..., None]
"""Takes the collector, a path and the value there, and `longest` where that is text or JSON."""

SET_BY_US = frozenset({"id", "organization_id", "created_at", "updated_at"})
"""Columns that no caller writes, whatever the table."""


def nullable(check: Check) -> Check:
    """The same check, but None passes."""

    def check_unless_null(problems: ProblemList, path: Path, value: Any, **bounds: int) -> None:
        if value is not None:
            check(problems, path, value, **bounds)

    return check_unless_null


def member_of(enum: type[StrEnum]) -> Check:
    return partial(ProblemList.check_enum, enum=enum)


_BY_TYPE: tuple[tuple[Any, Check], ...] = (
    (int, ProblemList.check_int32),
    (bool, ProblemList.check_boolean),
    (str, ProblemList.check_name),
    (str | None, nullable(ProblemList.check_text)),
    (dict[str, Any], ProblemList.check_json_object),
    (dict[str, Any] | None, nullable(ProblemList.check_json_object)),
)
"""The order is that in which problems of one row are reported."""


def column_checks(
    model: type[SQLModel], *, not_written: Collection[str] = (), **checks: Check
) -> Mapping[str, Check]:
    """The columns that callers may write, each with its check.

    A column is checked by its type and its length, so a new one in the model needs nothing here.
    Which columns a
    caller can reach is what the inputs of the two doors declare.

    Args:
        model: The table.
        not_written: Its columns that callers do not write, beside `SET_BY_US`.
        checks: Of columns that their type does not say enough about; they come first.

    Raises:
        TypeError: when there is no check for the type of a column.
    """
    types = {
        name: info.annotation
        for name, info in model.model_fields.items()
        if name not in {*SET_BY_US, *not_written, *checks}
    }
    unchecked = [name for name, kind in types.items() if kind not in dict(_BY_TYPE)]
    if unchecked:
        raise TypeError(
            f"no check for {model.__name__}.{unchecked[0]}: pass one to column_checks, or the"
            " column's name in `not_written`"
        )
    columns = table_of(model).c
    by_type = {
        name: _bounded(check, columns[name])
        for column_type, check in _BY_TYPE
        for name, kind in types.items()
        if kind == column_type
    }
    return {**checks, **by_type}


def _bounded(check: Check, column: Column[Any]) -> Check:
    """The check of a column's type, for texts of the length that the column may have."""
    longest = longest_of(column)
    return check if longest is None else partial(check, longest=longest)


def check_columns(
    problems: ProblemList, checks: Mapping[str, Check], values: Mapping[str, Any]
) -> None:
    """Check values by their columns; one that is not there cannot be set."""
    for column, value in values.items():
        check = checks.get(column)
        if check is None:
            problems.add((column,), "cannot be set")
        else:
            check(problems, (column,), value)


def defaults_of(model: type[SQLModel], columns: Collection[str]) -> dict[str, Any]:
    """The defaults of those of the columns that have one."""
    return {
        name: info.get_default(call_default_factory=True)
        for name, info in model.model_fields.items()
        if name in columns and not info.is_required()
    }
