"""The responses of the REST door: JSON that Python prints, or that a read has printed.

`orjson` prints an aware UTC `datetime` as `2025-01-19T10:00:00Z`, with a fraction only when it is
not zero, so a response can be a plain dict of a record's values.
"""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from gql.http.entity_tags import REVALIDATED, entity_tag_of_read
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


async def read_response(body: bytes, status: int, version: str | None = None) -> Response:
    """What a read printed, which its caller may keep.

    Args:
        body: JSON.
        status: Of the answer.
        version: Of what it was made of, where that has one.
    """
    tag = await entity_tag_of_read(body, version)
    headers = {"ETag": tag, "Cache-Control": REVALIDATED}
    return Response(body, status_code=status, headers=headers, media_type=JSON)


def not_modified(tag: str) -> Response:
    """What says that the client has the answer already, under this tag."""
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": REVALIDATED})


def rounded(value: float) -> float:
    """A number to two decimals; a whole number has none: 300, not 300.0."""
    short = round(value, 2)
    return int(short) if short == int(short) else short
