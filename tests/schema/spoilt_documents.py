"""Documents with a few tokens changed: most are invalid, some in ways that nobody thinks of.

`python -m tests.schema.spoilt_documents 50000 SEED` holds so many to the rules.
"""

import random
import sys

from graphql import GraphQLError, Lexer, Source, TokenKind, parse

_WORDS = [
    "id",
    "name",
    "nodes",
    "calls",
    "totalCount",
    "first",
    "filter",
    "$id",
    "$first",
    "Int",
    "ID!",
    "String",
    "Call",
    "Graph",
    "Node",
    "Query",
    "null",
    "1",
    '"a"',
    "true",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    ":",
    "!",
    "@skip(if:true)",
    "@include(if:$with)",
    "...A",
    "...Ids",
    "__typename",
    "COMPLETED",
]
"""What is put in, beside tokens of the document itself."""

_MOST_CHANGES = 3


def spoilt(text: str, pick: random.Random) -> str | None:
    """The document with one to three tokens changed; None where that is no document any more."""
    tokens = _tokens(text)
    for _ in range(pick.randint(1, _MOST_CHANGES)):
        position = pick.randrange(len(tokens))
        other = pick.choice([*_WORDS, *tokens])
        change = pick.randrange(4)
        if change == 0:
            tokens[position] = other
        elif change == 1:
            tokens.insert(position, other)
        elif change == 2:
            del tokens[position]
        else:
            length = pick.randint(1, 8)
            tokens[position:position] = tokens[position : position + length]
        if not tokens:
            return None
    changed = " ".join(tokens)
    try:
        parse(changed)
    except GraphQLError:
        return None
    return changed


def _tokens(text: str) -> list[str]:
    lexer = Lexer(Source(text))
    tokens = []
    while (token := lexer.advance()).kind != TokenKind.EOF:
        tokens.append(text[token.start : token.end])
    return tokens


if __name__ == "__main__":
    from tests.schema.test_plain_validity import _accepted, _errors

    _, number, seed = sys.argv
    accepted = _accepted(int(number), int(seed))
    wrong = [text for text in accepted if _errors(text)]
    print(  # noqa: T201
        f"{len(accepted)} accepted of {number}, {len(wrong)} of them invalid", *wrong[:3], sep="\n"
    )
