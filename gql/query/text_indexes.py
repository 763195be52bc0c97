"""Full-text indexes of what was said and written, and the conditions that are answered from them.

Which columns are indexed says `gql/domain/text_indexes.py`; how the words are stored says
`gql/sql/full_text.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, select, union_all

from gql.models.scope import organization
from gql.query.filters import Criterion
from gql.query.resource import Resource
from gql.query.search_words import SearchWords
from gql.query.weights import WORDS, Weight
from gql.sql.aliases import alias_of
from gql.sql.full_text import indexed_words, is_row_with_words, words_of_owner
from gql.sql.keys import is_selected


class SearchedText(StrEnum):
    """A kind of text that can be searched."""

    MESSAGES = "messages"
    TRANSCRIPTS = "transcripts"
    SUMMARIES = "summaries"


KINDS = tuple(SearchedText)
"""In this order cursors have them, and come what was written at one instant."""


@dataclass(frozen=True)
class TextIndex:
    """Where the texts of a kind are.

    Attributes:
        resource: Their rows; None where these are the conversations themselves.
        column: The text.
        text: The text as it is indexed, NULL of rows that are not.
        written_at: When it was written.
        words: SQLite's table of their words.
    """

    resource: Resource | None
    column: str
    text: Callable[[FromClause], ColumnElement[Any]]
    written_at: Callable[[FromClause], ColumnElement[Any]]
    words: str

    def indexed(self, table: FromClause) -> ColumnElement[Any]:
        """What PostgreSQL's index has of a row."""
        return indexed_words(table.c.organization_id, self.text(table))


def words_query(tsquery: Any, fts5: Any) -> ColumnElement[Any]:
    """The query for words that the organization's texts have, in the syntax of each database."""
    return words_of_owner(organization(), tsquery, fts5)


@dataclass(frozen=True)
class SpokenWords(Criterion):
    """A criterion on the words of what was said or written in a conversation.

    A conversation passes when one of its texts has all of the words, as `search` finds it.

    Attributes:
        name: What an error calls the filter.
        indexes: The kinds of text that are searched, each in rows with a `call_id`.
    """

    name: str
    indexes: Mapping[SearchedText, TextIndex] = field(repr=False, hash=False)

    comparators = frozenset({"contains"})

    def lookup(self, _comparator: str) -> Weight:
        return WORDS

    def prepare(self, comparator: str, value: Any) -> tuple[Any, ...]:
        words = SearchWords.read(value, name=f"{self.name}.{comparator}")
        return words.tsquery, words.fts5

    def condition(self, table: FromClause, _comparator: str, *values: Any) -> ColumnElement[bool]:
        query = words_query(*values)
        texts = []
        for index in self.indexes.values():
            assert index.resource is not None  # noqa: S101, as `indexes` says
            row = alias_of(index.resource.table)
            matches = is_row_with_words(index.words, row.c.id, index.indexed(row), query)
            conditions = index.resource.conditions(row)
            texts.append(select(row.c.call_id).where(*conditions, matches))
        return is_selected(table.c.id, union_all(*texts))
