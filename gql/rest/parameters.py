"""The kinds of parameters that routes share, and how path, query string and headers are read."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    WithJsonSchema,
)
from starlette.types import Scope

from gql.errors import NotFound
from gql.models.types import MAX_ID
from gql.rest.unprocessable import Detail, detail_of, details_of

MOST_SMALL_INTEGER = 2**31 - 1
"""The largest number of a 32-bit column, such as a duration."""

_LONG_INTEGER = re.compile(r"\s*[-+]?[0-9_]{19,}\s*")
_INTEGER = re.compile(r"\s*[-+]?[0-9]+(_[0-9]+)*(\.0+)?\s*")
_LOST_PLUS = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:?[0-9]{2}$)")


def id_of(noun: str) -> BeforeValidator:
    """For a path parameter that is an id: 422 when it is no integer, 404 when it is too large.

        graph_id: Annotated[int, id_of("graph")]

    Args:
        noun: For the message of the 404: `call`.
    """

    def within_reach(value: Any) -> Any:
        if isinstance(value, str) and _LONG_INTEGER.fullmatch(value):
            number = value.strip().replace("_", "")[:400]
            if abs(int(number)) > MAX_ID:
                raise NotFound(noun, number[:60])
        return value

    return BeforeValidator(within_reach)


def id_or_not_found(noun: str) -> BeforeValidator:
    """For a path parameter that is an id, where anything that is none is not found (404)."""

    def integer(value: Any) -> Any:
        if isinstance(value, str) and _INTEGER.fullmatch(value) and len(value) <= 19:  # noqa: PLR2004
            digits = value.replace("_", "").partition(".")[0]
            if abs(int(digits)) <= MAX_ID:
                return value
        raise NotFound(noun, str(value)[:60])

    return BeforeValidator(integer)


def _clamp(most: int) -> AfterValidator:
    """A number beyond what a column can hold matches the same rows as the largest that it can."""
    return AfterValidator(lambda value: max(-most, min(value, most)))


def _shorten(value: Any) -> Any:
    """The first 400 digits: out of range too, and `int` refuses to read more than 4,300."""
    if isinstance(value, str) and _LONG_INTEGER.fullmatch(value):
        return value.strip().replace("_", "")[:400]
    return value


def _repair(value: Any) -> Any:
    """An unescaped `+02:00` arrives as ` 02:00`."""
    return _LOST_PLUS.sub("+", value) if isinstance(value, str) and ":" in value else value


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return value.replace(tzinfo=UTC)


Integer = Annotated[int, _clamp(MAX_ID), BeforeValidator(_shorten)]
"""A number to filter an id by: beyond 64 bits it matches nothing."""

SmallInteger = Annotated[int, _clamp(MOST_SMALL_INTEGER), BeforeValidator(_shorten)]
"""A number to filter a 32-bit column by."""

Instant = Annotated[
    datetime,
    AfterValidator(_in_utc),
    BeforeValidator(_repair),
    WithJsonSchema({"type": ["string", "number"], "format": "date-time"}),
]
"""An ISO 8601 instant, or seconds since 1970: a bare date is its midnight, no zone is UTC."""

Skip = Annotated[
    int,
    Field(ge=0, description="Rows to pass over."),
    _clamp(MAX_ID),
    BeforeValidator(_shorten),
]
Limit = Annotated[int, Field(ge=1, le=1000, description="Most rows to return.")]


class Paged(BaseModel):
    """The query string of a list."""

    skip: Skip = 0
    limit: Limit = 100


def read_query(model: type[BaseModel], scope: Scope) -> tuple[Any, list[Detail]]:
    """The query string as a model, or what is wrong with it; the last of a repeated name counts."""
    return _read_strings(model, query_strings(scope["query_string"].decode("latin-1")), "query")


def query_strings(raw: str) -> dict[str, str]:
    """The parameters of a query string; without escapes, as usual, in a fifth of the time."""
    if "%" in raw or "+" in raw:
        return dict(parse_qsl(raw, keep_blank_values=True))
    pairs = (pair.partition("=") for pair in raw.split("&") if pair)
    return {name: value for name, _, value in pairs}


def read_path(model: type[BaseModel], scope: Scope) -> tuple[Any, list[Detail]]:
    """The path's parameters as a model, or what is wrong with them.

    Raises:
        NotFound: when one has a NUL character, as nothing has.
    """
    for name, text in scope["path_params"].items():
        if "\0" in text:
            raise NotFound(name, text[:60])
    return _read_strings(model, scope["path_params"], "path")


def _read_strings(
    model: type[BaseModel], strings: Mapping[str, str], source: str
) -> tuple[Any, list[Detail]]:
    details = [
        detail_of("value_error", (source, name), "Value error, NUL characters match nothing", text)
        for name, text in strings.items()
        if "\0" in text and name in model.model_fields
    ]
    if details:
        return None, details
    try:
        return model.model_validate(strings), []
    except ValidationError as error:
        return None, details_of(error, source)
