"""What a REST read costs, in the points that an operation of GraphQL is charged for the same."""

from dataclasses import dataclass

from gql.engine.fields import (
    ColumnKind,
    ColumnSource,
    ConnectionField,
    ConnectionSource,
    FieldSource,
    JoinedSource,
    ManySource,
    MemberSource,
    PageSource,
    UnionSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.engine.rest_query import RestArguments, RestQuery
from gql.engine.variants import (
    AnyOfVariant,
    FilterConditions,
    ListVariant,
    VariantKey,
)
from gql.query.filters import PreparedAnyOf, PreparedCondition, PreparedFilter
from gql.query.rows_read import lookup_points, read_by_page, read_by_total
from gql.query.weights import AMOUNT, JSON_VALUE, LEAF, LIST, OBJECT, TOTAL

_LEAF_WEIGHTS: dict[ColumnKind | None, int] = {
    "decimal": AMOUNT.points,
    "json": JSON_VALUE.points,
}
"""The points of columns by how they are printed; of every other one those of `LEAF`."""


@dataclass(frozen=True, slots=True)
class ReadCost:
    """What a variant of a read costs.

    Attributes:
        fixed: The points of every request, whatever its values.
        per_record: Of each record of its page.
        most_passed: How many rows before an offset count.
    """

    fixed: int
    per_record: int = 0
    most_passed: int = 0

    def points(self, arguments: RestArguments) -> int:
        """The points for the values of one request; a page is taken to be full."""
        paging = arguments.paging
        if paging is None:
            return self.fixed
        return self.fixed + self.per_record * paging.limit + min(paging.offset, self.most_passed)


def cost_of_read(query: RestQuery, variant: VariantKey) -> ReadCost:
    """What a variant of a read costs, beside what the request's numbers add."""
    looked_up = 0 if query.record is None else OBJECT.points
    item, source = query.item, query.item.source
    if query.listed is None or not isinstance(source, (ConnectionSource, PageSource)):
        return ReadCost(looked_up + _node_points(item))
    (listed,) = variant
    assert isinstance(listed, ListVariant)  # noqa: S101, as `bind` gives a page
    resource, conditions = source.resource, _conditions(listed.conditions)
    fixed = looked_up + LIST.points + lookup_points(resource, conditions)
    page: Selection | None = item.selection
    if isinstance(source, ConnectionSource):
        if _part(item, ConnectionField.TOTAL_COUNT) is not None:
            counted = read_by_total(resource, source.link, conditions, resource.usual)
            fixed += TOTAL.points + counted.points
        nodes = _part(item, ConnectionField.NODES)
        page = None if nodes is None else nodes.selection
    if page is None:
        return ReadCost(fixed)
    order = listed.paging.order
    rows = read_by_page(resource, source.link, conditions, resource.usual, order=order)
    return ReadCost(fixed + rows.points, _record_points(page), resource.usual)


def _part(page: PlanNode, part: ConnectionField) -> PlanNode | None:
    nodes = (node for _, node in page.selected.items)
    return next((node for node in nodes if node.source is part), None)


def _record_points(selection: Selection) -> int:
    return OBJECT.points + sum(_node_points(node) for _, node in selection.items)


def _node_points(node: PlanNode) -> int:
    """The points of a value of a record, or of a list under it."""
    match node.source:
        case ManySource(usual=usual):
            return LIST.points + usual * _record_points(node.selected)
        case UnionSource(union):
            widest = max(_record_points(selection) for _, selection in node.choices)
            return LIST.points + union.limit * widest
        case JoinedSource(value=value):
            return OBJECT.points + _leaf_points(value)
        case source if node.selection is not None:
            return _record_points(node.selection)
        case source:
            return _leaf_points(source)


def _leaf_points(source: FieldSource) -> int:
    if isinstance(source, MemberSource):
        return JSON_VALUE.points
    kind = source.kind if isinstance(source, ColumnSource) else None
    return _LEAF_WEIGHTS.get(kind, LEAF.points)


def _conditions(variants: FilterConditions) -> PreparedFilter:
    """The conditions of a variant, without values: a REST list has one for each."""
    return tuple(
        PreparedAnyOf(tuple(map(_conditions, each.filters)), negated=each.negated)
        if isinstance(each, AnyOfVariant)
        else PreparedCondition(each.field, each.comparator, ())
        for each in variants
    )
