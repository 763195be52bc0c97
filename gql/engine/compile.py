"""From a plan to one SQL statement whose single value is the finished response text.

Text is put together with `||` and `string_agg` over ordered, limited subqueries; a relation to one
record is a join. Scope, filters and orders are the very expressions of `models` and `domain`.
Whatever may be NULL is printed as the word `null`: one NULL inside `||` makes all of it NULL.

What a kind of list needs is in `compile_*.py` and `print_*.py`; what is left is one visitor of the
plan, long as it is: its methods call each other, since any field may hold any other.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from gql.engine.answer_size import most_bytes
from gql.engine.bind import (
    previous_prefix,
)
from gql.engine.compile_connection import ConnectionCompiler, parameterized_conditions
from gql.engine.compile_costs import print_previous, print_report, print_summary
from gql.engine.compile_search import SearchCompiler, print_piece
from gql.engine.fields import (
    ColumnSource,
    ConnectionSource,
    ConstantSource,
    CostReportSource,
    CountSource,
    ExpressionSource,
    FirstSource,
    GlobalIdSource,
    GlobalLookupSource,
    IsLookedUpSource,
    JoinedSource,
    JsonPathSource,
    LookupSource,
    ManySource,
    MemberSource,
    ObjectSource,
    OneSource,
    PageSource,
    PreviousGroupSource,
    RankSource,
    RepricedGroupSource,
    SearchSource,
    SnippetSource,
    UnionSource,
    ViewerFieldSource,
    ViewerRecordSource,
    ViewerSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.engine.print_json import (
    is_key_only,
    print_array_items,
    print_as,
    print_column,
    print_items,
    print_key_only,
    print_member,
)
from gql.engine.print_rows import MOST_AS_PARTS, OptionalObject, nesting, printed_columns
from gql.engine.rest_query import KEY_PARAMETER, RecordLookup, RestQuery
from gql.engine.variants import (
    CostReportVariant,
    CostSummaryVariant,
    FieldVariant,
    FilterVariant,
    ListVariant,
    LookupVariant,
    PathVariant,
    SearchVariant,
    VariantKey,
)
from gql.query.cost_groups import CostGroups
from gql.query.filters import PreparedFilter
from gql.query.page_statement import total, union_page
from gql.query.record_list import RecordList, RowSource
from gql.query.resource import Resource, UnionList
from gql.query.text_indexes import words_query
from gql.query.text_search import MatchingTexts
from gql.sql import json_sql
from gql.sql.aliases import sharing_aliases
from gql.sql.json_paths import json_value
from gql.sql.json_sql import JsonPart, concatenated, literal_text, or_null
from gql.sql.keys import node_id_rows
from gql.steps import pause_if_long


def emit(
    root: Selection, variant: VariantKey, max_bytes: int | None = None, *, embedded: bool = False
) -> Select[Any]:
    """The statement of a plan for one variant of its arguments.

    Args:
        root: The root fields.
        variant: Of the arguments.
        max_bytes: Where the statement has to fail for a longer answer; None where the connection
            sees to that.
        embedded: Whether the database is SQLite, where a search selects from other tables.
    """
    with sharing_aliases():
        lists_apart = nesting(root) > MOST_AS_PARTS
        emitter = _Emitter(variant, max_bytes, embedded=embedded, lists_apart=lists_apart)
        return emitter.statement(['{"data":', *emitter.root(root), "}"])


def emit_read(query: RestQuery, variant: VariantKey, max_bytes: int | None = None) -> Select[Any]:
    """The statement of a REST read; its value is empty where the record is missing."""
    with sharing_aliases():
        emitter = _Emitter(variant, max_bytes)
        if query.record is None:
            return emitter.statement(emitter.page(query.item, None))
        return emitter.statement([emitter.record_lookup(query.record, query.item)])


Variant = TypeVar("Variant", bound=FieldVariant)


class _Emitter:
    def __init__(
        self,
        variant: VariantKey,
        max_bytes: int | None,
        *,
        embedded: bool = False,
        lists_apart: bool = False,
    ) -> None:
        self._variant = variant
        self._max_bytes = max_bytes
        self._embedded = embedded
        self._lists_apart = lists_apart

    def statement(self, parts: list[JsonPart]) -> Select[Any]:
        """The statement whose value is these parts."""
        whole = concatenated(parts)
        if self._max_bytes is None:
            return select(whole)
        return select(json_sql.at_most_bytes(whole, literal_column(str(self._max_bytes))))

    def root(self, selection: Selection) -> list[JsonPart]:
        """The object of root fields, which have no record."""
        return print_items([(key, self._root(node)) for key, node in selection.items])

    def record_lookup(self, record: RecordLookup, item: PlanNode) -> ColumnElement[str]:
        """What is printed of one record."""
        row = RecordList(record.resource).rows()
        row.conditions.append(row.table.c[record.column] == bindparam(KEY_PARAMETER))
        printed = self._first(row, self._node(row, item), or_nothing=True)
        return func.coalesce(printed, literal_text(""))

    def page(self, node: PlanNode, parent: FromClause | None) -> list[JsonPart]:
        """A connection, or a page that is a plain list."""
        variant = self._variant_of(node, ListVariant)
        limit = self._limit(node)
        return ConnectionCompiler(
            node,
            variant,
            parent,
            self._object,
            self._cost_summary,
            limit,
            lists_apart=self._lists_apart,
        ).parts()

    def _cost_groups(self, node: PlanNode, resources: Mapping[str, Resource]) -> CostGroups:
        """The groups of a report, around the parameters of its conditions."""
        variant = self._variant_of(node, CostReportVariant)
        resource, previous = resources[variant.resource], None
        if variant.previous is not None:
            conditions = parameterized_conditions(previous_prefix(node.prefix), variant.previous)
            previous = RecordList(resource, conditions)
        conditions = parameterized_conditions(node.prefix, variant.conditions)
        return CostGroups(RecordList(resource, conditions), variant.grouping, previous)

    def _cost_summary(
        self, records: RecordList, parent: FromClause | None, node: PlanNode
    ) -> list[JsonPart]:
        """What all records of a list cost."""
        rates = self._variant_of(node, CostSummaryVariant).rates
        return print_summary(records, parent, node, rates, self._object)

    def _search(self, node: PlanNode, source: SearchSource) -> list[JsonPart]:
        """A page of texts that match."""
        variant, prefix = self._variant_of(node, SearchVariant), node.prefix
        query = words_query(
            bindparam(f"{prefix}_tsquery", type_=Text()), bindparam(f"{prefix}_fts5", type_=Text())
        )
        conditions = parameterized_conditions(prefix, variant.conditions)
        records = RecordList(source.resource, conditions)
        texts = MatchingTexts(source.indexes, variant.kinds, records, query, self._embedded)
        limit = self._limit(node)
        return SearchCompiler(node, texts, self._object, limit, is_first=variant.is_first).parts()

    def _limit(self, node: PlanNode) -> int | None:
        """Most bytes of a list, where it may have more by itself."""
        limit = self._max_bytes
        return None if limit is None or most_bytes(node, None) <= limit else limit

    def _root(self, node: PlanNode) -> list[JsonPart]:  # noqa: PLR0911 -- a case per source
        match node.source:
            case ConstantSource(json):
                return [json]
            case ConnectionSource():
                return self.page(node, None)
            case CostReportSource(resources):
                groups = self._cost_groups(node, resources)
                return print_report(node, groups, self._object, self._limit(node))
            case SearchSource() as source:
                return self._search(node, source)
            case LookupSource(resource):
                variant = self._variant_of(node, LookupVariant)
                return [self._look_up(resource, node, node.selected, column=variant.column)]
            case GlobalLookupSource(many=True):
                return ["[", self._all_named(node), "]"]
            case GlobalLookupSource():
                choices = {resource.name: (resource, part) for resource, part in node.choices}
                resource, selection = choices[self._variant_of(node, LookupVariant).resource]
                return [self._look_up(resource, node, selection)]
            case ViewerSource():
                return self.root(node.selected)
            case ViewerFieldSource():
                return [bindparam(f"{node.prefix}_value", type_=Text())]
            case ViewerRecordSource(resource):
                selection = node.selected
                return [self._look_up(resource, node, selection, or_nothing=node.required)]
        raise TypeError(type(node.source).__name__)

    def _variant_of(self, node: PlanNode, kind: type[Variant]) -> Variant:
        """The variant of a node's arguments; the binder makes one of this kind for its source."""
        assert node.argument is not None  # noqa: S101, the planner numbers every such source
        variant = self._variant[node.argument]
        assert isinstance(variant, kind)  # noqa: S101, plan and variant belong together
        return variant

    def _look_up(
        self,
        resource: Resource,
        node: PlanNode,
        selection: Selection,
        *,
        column: str = "id",
        or_nothing: bool = False,
    ) -> ColumnElement[str]:
        """The record that the node's argument names."""
        row = RecordList(resource).rows()
        row.conditions.append(row.table.c[column] == bindparam(f"{node.prefix}_key"))
        return self._first(row, self._record(row, selection), or_nothing=or_nothing)

    def _all_named(self, node: PlanNode) -> ColumnElement[str]:
        """The records of any number of ids: each is looked up by the one subquery of its type."""
        assert node.argument is not None  # noqa: S101, as above
        ids = node_id_rows(f"{node.prefix}_kinds", f"{node.prefix}_numbers")
        by_kind = {}
        for resource, selection in node.choices:
            row = RecordList(resource).rows()
            row.conditions.append(row.table.c.id == ids.c.number)
            row.parent = ids
            by_kind[resource.name] = self._first(row, self._record(row, selection))
        printed = case(by_kind, value=ids.c.kind, else_=literal_text("null")).label("printed")
        rows = select(printed).select_from(ids).order_by(ids.c.position).subquery()
        return print_array_items(rows, self._limit(node)).scalar_subquery()

    def _object(self, row: RowSource, node: PlanNode) -> list[JsonPart]:
        """What a node selects of a row, which is read as one of its kind where it has several."""
        resource, kinds = row.resource, row.resource.kinds
        if kinds is None:
            return self._record(row, node.selected)
        choices, bodies = dict(node.choices), []
        for value, narrower in kinds.resources.items():
            row.resource = narrower
            bodies.append((value, concatenated(self._record(row, choices[narrower]))))
        row.resource = resource
        label = row.table.c[kinds.label]
        return [case(*((label == value, printed) for value, printed in bodies))]

    def _record(self, row: RowSource, selection: Selection) -> list[JsonPart]:
        """An object; a source that may leave its field out comes last, as others set the commas."""
        pause_if_long()
        fields, members = [], []
        for key, node in selection.items:
            if isinstance(node.source, MemberSource):
                members.append(print_member(row, node.source))
            else:
                fields.append((key, self._node(row, node)))
        *printed, end = print_items(fields)
        return [*printed, *members, end]

    def _node(  # noqa: PLR0911 -- a case per source
        self, row: RowSource, node: PlanNode
    ) -> list[JsonPart]:
        """One field of a row: its own values here, other records below."""
        match node.source:
            case ConstantSource(json):
                return [json]
            case GlobalIdSource():
                return [f'"{row.resource.name}_', json_sql.json_integer(row.table.c.id), '"']
            case ColumnSource() as source:
                return [self._column(row, source)]
            case ExpressionSource(json=print_json):
                return [print_json(row.table)]
            case ObjectSource():
                return self._record(row, node.selected)
            case JsonPathSource(label):
                return [or_null(self._json_path(row, node, label))]
            case SnippetSource() | RankSource():
                return print_piece(row, node)
            case IsLookedUpSource():
                return [json_sql.json_boolean(row.table.c.id == bindparam(KEY_PARAMETER))]
            case RepricedGroupSource():
                has_rates = "repriced_calls" in row.table.c
                return self._record(row, node.selected) if has_rates else ["null"]
            case PreviousGroupSource():
                return [print_previous(row, node, self._object)]
            case JoinedSource(resource, key, column, value):
                other = self._joined(row, resource, key, column)
                return [or_null(print_column(other, value))]
        return self._relation(row, node)

    def _column(self, row: RowSource, source: ColumnSource) -> ColumnElement[Any]:
        """A column of the row, or of another record where the resource says so."""
        joined = row.resource.joined.get(source.label)
        if joined is None:
            return print_column(row, source)
        other = self._joined(row, joined.resource, joined.key, "id")
        value = func.coalesce(other.table.c[joined.label], row.table.c[source.label])
        return or_null(print_as(source, value))

    def _json_path(self, row: RowSource, node: PlanNode, label: str) -> ColumnElement[str]:
        """The value inside a JSON column; a path without steps means the whole column."""
        value = row.resource.expression(label, row.table)
        tokens = [
            (bindparam(f"{node.prefix}_token{number}", type_=Text()), index)
            for number, index in enumerate(self._variant_of(node, PathVariant).indexes)
        ]
        return json_sql.json_verbatim(json_value(value, tokens) if tokens else value)

    def _relation(self, row: RowSource, node: PlanNode) -> list[JsonPart]:
        match node.source:
            case OneSource() as source:
                return [self._one(row, source, node)]
            case FirstSource(resource, link):
                first = RecordList(resource, link=link).rows(row.table)
                return [self._first(first, self._record(first, node.selected))]
            case ManySource() as source:
                return ["[", self._many(row, source, node), "]"]
            case CountSource(resource, link):
                return [json_sql.json_integer(total(RecordList(resource, link=link), row.table))]
            case ConnectionSource() | PageSource():
                return self.page(node, row.table)
            case UnionSource(union):
                return ["[", self._union(row, union, node), "]"]
        raise TypeError(type(node.source).__name__)

    def _one(self, row: RowSource, source: OneSource, node: PlanNode) -> ColumnElement[str]:
        """A joined record, which is missing where its id is NULL; see `is_key_only` for no join."""
        selection = node.selection
        if selection is not None and is_key_only(row, source, selection):
            key = row.table.c[source.key]
            printed = concatenated(print_key_only(key, source.resource, selection))
            return printed if node.required else or_null(printed)
        other = RecordList(source.resource).rows()
        body = self._object(other, node)
        # Only now, as printing the body has added the joins that the other record itself needs.
        _join(row, other, source.column, source.key)
        other_id = other.table.c.id
        missing = json_sql.require_not_null(other_id) if node.required else literal_text("null")
        return OptionalObject(other_id.is_(None), missing, body)

    def _joined(self, row: RowSource, resource: Resource, key: str, column: str) -> RowSource:
        """The record that `key` names, joined once for all columns that are read of it."""
        path = (resource, key, column)
        other = row.joined.get(path)
        if other is None:
            other = row.joined[path] = RecordList(resource).rows()
            _join(row, other, column, key)
        return other

    def _first(
        self, row: RowSource, body: list[JsonPart], *, or_nothing: bool = False
    ) -> ColumnElement[str]:
        """The first record, or `null`; with `or_nothing` NULL, which leaves no answer at all."""
        first = row.select(concatenated(body))
        if row.parent is not None:  # else it is looked up by a unique key
            first = first.order_by(row.table.c.id).limit(1)
        return first.scalar_subquery() if or_nothing else or_null(first.scalar_subquery())

    def _many(self, row: RowSource, source: ManySource, node: PlanNode) -> ColumnElement[str]:
        records = RecordList(source.resource, self._conditions(node), source.link)
        child = records.rows(row.table)
        body = self._columns(self._record(child, node.selected))
        rows = (
            child.select(*body)
            .order_by(*(child.resource.expression(name, child.table) for name in source.order))
            .subquery()
        )
        items = print_array_items(rows, self._limit(node))
        return items.correlate(row.table).scalar_subquery()

    def _columns(self, parts: list[JsonPart]) -> list[Label[Any]]:
        """What `print_array_items` prints of a row."""
        return printed_columns(parts, "printed", lists_apart=self._lists_apart)

    def _conditions(self, node: PlanNode) -> PreparedFilter:
        """What a whole list is filtered by; only REST filters any."""
        variant = None if node.argument is None else self._variant[node.argument]
        if not isinstance(variant, FilterVariant):
            return ()
        return parameterized_conditions(node.prefix, variant.conditions)

    def _union(self, row: RowSource, union: UnionList, node: PlanNode) -> ColumnElement[str]:
        """The newest records, each printed as one of its narrower resource, by the same columns."""
        page = union_page(union, row.table)
        child = page.rows()
        body = self._columns(self._object(child, node))
        rows = page.select(child, *body).subquery()
        items = print_array_items(rows, self._limit(node))
        return items.correlate(row.table).scalar_subquery()


def _join(row: RowSource, other: RowSource, column: str, key: str) -> None:
    """Join the record whose `column` is the row's `key`; its columns are NULL where there is none.

    What the caller may not see is left out by the condition of the join. In WHERE it would leave
    out our own row.
    """
    same = other.table.c[column] == row.table.c[key]
    row.from_clause = row.from_clause.outerjoin(other.from_clause, and_(same, *other.conditions))
