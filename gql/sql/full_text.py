"""The words of a text in a full-text index: the migration `full_text` makes one for each column.

PostgreSQL has an index GIN on what `indexed_words` writes, and uses it for that very expression
alone. SQLite has a table of FTS5 beside each table, which triggers fill. Both have the organization
as one more word of each text, so that a word is looked for among the texts of one organization,
however many texts of others have it. The column of the organization is compared besides.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, TableClause, Text, column, table
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.types import NullType

from gql.sql.construct import Construct

MOST_INDEXED = 65_536
"""Characters of a text that are indexed: a longer one was written past all checks."""

SEPARATORS = "#&+-./:;<=>?@_~"
"""What PostgreSQL would take for a part of addresses, versions and markup, and FTS5 for a space."""


class indexed_words(Construct[str]):
    """The owner and the words of a text, as PostgreSQL's index has them: of an id and a text.

    No text has a word that begins with `#`.
    """

    type = TSVECTOR()
    postgresql = (
        "(array_to_tsvector(ARRAY['#' || CAST({0} AS text)]) || to_tsvector('simple',"
        f" translate(left({{1}}, {MOST_INDEXED}), '{SEPARATORS}', '{' ' * len(SEPARATORS)}')))"
    )


class words_of_owner(Construct[str]):
    """A query for words in the texts of one owner.

    Takes the owner's id, and the words in the syntax of `to_tsquery` and in that of FTS5
    (https://www.sqlite.org/fts5.html#full_text_query_syntax).
    """

    type = TSQUERY()
    postgresql = (
        "(CAST('''#' || CAST({0} AS text) || '''' AS tsquery) && to_tsquery('simple', {1}))"
    )
    sqlite = "('{{owner}} : \"o' || {0} || '\" AND {{content}} : (' || {1} || ')')"

    def arguments(self, dialect: str) -> Sequence[ColumnElement[Any]]:
        """The owner, and the words in the syntax of the database."""
        owner, tsquery, fts5 = self.clauses
        return owner, tsquery if dialect == "postgresql" else fts5


class has_words(Construct[bool]):
    """Whether indexed words have those of a query."""

    # Not Boolean, as SQLAlchemy would add `= 1` for SQLite.
    type = NullType()
    postgresql = "{0} @@ {1}"
    sqlite = "{0} MATCH {1}"


class _IsRowWithWords(Construct[bool]):
    """The row's id, its words as PostgreSQL indexes them, and a query.

    Attributes:
        words: SQLite's table of the words.
    """

    type = NullType()
    inherit_cache = False
    words = ""

    def template(self, dialect: str) -> str:
        if dialect == "postgresql":
            return "{0} @@ {1}"
        return f"{{0}} IN (SELECT rowid FROM {self.words} WHERE {self.words} MATCH {{1}})"  # noqa: S608 -- the name is ours

    def arguments(self, dialect: str) -> Sequence[ColumnElement[Any]]:
        row_id, indexed, query = self.clauses
        return indexed if dialect == "postgresql" else row_id, query


def is_row_with_words(
    words: str, row_id: ColumnElement[Any], indexed: ColumnElement[Any], query: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Whether the text of a row has the words of a query; SQLite finds all that have them first.

    Args:
        words: SQLite's table of the words.
        row_id: The row's.
        indexed: Its words as PostgreSQL's index has them.
        query: As `words_of_owner` writes it.
    """
    condition = _IsRowWithWords(row_id, indexed, query)
    condition.words = words
    return condition


def word_table(name: str) -> TableClause:
    """SQLite's table of the words of another one; a row has the id of the row that it indexes.

    It is compared with a query by the column that has its name.
    """
    return table(name, column("rowid", Integer), column(name, Text))
