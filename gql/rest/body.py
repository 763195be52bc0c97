"""Reads a request's JSON body, with limits, and says where broken JSON breaks."""

import json
from collections.abc import Iterable
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from gql.errors import PayloadTooLarge
from gql.rest.validation import BadBody, Detail, detail_of, details_of
from gql.settings import Settings

_ESCAPED_NUL = b"\\u0000"


async def read_raw(request: Request, settings: Settings) -> bytes:
    """The whole body, read no further than the limit.

    Raises:
        PayloadTooLarge: when it is longer.
        starlette.requests.ClientDisconnect: when the client went away.
    """
    limit = settings.max_body_bytes
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise PayloadTooLarge(f"The body is longer than {limit} bytes.")
    return bytes(body)


def parse(raw: bytes, settings: Settings) -> Any:
    """The JSON value in a body; None when the body is empty.

    Raises:
        BadBody: when it is not JSON, nested too deeply, or has a NUL character.
    """
    if not raw:
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadBody([_broken(raw, error)]) from None
    if _deeper(value, settings.max_json_depth):
        raise BadBody([_refused(f"nested deeper than {settings.max_json_depth} levels")])
    if _ESCAPED_NUL in raw and _has_nul(value):
        raise BadBody([_refused("a NUL character (\\u0000) in a string cannot be stored")])
    return value


def fit(model: Any, value: Any) -> tuple[Any, list[Detail]]:
    """A JSON value as a model, or what is wrong with it.

    Args:
        model: A pydantic model.
        value: What `parse` gave.
    """
    if value is None:
        return None, [detail_of("missing", ("body",), "Field required", None)]
    try:
        kind: type[BaseModel] = model
        # From attributes only for the wording: a body that is no object is refused as such.
        return kind.model_validate(value, from_attributes=True), []
    except ValidationError as error:
        return None, details_of(error, "body")


def _broken(raw: bytes, error: orjson.JSONDecodeError) -> Detail:
    """Where and why it is not JSON, in the words of Python's own parser when it agrees."""
    place, reason = error.pos, error.msg
    try:
        json.loads(raw)
    except json.JSONDecodeError as worded:
        place, reason = worded.pos, worded.msg
    except (UnicodeDecodeError, RecursionError, ValueError):
        pass
    return detail_of("json_invalid", ("body", place), "JSON decode error", {}, {"error": reason})


def _refused(reason: str) -> Detail:
    return detail_of("value_error", ("body",), f"Value error, {reason}", {}, {"error": reason})


def _deeper(value: Any, levels: int) -> bool:
    """Whether arrays and objects are nested deeper than `levels`, looked at level by level."""
    level = [value]
    for _ in range(levels):
        level = [item for each in level for item in _inside(each) if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
