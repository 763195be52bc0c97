"""A search for texts by their words as SQL: each text that matches is printed like a record."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case, func, select

from gql.engine.answer_size import within_limit
from gql.engine.fields import ConnectionField, ConstantSource, FieldSource, SnippetSource
from gql.engine.pieces import printed_piece
from gql.engine.plan import PlanNode
from gql.engine.print_json import print_end_cursor, print_items
from gql.query.record_list import RowSource
from gql.query.text_search import SEARCH_RESULTS, MatchingTexts, MergeParameters
from gql.sql.json_sql import JsonPart, concatenated, json_array_body, literal_text

PrintObject = Callable[[RowSource, PlanNode], list[JsonPart]]
"""Prints what a node selects of a row; it may add joins to the rows."""

_ROW_FIELDS = (ConnectionField.NODES, ConnectionField.EDGES)
"""What is printed of each text of the page."""


class SearchCompiler:
    """Writes a page of texts.

    Args:
        node: The field in the plan.
        texts: What it finds, around parameters that begin with the node's prefix.
        is_first: Whether it is the first page.
        print_object: Prints a text.
        max_bytes: Most bytes of all texts together; None where nothing is added up.
    """

    def __init__(
        self,
        node: PlanNode,
        texts: MatchingTexts,
        print_object: PrintObject,
        max_bytes: int | None,
        *,
        is_first: bool,
    ) -> None:
        self._node = node
        self._items = node.selected.items
        self._numbers = MergeParameters.named(node.prefix)
        self._texts = texts
        self._is_first = is_first
        self._print_object = print_object
        self._max_bytes = max_bytes

    def parts(self) -> list[JsonPart]:
        """The page as JSON."""
        if not any(_reads_rows(item) for _, item in self._items):
            return self._print(None)
        rows = self._rows()
        return [select(concatenated(self._print(rows))).select_from(rows).scalar_subquery()]

    def _rows(self) -> FromClause:
        """The texts of the page and one more, in order, with what is printed of each."""
        texts = self._texts.page(self._numbers).subquery()
        search = literal_text(str(self._node.argument)).label(SEARCH_NUMBER)
        numbered = select(*texts.c, search).subquery()
        row = RowSource(SEARCH_RESULTS, numbered, numbered, [])
        printed = [
            concatenated(self._print_row(row, item)).label(f"printed_{number}")
            for number, (_, item) in enumerate(self._items)
            if item.source in _ROW_FIELDS
        ]
        position = numbered.c.position
        columns: list[Any] = [*printed, position, numbered.c.cursor]
        page: FromClause = row.select(*columns).order_by(position).subquery()
        return within_limit(page, [page.c[each.name] for each in printed], self._max_bytes)

    def _print_row(self, row: RowSource, item: PlanNode) -> list[JsonPart]:
        """One item of `nodes` or `edges`."""
        if item.source is ConnectionField.NODES:
            return self._print_object(row, item)
        printed: list[tuple[str, list[JsonPart]]] = []
        for key, field in item.selected.items:
            match field.source:
                case ConstantSource(json):
                    printed.append((key, [json]))
                case ConnectionField.NODE:
                    printed.append((key, self._print_object(row, field)))
                case _:
                    printed.append((key, ['"', row.table.c.cursor, '"']))
        return print_items(printed)

    def _print(self, rows: FromClause | None) -> list[JsonPart]:
        return print_items(
            [
                (key, self._print_field(number, item, rows))
                for number, (key, item) in enumerate(self._items)
            ]
        )

    def _print_field(self, number: int, item: PlanNode, rows: FromClause | None) -> list[JsonPart]:
        if isinstance(item.source, ConstantSource):
            return [item.source.json]
        if item.source is ConnectionField.PAGE_INFO:
            fields = item.selected.items
            return print_items(
                [(key, self._print_page_info(each.source, rows)) for key, each in fields]
            )
        assert rows is not None  # noqa: S101, nodes and edges read rows
        on_page = rows.c.position <= self._numbers.limit
        array: ColumnElement[Any] = json_array_body(rows.c[f"printed_{number}"]).filter(on_page)
        return ["[", func.coalesce(array, literal_text("")), "]"]

    def _print_page_info(self, field: FieldSource, rows: FromClause | None) -> list[JsonPart]:
        if isinstance(field, ConstantSource):
            return [field.json]
        if field is ConnectionField.HAS_PREVIOUS_PAGE:
            return ["false" if self._is_first else "true"]
        assert rows is not None  # noqa: S101, all else reads rows
        if field is ConnectionField.HAS_NEXT_PAGE:
            has_more = func.count() > self._numbers.limit
            return [case((has_more, literal_text("true")), else_=literal_text("false"))]
        is_first = field is ConnectionField.START_CURSOR
        return [print_end_cursor(rows, self._numbers.limit, is_first=is_first)]


SEARCH_NUMBER = "search_number"
"""The column with the number of the search among the parameterized fields of the plan."""


def print_piece(row: RowSource, node: PlanNode) -> list[JsonPart]:
    """What Python makes a snippet or a rank of: where the words and marks are, and the text."""
    own = node.argument if isinstance(node.source, SnippetSource) else None
    return printed_piece(row.table.c[SEARCH_NUMBER], own, row.table.c.text)


def _reads_rows(item: PlanNode) -> bool:
    if item.source is ConnectionField.PAGE_INFO:
        return any(
            not isinstance(field.source, ConstantSource)
            and field.source is not ConnectionField.HAS_PREVIOUS_PAGE
            for _, field in item.selected.items
        )
    return item.source in _ROW_FIELDS
