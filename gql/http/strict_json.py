"""The guard: bytes from outside become JSON values here, or a clear refusal.

`orjson` parses strictly: it refuses invalid UTF-8, lone surrogates, NaN, Infinity and numbers that
overflow. What it lets through and the gateway cannot use is refused around it: deep nesting and
long numbers before parsing, in one linear scan, and NUL characters (PostgreSQL stores none) after.
"""

import re
from typing import Any

import orjson

from gql.errors import BadRequest
from gql.settings import Settings

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]|[-+.0-9eE]++', re.DOTALL)
"""A string, a bracket or a run of number characters.

Every alternative matches what it begins, even an unterminated string, and never backtracks, so that
the scan is linear for hostile bodies too.
"""

_ESCAPED_NUL = b"\\u0000"


def load_json(raw: bytes, settings: Settings, *, what: str) -> Any:
    """The JSON value in `raw`.

    Args:
        raw: As it came over the wire.
        settings: For the limits on nesting and numbers.
        what: The subject of an error message: `The body`.

    Raises:
        BadRequest: when it is not JSON, is over a limit, or has a NUL character in a string.
    """
    _check_shape(raw, settings, what=what)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"{what} is not JSON: {error}.") from None
    if _ESCAPED_NUL in raw and _has_nul(value):
        raise BadRequest(f"{what} has a NUL character (\\u0000) in a string; leave it out.")
    return value


def _check_shape(raw: bytes, settings: Settings, *, what: str) -> None:
    """Refuse what is nested too deeply or has too long a number."""
    few_brackets = raw.count(b"{") + raw.count(b"[") <= settings.max_json_depth
    if few_brackets and not _long_run(settings.max_number_digits).search(raw):
        return
    depth = 0
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > settings.max_json_depth:
                raise BadRequest(f"{what} is nested deeper than {settings.max_json_depth} levels.")
        elif token in b"]}":
            depth -= 1
        elif token[0] != ord('"') and len(token) > settings.max_number_digits:
            most = settings.max_number_digits
            raise BadRequest(f"{what} has a number of more than {most} digits; send a string.")


def _long_run(digits: int) -> re.Pattern[bytes]:
    """Finds what may be a number of more than `digits` digits, looking at each run once."""
    return re.compile(rb"(?<![-+.0-9eE])[-+.0-9eE]{%d}" % (digits + 1))


def _has_nul(value: Any) -> bool:
    """Whether any string or key in a JSON value holds a NUL character."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
