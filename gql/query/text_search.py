"""The SQL of a search: texts that have certain words, merged from the indexes of several kinds.

The texts of each kind are read from the newest id on, as their index has them, and the kinds are
merged: of the texts that are next in their kinds, the one that was written last comes first. So a
page costs what it has, and not what is stored, and a cursor is where each kind has been read to.

That order is the one by the earliest time among a text and those before it in its kind: a text
comes as soon as all before it have, and at once if it is later than the one before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    MetaData,
    Select,
    Table,
    Text,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from gql.models.types import MAX_ID
from gql.query.cursor import NONE
from gql.query.filters import Filter
from gql.query.newest_texts import Limit, NewestTexts
from gql.query.record_list import RecordList
from gql.query.resource import Resource
from gql.query.search_cursor import NEWEST_START, MergePosition, RankPosition, read_position
from gql.query.search_words import SearchWords
from gql.query.text_indexes import KINDS, SearchedText, TextIndex, words_query
from gql.sql.json_sql import concatenated, literal_text

MOST_RANKED = 200
"""How many of the newest texts of each kind are ranked."""

LABELS = ("kind", "id", "call_id", "text", "written_at")
"""What a text that matches has."""

SEARCH_RESULTS = Resource(
    "search_result",
    Table(
        "search_result",
        MetaData(),
        *(Column(label) for label in (*LABELS, "message_id", "transcript_id")),
    ),
)
"""What is printed of a text, as of a record; `MatchingTexts` makes the rows of what is no table."""


class SearchOrderField(StrEnum):
    """How texts that match are sorted."""

    NEWEST = "newest"
    RANK = "rank"


class SearchRequest(NamedTuple):
    """The checked arguments of a search.

    Attributes:
        filter: Of the conversations whose texts are searched.
        limit: Most texts of the page.
        position: What the page comes after.
        is_first: Whether it is the first page.
    """

    words: SearchWords
    kinds: tuple[SearchedText, ...]
    filter: Filter
    limit: int
    position: MergePosition | RankPosition
    is_first: bool

    @classmethod
    def checked(
        cls,
        words: SearchWords,
        kinds: Iterable[SearchedText],
        filter: Filter,
        order: SearchOrderField,
        limit: int,
        after: str | None,
    ) -> "SearchRequest":
        """A search with its cursor read.

        Raises:
            BadCursor: when the cursor is damaged, or of another list.
        """
        position = read_position(after, is_ranked=order is SearchOrderField.RANK, kinds=len(KINDS))
        searched = tuple(kind for kind in KINDS if kind in set(kinds))
        return cls(words, searched, filter, limit, position, after is None)


@dataclass(frozen=True)
class MergeParameters:
    """The numbers of a merged page, with values or still to be filled.

    Attributes:
        limit: Most texts of the page.
        limit_and_one: One more, which tells whether the list goes on.
        up_to: The highest id of each kind that the page may have.
        read: How the cursor before the page writes the id that was read last of each kind.
    """

    limit: Any
    limit_and_one: Any
    up_to: Mapping[SearchedText, Any]
    read: Mapping[SearchedText, Any]

    @classmethod
    def named(cls, prefix: str) -> "MergeParameters":
        """Parameters to be filled with what `merge_values` gives."""

        def parameter(name: str, type_: Any) -> BindParameter[Any]:
            return BindParameter(f"{prefix}_{name}", type_=type_, required=True)

        return cls(
            parameter("limit", BigInteger()),
            parameter("limit_and_one", BigInteger()),
            {kind: parameter(f"up_to_{kind}", BigInteger()) for kind in KINDS},
            {kind: parameter(f"read_{kind}", Text()) for kind in KINDS},
        )

    @classmethod
    def of(cls, limit: int, position: MergePosition) -> "MergeParameters":
        """The values themselves."""
        values = merge_values("", limit, position)
        return cls(
            limit,
            limit + 1,
            {kind: values[f"_up_to_{kind}"] for kind in KINDS},
            {kind: literal(values[f"_read_{kind}"], Text) for kind in KINDS},
        )


def merge_values(prefix: str, limit: int, position: MergePosition) -> dict[str, Any]:
    """The values of `MergeParameters` by the names of the parameters."""
    values: dict[str, Any] = {f"{prefix}_limit": limit, f"{prefix}_limit_and_one": limit + 1}
    for kind, last in zip(KINDS, position, strict=True):
        values[f"{prefix}_up_to_{kind}"] = last - 1 if last else MAX_ID
        values[f"{prefix}_read_{kind}"] = str(last) if last else NONE
    return values


@dataclass(frozen=True)
class MatchingTexts:
    """Texts of some conversations that have certain words.

    Attributes:
        indexes: Where the texts of each kind are.
        kinds: Those that are searched.
        records: The conversations.
        query: The words, as `words_query` writes them.
        embedded: Whether the database is SQLite.
    """

    indexes: Mapping[SearchedText, TextIndex]
    kinds: tuple[SearchedText, ...]
    records: RecordList
    query: ColumnElement[Any]
    embedded: bool

    def ranked(self) -> Select[Any]:
        """The newest texts of each kind, from which a ranked list is made."""
        parts = [self._newest(kind, MAX_ID, MOST_RANKED).subquery() for kind in self.kinds]
        every = union_all(*(select(*part.c) for part in parts)).subquery()
        return select(*every.c)

    def page(self, numbers: MergeParameters) -> Select[Any]:
        """A page in its order: the labels of `SEARCH_RESULTS`, `position`, from 1, and `cursor`.

        It has one text more than the limit where the list goes on.
        """
        parts = [self._in_merge_order(kind, numbers) for kind in self.kinds]
        every = union_all(*parts).subquery()
        order = (every.c.earliest.desc(), every.c.kind_number, every.c.id.desc())
        read = [
            func.min(case((every.c.kind == literal_text(kind), every.c.id))).over(order_by=order)
            for kind in KINDS
        ]
        cursor: list[Any] = [NEWEST_START]
        for kind, last in zip(KINDS, read, strict=True):
            cursor += ["~", func.coalesce(cast(last, Text), numbers.read[kind])]
        ids = {
            label: case((every.c.kind == literal_text(kind), every.c.id)).label(label)
            for label, kind in (
                ("message_id", SearchedText.MESSAGES),
                ("transcript_id", SearchedText.TRANSCRIPTS),
            )
        }
        merged = select(
            *(every.c[label] for label in LABELS),
            *ids.values(),
            func.row_number().over(order_by=order).label("position"),
            concatenated(cursor).label("cursor"),
        ).subquery()
        page = select(*merged.c).where(merged.c.position <= numbers.limit_and_one)
        return page.order_by(merged.c.position)

    def _in_merge_order(self, kind: SearchedText, numbers: MergeParameters) -> Select[Any]:
        """The newest texts of a kind, with what the order of all kinds is made of."""
        rows = self._newest(kind, numbers.up_to[kind], numbers.limit_and_one).subquery()
        earliest = func.min(rows.c.written_at).over(order_by=rows.c.id.desc())
        kind_number: ColumnElement[int] = literal_column(str(KINDS.index(kind)))
        return select(*rows.c, earliest.label("earliest"), kind_number.label("kind_number"))

    def _newest(self, kind: SearchedText, up_to: Any, most: Limit) -> Select[Any]:
        """The newest texts of a kind, from an id down."""
        index = self.indexes[kind]
        texts = NewestTexts(kind, index, self.records, self.query, self.embedded)
        return texts.rows(up_to, most)


@dataclass(frozen=True)
class TextSearch:
    """A checked search with where it searches.

    Attributes:
        indexes: Where the texts of each kind are.
        records: The conversations whose texts are searched.
    """

    request: SearchRequest
    records: RecordList
    indexes: Mapping[SearchedText, TextIndex] = field(compare=False, repr=False)

    def statement(self, *, embedded: bool) -> Select[Any]:
        """The texts of the page and one more, with `position` and `cursor`.

        By rank in their place the texts that are ranked.
        """
        words, kinds = self.request.words, self.request.kinds
        query = words_query(literal(words.tsquery), literal(words.fts5))
        texts = MatchingTexts(self.indexes, kinds, self.records, query, embedded)
        position = self.request.position
        if isinstance(position, RankPosition):
            return texts.ranked()
        return texts.page(MergeParameters.of(self.request.limit, position))
