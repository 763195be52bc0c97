"""The responses of the REST door: JSON that Python prints, or that a read has printed.

`orjson` prints an aware UTC `datetime` as `2025-01-19T10:00:00Z`, with a fraction only when it is
not zero, so a response can be a plain dict of a record's values.
"""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from gql.engine.rest_query import RestQuery
from gql.http.entity_tags import REVALIDATED, entity_tag
from gql.http.media_types import JSON


def dumps(value: Any) -> bytes:
    """A value as JSON in UTF-8; instants end in `Z`."""
    try:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)
    except TypeError:
        # A refusal repeats what was sent, and orjson writes no whole number of more than 64 bits.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_response(
    value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON response, for handlers that set a status or headers."""
    return Response(dumps(value), status_code=status, headers=headers, media_type=JSON)


def read_response(query: RestQuery, body: bytes, status: int) -> Response:
    """What a read printed."""
    headers = {"ETag": entity_tag(body), "Cache-Control": REVALIDATED} if query.is_tagged else None
    return Response(body, status_code=status, headers=headers, media_type=JSON)


def rounded(value: float) -> float:
    """A number to two decimals; a whole number has none: 300, not 300.0."""
    short = round(value, 2)
    return int(short) if short == int(short) else short
