"""What somebody searches texts for: words, phrases, and words by their beginnings.

All of them must be in a text, in any order: `refund "next friday" deliver*`. Whatever is neither a
letter nor a digit only separates words, so no text that is typed is an error of syntax: `don't` is
the phrase of `don` and `t`, as the indexes have it.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from gql.errors import BadInput

LONGEST_SEARCH = 200
"""Most characters of what is searched for."""

RANK_UNITS = 10_000
"""Of which a rank of 1 has so many."""

_PART = re.compile(r'"([^"]*)"(\*?)|([^\s"]+)')
_NO_LETTERS = re.compile(r"[\x00-/:-@\[-`{-\x7f\s\ud800-\udfff]+")
"""ASCII without letters and digits, spaces, and halves of characters."""

_WORD = re.compile(r"[^\W_]+")
_GAP = r"[\W_]+"
_BEGIN, _END, _REST = r"(?<![^\W_])", r"(?![^\W_])", r"[^\W_]*"


@dataclass(frozen=True)
class Phrase:
    """Words that stand side by side; a single word is one too.

    Attributes:
        words: One or more, without punctuation of ASCII.
        is_prefix: Whether the last one may go on.
    """

    words: tuple[str, ...]
    is_prefix: bool

    @property
    def pattern(self) -> str:
        """A regular expression that matches it in a text."""
        words = _GAP.join(map(re.escape, self.words))
        return f"{_BEGIN}{words}{_REST if self.is_prefix else _END}"


@dataclass(frozen=True)
class SearchWords:
    """Phrases that a text must have, all of them."""

    phrases: tuple[Phrase, ...]

    @classmethod
    def read(cls, text: str, *, name: str = "text") -> "SearchWords":
        """What a text asks for.

        Args:
            text: What was typed.
            name: What an error calls it.

        Raises:
            BadInput: when it is too long, or has no word.
        """
        if len(text) > LONGEST_SEARCH:
            raise BadInput(
                f"`{name}` has {len(text)} characters, but may have at most {LONGEST_SEARCH}.",
                most=LONGEST_SEARCH,
            )
        phrases = []
        for quoted, star, plain in _PART.findall(text):
            words = tuple(
                word for word in _NO_LETTERS.split(quoted or plain) if any(map(str.isalnum, word))
            )
            if words:
                phrases.append(Phrase(words, bool(star) or plain.endswith("*")))
        if not phrases:
            raise BadInput(f"`{name}` has no word: give letters or digits to search for.")
        return cls(tuple(phrases))

    @cached_property
    def fts5(self) -> str:
        """The query in the syntax of https://www.sqlite.org/fts5.html#full_text_query_syntax."""
        return " AND ".join(
            f'"{" ".join(phrase.words)}"{" *" if phrase.is_prefix else ""}'
            for phrase in self.phrases
        )

    @cached_property
    def tsquery(self) -> str:
        """The query in the syntax of PostgreSQL's `to_tsquery`; words have no quotes inside."""
        return " & ".join(
            "("
            + " <-> ".join(f"'{word}'" for word in phrase.words)
            + (":*)" if phrase.is_prefix else ")")
            for phrase in self.phrases
        )

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where they are in a text: beginnings and ends, in order, none over another."""
        return [match.span() for match in self._pattern.finditer(text)]

    def rank_units(self, text: str) -> int:
        """The share of a text's words that are searched for, in `RANK_UNITS`."""
        matching = sum(count_words(text[start:end]) for start, end in self.spans(text))
        return matching * RANK_UNITS // max(count_words(text), 1)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted((phrase.pattern for phrase in self.phrases), key=len, reverse=True)
        return re.compile("|".join(longest_first), re.IGNORECASE)


def count_words(text: str) -> int:
    """How many words a text has."""
    return sum(1 for _ in _WORD.finditer(text))
