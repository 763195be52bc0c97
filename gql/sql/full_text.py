"""The words of a text in a full-text index: the migration `full_text` makes one for each column.

PostgreSQL has an index GIN on what `indexed_words` writes, and uses it for that very expression
alone. SQLite has a table of FTS5 beside each table, which triggers fill. Both have the organization
as one more word of each text, so that a word is looked for among the texts of one organization,
however many texts of others have it. The column of the organization is compared besides.
"""

from sqlalchemy import Integer, TableClause, Text, column, table
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
    """PostgreSQL's query for an owner, quoted, and for words in the syntax of `to_tsquery`."""

    type = TSQUERY()
    postgresql = "(CAST({0} AS tsquery) && to_tsquery('simple', {1}))"


class has_words(Construct[bool]):
    """Whether indexed words have those of a query."""

    # Not Boolean, as SQLAlchemy would add `= 1` for SQLite.
    type = NullType()
    postgresql = "{0} @@ {1}"
    sqlite = "{0} MATCH {1}"


def word_table(name: str) -> TableClause:
    """SQLite's table of the words of another one; a row has the id of the row that it indexes.

    It is compared with a query by the column that has its name.
    """
    return table(name, column("rowid", Integer), column(name, Text))
