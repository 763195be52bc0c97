"""Cursors of a search: `1~search~newest~57~-~12`, or `1~search~rank~2500~0~57`.

The first form has the id that was read last of each kind of text, in the order of `SearchedText`;
the second the rank of a text, its kind and its id. As other cursors, they name what their holder
has seen, and are never trusted: see `gql/query/cursor.py`.
"""

from typing import NamedTuple

from gql.errors import BadCursor
from gql.models.types import MAX_ID
from gql.query.cursor import NONE, VERSION

_LIST = "search"
_NEWEST, _RANK = "newest", "rank"
NEWEST_START = f"{VERSION}~{_LIST}~{_NEWEST}"
"""What a cursor of the first form begins with: statements write the ids behind it."""

_DAMAGED = "The cursor is damaged; use one from `pageInfo` or `edges` as it is."


class MergePosition(tuple[int, ...]):
    """The id that was read last of each kind; 0 where none was."""

    __slots__ = ()


class RankPosition(NamedTuple):
    """The place of a text in a list by rank: sorted by these numbers, smallest first."""

    negative_rank: int
    kind: int
    negative_id: int

    def write(self) -> str:
        numbers = map(str, (-self.negative_rank, self.kind, -self.negative_id))
        return "~".join((VERSION, _LIST, _RANK, *numbers))


_FIRST_BY_RANK = RankPosition(-MAX_ID, -1, 0)


def read_position(
    cursor: str | None, *, is_ranked: bool, kinds: int
) -> MergePosition | RankPosition:
    """What a page comes after; the start of the list without a cursor.

    Raises:
        BadCursor: when it is damaged, or of another list or order.
    """
    if cursor is None:
        return _FIRST_BY_RANK if is_ranked else MergePosition((0,) * kinds)
    order = _RANK if is_ranked else _NEWEST
    *expected, first, second, third = [*cursor.split("~"), *("",) * 6][:6]
    if cursor.count("~") != 5:  # noqa: PLR2004 -- three parts and three numbers
        raise BadCursor(_DAMAGED)
    if expected != [VERSION, _LIST, order]:
        raise BadCursor("The cursor belongs to another list or order; start again without it.")
    if not is_ranked:
        return MergePosition(map(_number, (first, second, third)))
    rank, kind, row_id = map(_number, (first, second, third))
    return RankPosition(-rank, kind, -row_id)


def _number(text: str) -> int:
    if text == NONE:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MAX_ID)):
        raise BadCursor(_DAMAGED)
    number = int(text)
    if str(number) != text or number > MAX_ID:
        raise BadCursor(_DAMAGED)
    return number
