"""The newest texts of one kind that have certain words, as a SELECT for each database.

SQLite's FTS5 gives the texts that match from the newest on, so it is read no further than the page.

PostgreSQL's GIN gives all of them, in no order: cheap for words that few texts have, and not for
those that everybody says. Such words soon fill a page where the texts themselves are read from the
newest on, each split into its words anew, which in turn takes seconds for words that nobody said.
So a page is looked for among some of the newest texts, and where these do not fill it, the index is
asked for those before them. Both give ids alone, as what the index finds has to be sorted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Label,
    Select,
    and_,
    func,
    literal_column,
    select,
    union_all,
)

from gql.models.scope import owned
from gql.query.record_list import RecordList
from gql.query.text_indexes import TextIndex
from gql.sql.aliases import alias_of
from gql.sql.full_text import has_words, word_table
from gql.sql.json_sql import literal_text

MOST_READ = 200
"""How many texts are read before the index is asked: about as much work as it has with few."""

Limit = int | BindParameter[int]


@dataclass(frozen=True)
class NewestTexts:
    """Texts of a kind that have certain words, of some conversations.

    Attributes:
        kind: Which, as it is printed.
        index: Where they are.
        records: The conversations.
        query: The words, as `words_query` writes them.
        embedded: Whether the database is SQLite.
    """

    kind: StrEnum
    index: TextIndex
    records: RecordList
    query: ColumnElement[Any]
    embedded: bool

    def rows(self, up_to: Any, most: Limit) -> Select[Any]:
        """The newest of them, from an id down: `kind`, `id`, `call_id`, `text`, `written_at`."""
        if self.embedded:
            return self._by_word_table(up_to, most)
        return self._read_or_by_index(up_to, most)

    def _by_word_table(self, up_to: Any, most: Limit) -> Select[Any]:
        words, table, records = word_table(self.index.words), self._table(), self.records.rows()
        call_id = self._keys(table)[1]
        source = words.join(table, table.c.id == words.c.rowid)
        source = source.join(records.from_clause, records.table.c.id == call_id)
        return (
            select(*self._columns(table, words.c.rowid, call_id))
            .select_from(source)
            .where(*self._conditions(table), *records.conditions)
            .where(has_words(words.c[self.index.words], self.query), words.c.rowid <= up_to)
            .order_by(words.c.rowid.desc())
            .limit(most)
        )

    def _read_or_by_index(self, up_to: Any, most: Limit) -> Select[Any]:
        table = self._table()
        matches = and_(*self._conditions(table), self._has_words(table))
        # Only what bounds the walk is a condition of it: others it would follow through the table.
        walked = (
            select(*self._keys(table), matches.label("matches"))
            .where(owned(table), table.c.id <= up_to)
            .order_by(table.c.id.desc())
            .limit(MOST_READ)
            .cte()
        )
        near = self._of_records(select(walked).where(walked.c.matches).subquery(), most).cte()
        oldest = select(func.min(walked.c.id)).scalar_subquery()
        number = select(func.count()).select_from(near).scalar_subquery()
        # The condition looks at no row, so that the index is not read where it does not hold.
        far = self._of_records(self._by_index(oldest).subquery(), most).where(number < most)
        both = union_all(select(near), select(far.subquery())).subquery()
        newest = select(both).order_by(both.c.id.desc()).limit(most).subquery()
        text = self._table()
        return (
            select(*self._columns(text, newest.c.id, newest.c.call_id))
            .select_from(newest.join(text, and_(owned(text), text.c.id == newest.c.id)))
            .order_by(newest.c.id.desc())
        )

    def _by_index(self, before: ColumnElement[int]) -> Select[Any]:
        """All before an id, sorted.

        Behind an OFFSET, PostgreSQL plans them by themselves: it would else read the texts from the
        newest on, as it takes words that nobody said for some of every two hundred texts. In that
        order it then looks for their conversations, until there are enough.
        """
        table = self._table()
        return (
            select(*self._keys(table))
            .where(*self._conditions(table), self._has_words(table), table.c.id < before)
            .order_by(table.c.id.desc())
            .offset(literal_column("0"))
        )

    def _of_records(self, texts: FromClause, most: Limit) -> Select[Any]:
        """The newest texts of the conversations."""
        records = self.records.rows()
        return (
            select(texts.c.id, texts.c.call_id)
            .select_from(texts.join(records.from_clause, records.table.c.id == texts.c.call_id))
            .where(*records.conditions)
            .order_by(texts.c.id.desc())
            .limit(most)
        )

    def _table(self) -> FromClause:
        resource = self.index.resource or self.records.resource
        return alias_of(resource.table)

    def _conditions(self, table: FromClause) -> Sequence[ColumnElement[bool]]:
        resource = self.index.resource
        return [owned(table)] if resource is None else resource.conditions(table)

    def _has_words(self, table: FromClause) -> ColumnElement[bool]:
        return has_words(self.index.indexed(table), self.query)

    def _keys(self, table: FromClause) -> tuple[Label[Any], Label[Any]]:
        call_id = table.c.id if self.index.resource is None else table.c.call_id
        return table.c.id.label("id"), call_id.label("call_id")

    def _columns(
        self, table: FromClause, row_id: ColumnElement[int], call_id: ColumnElement[int]
    ) -> Iterator[Label[Any]]:
        yield literal_text(self.kind).label("kind")
        yield row_id.label("id")
        yield call_id.label("call_id")
        yield table.c[self.index.column].label("text")
        yield self.index.written_at(table).label("written_at")
