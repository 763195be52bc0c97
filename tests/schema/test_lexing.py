"""Tokens are those of graphql-core's own lexer, and a long one takes no longer than a short one."""

import sys
from types import FrameType

import pytest
from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gql.schema.lexer import PatternLexer

_PIECES = (
    # strings, and what ends, escapes or spoils them
    *('"', '""', '"""', '\\"""', "\\", '\\"', "\\/", "\\n", "\\x", "\\u0041", "\\u{1F600}"),
    *("\\ud83d\\ude00", "\\ud800", "\ud83d", "\ude00", "\x00", "\x07"),
    # blanks, and what only looks like one
    *("\n", "\r", "\r\n", " ", "\t", ",", "\ufeff", "\u2028", "\x0b", "\x85"),
    # names, numbers, punctuators, comments
    *("a", "_b9", "é", "\U0001f600", "0", "12", "-", ".", "...", "1.5e3", "e", "E+"),
    *("{", "}", "(", ")", "[", "]", "$", "!", ":", "=", "@", "|", "&", "#", "# c", "'", "?"),
)
_QUOTES = st.sampled_from(["", '"', '"""'])
_TEXTS = st.builds(
    lambda quote, pieces: quote + "".join(pieces) + quote,
    _QUOTES,
    st.lists(st.sampled_from(_PIECES), max_size=24),
)

_LONG = 60_000


def read(lexer: Lexer, most_comments: int | None = None) -> list[tuple[object, ...]]:
    """Every token but for line and column, and the error that ends them."""
    lexer._max_comments = most_comments  # noqa: SLF001 -- as the parser sets it
    tokens: list[tuple[object, ...]] = []
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            token = lexer.token
            tokens.append((token.kind, token.start, token.end, token.value))
    except GraphQLSyntaxError as error:
        tokens.append((error.message, error.positions, error.locations))
    return tokens


@settings(max_examples=2_000)
@given(_TEXTS, st.sampled_from([None, 0, 1, 2]))
@example('"""a\\"""b"""', None)
@example('"\\u00e9\\n\x07"', None)
@example('{ a(b: "c\r\nd") }', None)
def test_tokens_are_those_of_graphql_core(text: str, most_comments: int | None) -> None:
    expected = read(Lexer(Source(text)), most_comments)

    assert read(PatternLexer(Source(text)), most_comments) == expected


@pytest.mark.parametrize(
    "text",
    [
        '"' + "y" * _LONG + '"',
        '"' + "y\\n" * _LONG + '"',
        '"' + "\\u0041" * _LONG + '"',
        '"""' + "y" * _LONG + '"""',
        "# " + "c" * _LONG,
        "a" * _LONG,
        "1" * _LONG,
        " \n" * _LONG,
    ],
    ids=["string", "escapes", "code points", "block", "comment", "name", "number", "blanks"],
)
def test_a_long_token_takes_no_call_for_each_character(text: str) -> None:
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    lexer = PatternLexer(Source(text))
    sys.setprofile(count)
    try:
        read(lexer)
    finally:
        sys.setprofile(None)

    assert calls < 60
