"""Texts that were said or written, searched by their words, in the GraphQL schema."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.domain.messages import MESSAGES, TRANSCRIPTS
from gql.domain.sms import CALL_RECORDS
from gql.domain.text_indexes import TEXT_INDEXES
from gql.engine.connection import PageInfo
from gql.engine.declaration import column, field_of, one
from gql.engine.fields import (
    COMPUTED_PAGE,
    OWN_POINTS,
    SOURCE,
    ConnectionField,
    RankSource,
    SearchSource,
    SnippetSource,
)
from gql.errors import BadInput
from gql.loaders.record_loaders import Page
from gql.loaders.text_search import MatchingText, TextSearchLoader
from gql.query.context import Context
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE
from gql.query.record_list import RecordList
from gql.query.search_words import LONGEST_SEARCH, RANK_UNITS, SearchWords
from gql.query.snippets import mark_snippet
from gql.query.text_indexes import KINDS, SearchedText
from gql.query.text_search import MOST_RANKED, SearchOrderField, SearchRequest, TextSearch
from gql.query.weights import WORDS
from gql.schema.calls import CallRecord
from gql.schema.enums import describe
from gql.schema.inputs.sms import CallRecordFilter
from gql.schema.messages import Message, Transcript

LONGEST_MARK = 20
"""Most characters of what a snippet has around words."""

describe(
    SearchedText,
    "A kind of text that can be searched.",
    MESSAGES="What the customer and the assistant said or wrote, in calls and in SMS.",
    TRANSCRIPTS="What speech-to-text heard in calls, once the words are settled.",
    SUMMARIES="What calls were about.",
)
describe(
    SearchOrderField,
    "How texts that match are sorted.",
    NEWEST="Of each kind those first that came in last; among kinds, what was written last.",
    RANK="Those first that say little else, of the newest"
    f" {MOST_RANKED} texts of each kind that match.",
)

Mark = Annotated[
    str, strawberry.argument(description=f"At most {LONGEST_MARK} characters; may be empty.")
]


def _marks(before: str, after: str) -> tuple[str, str]:
    if max(len(before), len(after)) > LONGEST_MARK:
        raise BadInput(f"`before` and `after` have at most {LONGEST_MARK} characters each.")
    return before, after


def _snippet(root: strawberry.Parent[Any], before: Mark = "**", after: Mark = "**") -> str:
    text: MatchingText = root
    return mark_snippet(text.text, text.words.spans(text.text), *_marks(before, after))


def _rank(root: strawberry.Parent[Any]) -> float:
    text: MatchingText = root
    return text.rank_units / RANK_UNITS


@strawberry.type(description="A text that has the words that were searched for.")
class SearchResult:
    """Resolved from a `MatchingText`."""

    kind: SearchedText = column("What it is.")
    written_at: datetime = column(
        "When it was said or written; of a summary, when the call started."
    )
    snippet: str = field_of(
        "The part of the text around the first words that match, with marks before and after each"
        " match. It is plain text: escape it before it becomes HTML.",
        SnippetSource(_marks),
        _snippet,
    )
    rank: float = field_of(
        "The share of the text's words that match, from 0 to 1.", RankSource(), _rank
    )
    record: CallRecord | None = one(
        "The call or SMS conversation that it is part of.", CALL_RECORDS, "call_id"
    )
    message: Message | None = one("The message, where it is one.", MESSAGES, "message_id")
    transcript: Transcript | None = one(
        "The segment of speech, where it is one.", TRANSCRIPTS, "transcript_id"
    )


class RequestedResults:
    """A page of matching texts; each method reads what its field needs, as `RequestedPage` does."""

    def __init__(self, context: Context, search: TextSearch) -> None:
        self._context, self._search = context, search

    @property
    def page_info(self) -> "RequestedResults":
        return self

    async def page(self) -> Page:
        return await TextSearchLoader.of(self._context).load(self._search)

    async def has_more(self, *, earlier: bool) -> bool:
        """Whether there are matching texts before (`earlier`) or after the page."""
        return not self._search.request.is_first if earlier else (await self.page()).has_more

    async def cursor_at(self, index: int) -> str | None:
        """The cursor of the page's first (0) or last (-1) text."""
        texts = (await self.page()).records
        return texts[index].cursor if texts else None


