"""How long an answer may get, and SQL that fails as soon as its text gets longer.

A short document can print one long text ten thousand times. SQLite refuses values beyond a length
by itself, on connections that are told to. PostgreSQL has no such setting: there the statement
compares the length of its whole value, which costs next to nothing, so that nothing longer reaches
the gateway. But the server has built the value by then, and takes seven times its length while it
does. So a list whose rows may be too long together also keeps a running sum, and fails at the first
row that is too much: 53 MB at most in place of 1,362 MB for an answer of 200 MB. The sum costs some
percent, and is left out where the lengths that columns are bounded to rule it out.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, FromClause, func, literal_column, select

from gql.engine.fields import (
    ColumnSource,
    ConnectionField,
    CostReportField,
    GlobalLookupSource,
    JoinedSource,
    JsonPathSource,
    ManySource,
    PageSource,
    RankSource,
    SnippetSource,
    UnionSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.models.types import LONGEST_TEXT, longest_of
from gql.query.cost_groups import MAX_GROUPS
from gql.query.paging import MAX_PAGE
from gql.query.resource import Resource
from gql.sql.json_sql import fail_beyond

OTHER_BYTES = 100
"""More than anything else prints that is neither text nor JSON, a cursor among it."""


def most_bytes(node: PlanNode, resource: Resource | None) -> int:
    """About how many bytes a field prints at most, with full pages and lists of their usual length.

    A text may be longer in UTF-8 and with escapes: the bytes of an answer are counted anyway.

    Args:
        node: The field.
        resource: Whose record it is a field of; None at the root.
    """
    match node.source:
        case ColumnSource(label=label):
            return _most_in(label, resource)
        case JoinedSource(other, value=ColumnSource(label=label)):
            return _most_in(label, other)
        case JsonPathSource() | SnippetSource() | RankSource():
            return LONGEST_TEXT
    below = getattr(node.source, "resource", resource)
    of_types = [_most_of(selection, narrower) for narrower, selection in node.choices]
    if node.selection is not None:
        of_types.append(_most_of(node.selection, below))
    return _length(node) * max(of_types, default=OTHER_BYTES)


def _most_in(label: str, resource: Resource | None) -> int:
    column = None if resource is None else resource.table.c.get(label)
    return OTHER_BYTES if column is None else longest_of(column) or OTHER_BYTES


def _length(node: PlanNode) -> int:
    """How many objects a field prints under one parent."""
    match node.source:
        case ConnectionField.NODES | ConnectionField.EDGES | PageSource():
            return MAX_PAGE
        case GlobalLookupSource(many=True):
            return MAX_PAGE
        case ManySource(usual=usual):
            return usual
        case CostReportField.GROUPS:
            return MAX_GROUPS
        case UnionSource(union):
            return union.limit
    return 1


def _most_of(selection: Selection, resource: Resource | None) -> int:
    return sum(len(key) + most_bytes(node, resource) for key, node in selection.items)


def within_limit(
    rows: FromClause, printed: Sequence[ColumnElement[str]], limit: int | None
) -> FromClause:
    """The same rows in the same order; the statement fails at the first that is too much.

    Args:
        rows: A subquery.
        printed: Its columns with what is printed.
        limit: Most bytes of them together; None where nothing is added up.
    """
    if limit is None or not printed:
        return rows
    lengths = [func.octet_length(column) for column in printed]
    so_far = func.sum(sum(lengths[1:], lengths[0])).over(rows=(None, 0))
    summed = select(*rows.c, so_far.label("bytes_so_far")).subquery()
    columns = [summed.c[name] for name in rows.c.keys()]  # noqa: SIM118 -- no mapping iterates so
    bounded = fail_beyond(summed.c.bytes_so_far, literal_column(str(limit)))
    return select(*columns).where(bounded >= 0).subquery()
