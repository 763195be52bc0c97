"""The loader of searches for texts by their words, and what is worked out of a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from gql.loaders.loader import OneByOneLoader, loader_of
from gql.loaders.record_loaders import Page
from gql.query.context import Context
from gql.query.search_cursor import RankPosition
from gql.query.search_words import SearchWords
from gql.query.text_indexes import KINDS, SearchedText
from gql.query.text_search import LABELS, TextSearch
from gql.steps import in_steps, pause_if_long


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
    def rank_units(self) -> int:
        pause_if_long()
        return self.words.rank_units(self.text)

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


class TextSearchLoader(OneByOneLoader[TextSearch, Page]):
    """Pages of matching texts.

    Key: the search. Value: its page. Statement: one for each key.
    """

    @classmethod
    def of(cls, context: Context) -> "TextSearchLoader":
        return loader_of(context, cls)

    async def read(self, key: TextSearch) -> Page:
        rows = await self._rows(key.statement(embedded=self._context.snapshot.embedded))
        return await in_steps(_page, key, rows)


def _page(search: TextSearch, rows: Sequence[Any]) -> Page:
    limit, after = search.request.limit, search.request.position
    texts = [_matching_text(search, row) for row in rows]
    if isinstance(after, RankPosition):
        texts = sorted(
            (each for each in texts if each.rank_position > after),
            key=lambda each: each.rank_position,
        )
        for each in texts:
            each.cursor = each.rank_position.write()
    return Page(texts[:limit], has_more=len(texts) > limit)


def _matching_text(search: TextSearch, row: Any) -> MatchingText:
    kind, row_id, call_id, text, written_at = row[: len(LABELS)]
    cursor = getattr(row, "cursor", "")
    words = search.request.words
    return MatchingText(SearchedText(kind), row_id, call_id, text, written_at, words, cursor)
