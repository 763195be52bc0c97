"""Texts that were said or written, searched by their words.

Each kind of text has an index of its own, which is read from the newest id on; the kinds are merged
as they are read. So a page costs what it has, and not what is stored, and a cursor is where each
kind has been read to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from heapq import merge
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, case, func, literal, select, union_all

from gql.domain.messages import SMS_MESSAGES, TRANSCRIPTS
from gql.domain.search_cursor import MergePosition, RankPosition, read_position
from gql.loaders.loader import OneByOneLoader, loader_of
from gql.loaders.record_loaders import Page
from gql.models.enums import Role
from gql.query.context import Context
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import Resource
from gql.query.search_words import SearchWords, count_words
from gql.sql.aliases import alias_of
from gql.sql.full_text import has_words, indexed_words, word_table, words_of_owner
from gql.sql.json_sql import literal_text
from gql.steps import in_steps, pause_if_long

MOST_RANKED = 200
"""How many of the newest texts of each kind are ranked."""

_RANK_UNITS = 10_000


class SearchedText(StrEnum):
    """A kind of text that can be searched."""

    MESSAGES = "messages"
    TRANSCRIPTS = "transcripts"
    SUMMARIES = "summaries"


class SearchOrderField(StrEnum):
    """How texts that match are sorted."""

    NEWEST = "newest"
    RANK = "rank"


KINDS = tuple(SearchedText)


_FINAL_TRANSCRIPTS = replace(TRANSCRIPTS, visible=lambda segment: (segment.c.is_final,))
"""Without what speech-to-text took back later."""


@dataclass(frozen=True)
class _Index:
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


def _spoken(message: FromClause) -> ColumnElement[Any]:
    """Neither the system prompt, which every conversation repeats, nor what tools answer."""
    role = message.c.role
    is_spoken = (role == literal_text(Role.USER)) | (role == literal_text(Role.ASSISTANT))
    return case((is_spoken, message.c.content))


_INDEXES = {
    SearchedText.MESSAGES: _Index(
        SMS_MESSAGES,
        "content",
        _spoken,
        lambda message: func.coalesce(message.c.occurred_at, message.c.timestamp),
        "chat_message_words",
    ),
    SearchedText.TRANSCRIPTS: _Index(
        _FINAL_TRANSCRIPTS,
        "content",
        lambda segment: segment.c.content,
        lambda segment: func.coalesce(segment.c.occurred_at, segment.c.created_at),
        "transcript_words",
    ),
    SearchedText.SUMMARIES: _Index(
        None, "summary", lambda call: call.c.summary, lambda call: call.c.started_at, "call_words"
    ),
}


@dataclass(eq=False)
class MatchingText:
    """A text that has the words that are searched for.

    Attributes:
        id: Of the message, the segment of speech, or the call.
        call_id: Of the conversation.
        cursor: Its place in the list that it is in.
    """

    kind: SearchedText
    id: int
    call_id: int
    text: str
    written_at: datetime
    words: SearchWords
    cursor: str = ""

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where the words are in the text."""
        return self.words.spans(self.text)

    @cached_property
    def rank_units(self) -> int:
        """The share of the text's words that are searched for, in ten-thousandths."""
        pause_if_long()
        matching = sum(count_words(self.text[start:end]) for start, end in self.spans)
        return matching * _RANK_UNITS // max(count_words(self.text), 1)

    @property
    def rank(self) -> float:
        return self.rank_units / _RANK_UNITS

    @property
    def message_id(self) -> int | None:
        return self.id if self.kind is SearchedText.MESSAGES else None

    @property
    def transcript_id(self) -> int | None:
        return self.id if self.kind is SearchedText.TRANSCRIPTS else None

    @property
    def rank_position(self) -> RankPosition:
        """Its place in a list by rank: ties are broken by kind, then the newest come first."""
        return RankPosition(-self.rank_units, KINDS.index(self.kind), -self.id)