class _Edge(NamedTuple):
    cursor: str
    node: MatchingText


ResultsParent = strawberry.Parent[RequestedResults]


async def _nodes(root: ResultsParent) -> list[Any]:
    return (await root.page()).records


async def _edges(root: ResultsParent) -> list[Any]:
    return [_Edge(each.cursor, each) for each in (await root.page()).records]


@strawberry.type(description="A text that matches, with its place in the list.")
class SearchResultEdge:
    """Resolved from an `_Edge`."""

    cursor: str = strawberry.field(
        metadata={SOURCE: ConnectionField.CURSOR},
        description="The place of the text: pass it as `after` of the same search.",
    )
    node: SearchResult = strawberry.field(
        metadata={SOURCE: ConnectionField.NODE}, description="The text itself."
    )


@strawberry.type(description="A page of texts that match.")
class SearchResultPage:
    """Resolved from `RequestedResults`. All that match are not counted: that would read them."""

    edges: list[SearchResultEdge] = strawberry.field(
        metadata={SOURCE: ConnectionField.EDGES},
        resolver=_edges,
        description="The texts of this page, each with its cursor.",
    )
    nodes: list[SearchResult] = strawberry.field(
        metadata={SOURCE: ConnectionField.NODES},
        resolver=_nodes,
        description="The texts of this page.",
    )
    page_info: PageInfo = strawberry.field(
        metadata={SOURCE: ConnectionField.PAGE_INFO},
        description="Where this page lies in the list.",
    )


SearchText = Annotated[
    str,
    strawberry.argument(
        description="Words that a text must have, all of them, whatever their case:"
        ' `refund "next friday" deliver*` has a phrase and the beginning of a word.'
        f" Other characters only separate words. At most {LONGEST_SEARCH} characters."
    ),
]
Kinds = Annotated[
    list[SearchedText] | None,
    strawberry.argument(name="in", description="Which kinds of text are searched; all without."),
]
First = Annotated[int | None, strawberry.argument(description=f"The page's size: 0 to {MAX_PAGE}.")]
After = Annotated[
    str | None, strawberry.argument(description="Only texts after the one with this cursor.")
]
By = Annotated[SearchOrderField | None, strawberry.argument(description="How the list is sorted.")]
Records = Annotated[
    CallRecordFilter | None,
    strawberry.argument(description="Whose texts are searched: calls and SMS that pass it."),
]


def _read_arguments(
    text: str,
    kinds: list[SearchedText] | None = UNSET,
    filter: CallRecordFilter | None = UNSET,
    order_by: SearchOrderField | None = UNSET,
    first: int | None = UNSET,
    after: str | None = UNSET,
) -> SearchRequest:
    limit = first if isinstance(first, int) else int(DEFAULT_PAGE)
    if not 0 <= limit <= MAX_PAGE:
        raise BadInput(f"`first` is {limit}, but must be between 0 and {MAX_PAGE}.")
    if kinds is not UNSET and kinds is not None and not kinds:
        raise BadInput("`in` is empty: name a kind of text, or leave it out.")
    return SearchRequest.checked(
        SearchWords.read(text),
        kinds or KINDS,
        filter.conditions() if filter else (),
        order_by or SearchOrderField.NEWEST,
        limit,
        after if isinstance(after, str) else None,
    )


_SOURCE = SearchSource(CALL_RECORDS, TEXT_INDEXES, _read_arguments)


def _search(
    info: Info,
    text: SearchText,
    kinds: Kinds = UNSET,
    filter: Records = UNSET,
    order_by: By = SearchOrderField.NEWEST,
    first: First = DEFAULT_PAGE,
    after: After = UNSET,
) -> SearchResultPage | None:
    request = _read_arguments(text, kinds, filter, order_by, first, after)
    records = RecordList.filtered(CALL_RECORDS, request.filter)
    search = TextSearch(request, records, TEXT_INDEXES)
    results: Any = RequestedResults(info.context, search)
    return results  # type: ignore[no-any-return]


search: Any = strawberry.field(
    resolver=_search,
    description="Finds what was said or written in calls and SMS by its words. Archived"
    " conversations are hidden. Resolvers answer an operation that sorts by RANK.",
    metadata={OWN_POINTS: WORDS.points, SOURCE: _SOURCE, COMPUTED_PAGE: True},
)
"""The root field."""
