"""Strict JSON: turns bytes from outside into values, or says what is wrong with them.

`orjson` is strict about syntax: it refuses invalid UTF-8, lone surrogates, NaN, Infinity and
numbers that overflow. Two checks stand beside it, for what it lets through and the gateway cannot
use: deep nesting and long numbers, in one linear scan of the text, and NUL characters, which
PostgreSQL cannot store. Each door makes the checks in its own order and words the errors.
"""

# ruff: noqa: N818 -- facts about a text, and named as such

import json
import re
from typing import Any

import orjson


class JsonError(ValueError):
    """Why some bytes are not JSON that the gateway takes."""


class NotJson(JsonError):
    """The text does not follow the grammar of JSON.

    Attributes:
        position: The character at which that shows.
        reason: In the parser's words.
    """

    def __init__(self, error: orjson.JSONDecodeError) -> None:
        super().__init__(str(error))
        self.position = error.pos
        self.reason = error.msg


class TooDeep(JsonError):
    """Arrays and objects are nested deeper than the limit."""


class NumberTooLong(JsonError):
    """A number has more digits than the limit."""


class HasNul(JsonError):
    """A string or a key has a NUL character."""


_LONG = 19
"""From so many digits on a whole number may have more than 64 bits."""

_MAY_BE_LONG_INTEGER = re.compile(rb"[0-9]{%d}" % _LONG)


def decode_json(raw: bytes) -> Any:
    """The value; whole numbers have all of their digits.

    `orjson` rounds those of more than 64 bits to doubles, without a word. Python's own parser reads
    them as they are, so whoever cannot store one sees it and can refuse it.

    Raises:
        NotJson: when the text does not follow the grammar.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotJson(error) from None
    if not (_has_number_characters(raw, _LONG) and _MAY_BE_LONG_INTEGER.search(raw)):
        return value
    try:
        return json.loads(raw)
    except RecursionError:  # deeper than any door lets in: `check_shape` refuses it
        return value


# Each alternative matches what it begins, even an unterminated string, and never backtracks
# (possessive quantifiers), so that the scan is linear for hostile bodies too.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]|[-+.0-9eE]++', re.DOTALL)


def check_shape(raw: bytes, *, max_depth: int, max_number_digits: int | None = None) -> None:
    """Check nesting and the length of numbers in a text, which need not be JSON.

    Raises:
        TooDeep: when arrays and objects are nested deeper than `max_depth` levels.
        NumberTooLong: when a number has more than `max_number_digits` characters.
    """
    few_brackets = raw.count(b"{") + raw.count(b"[") <= max_depth
    if few_brackets and not _may_have_long_number(raw, max_number_digits):
        return
    depth = 0
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > max_depth:
                raise TooDeep
        elif token in b"]}":
            depth -= 1
        elif token[0] != ord('"') and max_number_digits and len(token) > max_number_digits:
            raise NumberTooLong


def check_strings(raw: bytes, value: Any) -> None:
    """Check a text's value for NUL characters, if the text has an escape that may be one.

    Raises:
        HasNul: when there is one.
    """
    if b"\\u0000" in raw and _has_nul(value):
        raise HasNul


def _may_have_long_number(raw: bytes, max_digits: int | None) -> bool:
    """Whether the text has a longer run of number characters, if only in a string."""
    return max_digits is not None and _has_number_characters(raw, max_digits + 1)


_NUMBER_CHARACTERS = bytes(
    ord("0") if chr(byte) in "-+.0123456789eE" else ord(" ") for byte in range(256)
)
"""Makes each character that a number may have a zero, and any other a space."""


def _has_number_characters(raw: bytes, number: int) -> bool:
    """Whether so many of them follow each other; an eighth of the time of a regular expression."""
    return b"0" * number in raw.translate(_NUMBER_CHARACTERS)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
