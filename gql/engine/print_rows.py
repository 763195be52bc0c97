"""What is printed of a row, as columns of its SELECT around the lists that are in it.

SQLite's parser keeps whatever it has not read to the end on a stack, which has 100 entries where it
was compiled as usual (https://www.sqlite.org/compile.html#yystackdepth). Where a list is a part of
an expression, `'{"a":' || CASE WHEN ... ELSE '{"b":' || (SELECT ...`, its SELECT begins 18 entries
above the SELECT that it is in; where it is a column of its own, 11. So lists may be nested as deep
as `GQL_MAX_DEPTH` allows. What is printed is put together by the SELECT around the rows, which
reads them anyway.

A list that is a part of an expression is not read for records that are missing. So those in lists
alone, which fit on the stack, stay parts.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Case, ColumnElement, FromClause, Label, ScalarSelect, case

from gql.engine.fields import ConnectionSource, ManySource, PageSource, UnionSource
from gql.engine.plan import PlanNode, Selection
from gql.sql.json_sql import JsonPart, concatenated, flattened, literal_text

MOST_AS_PARTS = 2
"""How many lists in each other stay parts of expressions."""

_LISTS = (ConnectionSource, PageSource, ManySource, UnionSource)


def nesting(selection: Selection) -> int:
    """How many lists are in each other, where most are."""
    return max((_nesting(node) for _, node in selection.items), default=0)


def _nesting(node: PlanNode) -> int:
    selections = [selection for _, selection in node.choices]
    if node.selection is not None:
        selections.append(node.selection)
    return isinstance(node.source, _LISTS) + max(map(nesting, selections), default=0)


class OptionalObject(Case[str]):
    """An object of another record, or what stands for it where that is missing.

    Attributes:
        is_missing: Whether it is.
        missing: What is printed then.
        parts: The object.
    """

    inherit_cache = True

    def __init__(
        self, is_missing: ColumnElement[bool], missing: ColumnElement[Any], parts: list[JsonPart]
    ) -> None:
        super().__init__((is_missing, missing), else_=concatenated(parts))
        self.is_missing = is_missing
        self.missing = missing
        self.parts = parts

    def columns(self) -> list[ColumnElement[Any]]:
        """The same in parts: whatever is a list is one of them; all but one are empty if missing.

        A list is empty by itself there. What another object of the parts is the owner of has a
        condition already: it is missing where this one is, whose key it is joined by.
        """
        first, *others = _around_lists(
            _empty_where(self.is_missing, part) if isinstance(part, ScalarSelect) else part
            for part in flattened(self.parts)
        )
        if not others:
            return [self]
        empty = literal_text("")
        return [
            case((self.is_missing, self.missing), else_=first),
            *(
                each
                if isinstance(each, ScalarSelect)
                else case((self.is_missing, empty), else_=each)
                for each in others
            ),
        ]


def printed_columns(parts: Sequence[JsonPart], name: str, *, lists_apart: bool) -> list[Label[Any]]:
    """What is printed of a row: one column of this name, or several with its lists apart."""
    if not lists_apart:
        return [concatenated(parts).label(name)]
    first, *others = _around_lists(flattened(parts))
    return [
        first.label(name),
        *(each.label(f"{name}_{number}") for number, each in enumerate(others, 1)),
    ]


def printed_column_names(rows: FromClause, name: str) -> list[str]:
    """The names of the columns that `printed_columns` made, in a subquery that has them."""
    names = (column.name for column in rows.c)
    return [each for each in names if each == name or each.startswith(f"{name}_")]


def print_row(rows: FromClause, name: str) -> ColumnElement[str]:
    """The columns that `printed_columns` made, put together again."""
    first, *others = (rows.c[each] for each in printed_column_names(rows, name))
    return concatenated([first, *others]) if others else first


def _around_lists(parts: Iterator[JsonPart]) -> list[ColumnElement[Any]]:
    """Parts with all between two lists in one."""
    columns: list[ColumnElement[Any]] = []
    between: list[JsonPart] = []
    for part in parts:
        for each in part.columns() if isinstance(part, OptionalObject) else [part]:
            if not isinstance(each, ScalarSelect):
                between.append(each)
                continue
            if between:
                columns.append(concatenated(between))
                between = []
            columns.append(each)
    return [*columns, concatenated(between)] if between else columns


def _empty_where(is_missing: ColumnElement[bool], rows: ScalarSelect[Any]) -> ScalarSelect[Any]:
    """A list under a record; empty where that is missing."""
    statement: Any = rows.element
    (printed,) = statement.selected_columns
    guarded = case((is_missing, literal_text("")), else_=printed)
    unnested: ScalarSelect[Any] = statement.with_only_columns(guarded).scalar_subquery()
    return unnested