class TextSearch(NamedTuple):
    """A checked search.

    Attributes:
        records: The conversations whose texts are searched.
        position: What the page comes after.
    """

    words: SearchWords
    kinds: tuple[SearchedText, ...]
    records: RecordList
    limit: int
    position: MergePosition | RankPosition

    @classmethod
    def checked(
        cls,
        words: SearchWords,
        kinds: Iterable[SearchedText],
        records: RecordList,
        order: SearchOrderField,
        limit: int,
        after: str | None,
    ) -> "TextSearch":
        """A search with its cursor read.

        Raises:
            BadCursor: when the cursor is damaged, or of another list.
        """
        position = read_position(after, is_ranked=order is SearchOrderField.RANK, kinds=len(KINDS))
        return cls(words, tuple(dict.fromkeys(kinds)), records, limit, position)

    def statement(self, organization_id: int, *, embedded: bool) -> Select[Any]:
        """The newest matching texts of each kind, as many as a page may need."""
        parts = []
        for kind in self.kinds:
            rows = _newest(self, kind, organization_id, embedded=embedded).subquery()
            parts.append(select(*rows.c))
        every = union_all(*parts).subquery()
        return select(*every.c)


def _newest(
    search: TextSearch, kind: SearchedText, organization_id: int, *, embedded: bool
) -> Select[Any]:
    """The newest matching texts of a kind that a page may need."""
    index, calls = _INDEXES[kind], search.records.rows()
    texts = calls if index.resource is None else _texts_of(index.resource, calls)
    table = texts.table
    if embedded:
        words = word_table(index.words)
        query = f'{{owner}} : "o{organization_id}" AND {{content}} : ({search.words.fts5})'
        row_id: ColumnElement[int] = words.c.rowid
        source: FromClause = words.join(texts.from_clause, table.c.id == row_id)
        condition = has_words(words.c[index.words], literal(query))
    else:
        row_id, source = table.c.id, texts.from_clause
        condition = has_words(
            indexed_words(table.c.organization_id, index.text(table)),
            words_of_owner(literal(f"'#{organization_id}'"), literal(search.words.tsquery)),
        )
    rows = (
        select(
            literal_text(kind).label("kind"),
            row_id.label("id"),
            calls.table.c.id.label("call_id"),
            table.c[index.column].label("text"),
            index.written_at(table).label("written_at"),
        )
        .select_from(source)
        .where(*texts.conditions, condition)
        .order_by(row_id.desc())
    )
    if isinstance(search.position, RankPosition):
        return rows.limit(MOST_RANKED)
    last = search.position[KINDS.index(kind)]
    return (rows.where(row_id < last) if last else rows).limit(search.limit + 1)


def _texts_of(resource: Resource, calls: RowSource) -> RowSource:
    """The rows of texts, joined to their conversations."""
    table = alias_of(resource.table)
    source = calls.from_clause.join(table, table.c.call_id == calls.table.c.id)
    return RowSource(resource, table, source, [*calls.conditions, *resource.conditions(table)])


class TextSearchLoader(OneByOneLoader[TextSearch, Page]):
    """Pages of matching texts.

    Key: the search. Value: its page. Statement: one for each key.
    """

    @classmethod
    def of(cls, context: Context) -> "TextSearchLoader":
        return loader_of(context, cls)

    async def read(self, key: TextSearch) -> Page:
        context = self._context
        statement = key.statement(context.organization_id, embedded=context.snapshot.embedded)
        rows = await self._rows(statement)
        return await in_steps(_page, key, rows)


def _page(search: TextSearch, rows: Sequence[Any]) -> Page:
    texts = [
        MatchingText(SearchedText(kind), row_id, call_id, text, written_at, search.words)
        for kind, row_id, call_id, text, written_at in rows
    ]
    if isinstance(search.position, RankPosition):
        after = search.position
        behind = sorted(
            (each for each in texts if each.rank_position > after),
            key=lambda each: each.rank_position,
        )
        for each in behind:
            each.cursor = each.rank_position.write()
        listed = behind
    else:
        listed = list(_merged(texts, search.position))
    return Page(listed[: search.limit], has_more=len(listed) > search.limit)


def _merged(texts: Iterable[MatchingText], start: MergePosition) -> Iterator[MatchingText]:
    """Texts of all kinds: of those that are next in their kinds, the newest comes first."""
    by_kind: Mapping[SearchedText, list[MatchingText]] = {kind: [] for kind in KINDS}
    for each in texts:
        by_kind[each.kind].append(each)
    for kind in KINDS:
        by_kind[kind].sort(key=lambda each: -each.id)
    position = start
    for each in merge(*by_kind.values(), key=lambda each: each.written_at, reverse=True):
        position = position.after(KINDS.index(each.kind), each.id)
        each.cursor = position.write()
        yield each
