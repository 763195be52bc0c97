"""Parses the JSON body of a request, and words what is wrong with it as pydantic would."""

import json
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from gql.http.strict_json import (
    HasNul,
    NotJson,
    TooDeep,
    check_shape,
    check_strings,
    decode_json,
)
from gql.rest.unprocessable import BadBody, Detail, detail_of, details_of
from gql.settings import Settings


def parse_body(raw: bytes, settings: Settings) -> Any:
    """The JSON value of a body; None when the body is empty.

    Raises:
        BadBody: when it is not JSON, nested too deeply, or has a NUL character.
    """
    if not raw:
        return None
    max_depth = settings.max_json_depth
    try:
        value = decode_json(raw)
        check_shape(raw, max_depth=max_depth)
        check_strings(raw, value)
    except NotJson as error:
        raise BadBody([_syntax_error(raw, error)]) from None
    except TooDeep:
        raise BadBody([_value_error(f"nested deeper than {max_depth} levels")]) from None
    except HasNul:
        reason = "a NUL character (\\u0000) in a string cannot be stored"
        raise BadBody([_value_error(reason)]) from None
    return value


def fit_body(model: type[BaseModel], value: Any) -> tuple[Any, list[Detail]]:
    """A JSON value as a model, or what is wrong with it."""
    if value is None:
        return None, [detail_of("missing", ("body",), "Field required", None)]
    try:
        # From attributes only for the wording: a body that is no object is refused as such.
        return model.model_validate(value, from_attributes=True), []
    except ValidationError as error:
        details = details_of(error, "body")
    if _holds_secret(model):
        for detail in details:
            del detail["input"]
    return None, details


def sent_values(body: BaseModel, record: type[BaseModel]) -> dict[str, Any]:
    """The fields of a body that were sent, without null where the record always has a value.

    Args:
        body: The changes.
        record: The shape of what is changed.
    """
    return {
        name: value
        for name, value in body.model_dump(include=body.model_fields_set).items()
        if value is not None or NoneType in get_args(record.model_fields[name].annotation)
    }


def _holds_secret(model: type[BaseModel]) -> bool:
    """Whether a body of this model has a secret in it, which must not come back in an answer.

    Then no problem of the body says what was sent: a forgotten field is reported with all others.
    """
    return any(field.annotation is SecretStr for field in model.model_fields.values())


def _syntax_error(raw: bytes, error: NotJson) -> Detail:
    """Where and why a text is not JSON: in the words of Python's own parser, if it agrees."""
    position, reason = error.position, error.reason
    try:
        json.loads(raw)
    except json.JSONDecodeError as worded:
        position, reason = worded.pos, worded.msg
    except (UnicodeDecodeError, RecursionError, ValueError):
        pass
    loc = ("body", position)
    return detail_of("json_invalid", loc, "JSON decode error", {}, {"error": reason})


def _value_error(reason: str) -> Detail:
    return detail_of("value_error", ("body",), f"Value error, {reason}", {}, {"error": reason})
