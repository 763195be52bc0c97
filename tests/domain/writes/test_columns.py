"""Columns that callers may write are those of the model, checked by their types."""

from typing import Any

import pytest
from sqlalchemy import MetaData
from sqlmodel import SQLModel

from gql.domain.writes.columns import check_columns, column_checks, defaults_of, member_of
from gql.domain.writes.validation import ProblemList
from gql.models.enums import NodeType
from gql.models.types import json_object, optional_json, primary_key


class Tables(SQLModel):
    """Tables of these tests, which no migration makes."""

    metadata = MetaData()


class Voice(Tables, table=True):
    id: int | None = primary_key()
    organization_id: int
    name: str
    language: str | None = None
    pitch: int = 3
    is_loud: bool = False
    settings: dict[str, Any] = json_object()
    labels: dict[str, Any] | None = optional_json()
    kind: str = "standard"


CHECKS = column_checks(Voice, kind=member_of(NodeType))


def problems_of(values: dict[str, Any]) -> list[str]:
    problems = ProblemList()
    check_columns(problems, CHECKS, values)
    return [problem.message for problem in problems.items]


def test_every_column_but_ours_is_written() -> None:
    columns = {"name", "language", "pitch", "is_loud", "settings", "labels", "kind"}

    assert CHECKS.keys() == columns
    assert column_checks(Voice, not_written=("kind",)).keys() == columns - {"kind"}


@pytest.mark.parametrize(
    ("column", "right", "wrong", "message"),
    [
        ("name", "Anna", " ", "name must not be blank"),
        ("name", "x" * 255, None, "name must be text"),
        ("language", None, 5, "language must be text"),
        ("pitch", 5, True, "pitch must be a whole number"),
        ("is_loud", True, 1, "is_loud must be true or false"),
        ("settings", {"a": None}, None, "settings must be a JSON object"),
        ("labels", None, [], "labels must be a JSON object"),
        (
            "kind",
            "exit",
            "loud",
            "kind is 'loud', but must be 'entry', 'standard', 'exit' or 'escalation'",
        ),
    ],
)
def test_a_column_is_checked_by_its_type(column: str, right: Any, wrong: Any, message: str) -> None:
    assert problems_of({column: right}) == []
    assert problems_of({column: wrong}) == [message]


def test_other_columns_cannot_be_set() -> None:
    assert problems_of({"id": 5, "volume": 1}) == ["id cannot be set", "volume cannot be set"]


def test_a_type_without_a_check_is_an_error_when_it_is_declared() -> None:
    class Odd(Tables, table=True):
        id: int | None = primary_key()
        ratio: float

    with pytest.raises(TypeError) as raised:
        column_checks(Odd)

    assert str(raised.value) == (
        "no check for Odd.ratio: pass one to column_checks, or the column's name in `not_written`"
    )


def test_defaults_are_those_of_the_model() -> None:
    assert defaults_of(Voice, ("name", "pitch", "settings")) == {"pitch": 3, "settings": {}}
