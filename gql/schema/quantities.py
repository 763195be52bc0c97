"""How many of something the arguments of a field ask for, and what that costs.

Each is a number where the document alone says it, else one that depends on variables. What will be
refused counts nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLField

from gql.engine.fields import CostReportSource, FieldSource, NumberPoints
from gql.ingest.apply import MOST_ITEMS
from gql.models.rollup import SERVICES
from gql.query.cost_groups import MAX_GROUPS
from gql.query.filters import MAX_CONDITIONS
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE
from gql.query.rows_read import most_lookup_points
from gql.query.weights import COMPARED_ROW, COUNTED_ROW, SORTED_ROW
from gql.schema.costs import DEFAULT_GROUPS
from gql.schema.declared_costs import batch_items, is_computed_page, list_size
from gql.schema.inputs.comparators import MAX_IN
from gql.schema.list_arguments import SLICING_ARGUMENTS, Argument, ListArguments, Variables, is_int
from gql.schema.operation_cost import Quantity
from gql.schema.query import MAX_IDS

MOST_STEPS = 1_000_000
"""More steps of a JSON Pointer than a request has room for."""

_MOST_LOOKS = 2
"""Of one rate at the bills of all calls."""


def list_length(
    field: GraphQLField, of_list: ListArguments | None, arguments: Mapping[str, Argument]
) -> int | Quantity:
    """How long a list of objects is, which may be a part of a page."""
    if of_list is not None:
        constant = of_list.is_constant(*SLICING_ARGUMENTS)
        return _quantity(MAX_PAGE, of_list.page_size, is_constant=constant)
    if "ids" in arguments:
        ids = arguments["ids"]
        return _quantity(MAX_IDS, lambda variables: _count(ids.value(variables)), ids.is_constant)
    size = list_size(field)
    assert size is not None  # noqa: S101, it is a list of objects
    return size.assumed


def computed_length(
    field: GraphQLField, source: FieldSource | None, arguments: Mapping[str, Argument]
) -> int | Quantity:
    """How long the list of a report, a computed page or a batch may be; 0 of all else."""
    items = batch_items(field)
    if items is not None:
        return _batch_size(arguments["input"], items)
    if isinstance(source, CostReportSource):
        return _first(arguments["first"], DEFAULT_GROUPS, MAX_GROUPS)
    return _first(arguments["first"], DEFAULT_PAGE, MAX_PAGE) if is_computed_page(field) else 0


def _batch_size(batch: Argument, name: str) -> int | Quantity:
    """How many items a batch has; 0 for one that will be refused."""

    def value(variables: Variables) -> int:
        fields = batch.value(variables)
        items = fields.get(name) if isinstance(fields, Mapping) else None
        if items is None:
            return MOST_ITEMS
        number = len(_as_list(items))
        return number if number <= MOST_ITEMS else 0

    return _quantity(MOST_ITEMS, value, batch.is_constant)


def _first(first: Argument, default: int, most: int) -> int | Quantity:
    """How many the argument `first` asks for; 0 where it will be refused."""

    def value(variables: Variables) -> int:
        number = first.value(variables)
        if number is None:
            return default
        return int(number) if is_int(number) and 0 <= number <= most else 0

    return _quantity(most, value, first.is_constant)


def counted_number(argument: Argument, counted: NumberPoints) -> int | Quantity:
    """The number that an argument has."""
    return _quantity(
        counted.most,
        lambda variables: counted.number(argument.value(variables)),
        argument.is_constant,
    )


def _count(ids: Any) -> int:
    """How many ids there are; 0 for a list that will be refused."""
    number = len(_as_list(ids))
    return number if number <= MAX_IDS else 0


def _as_list(value: Any) -> list[Any]:
    """The value of a list: GraphQL coerces a single one to a list of one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def looks_at_bills(rate_card: Argument) -> int | Quantity:
    """How often a rate card looks at the bills of all calls.

    Twice for a rate that tells kinds of tokens apart, else once. Calls of the period before are not
    looked at besides: both periods together have no more calls than the list.
    """
    most = len(SERVICES)

    def value(variables: Variables) -> int:
        card = rate_card.value(variables)
        rates = _as_list(card.get("rates")) if isinstance(card, Mapping) else []
        return sum(map(_looks, rates)) if len(rates) <= most else 0

    return _quantity(_MOST_LOOKS * most, value, rate_card.is_constant)


def _looks(rate: Any) -> int:
    """How often one rate looks at the bills of all calls."""
    has_kinds = isinstance(rate, Mapping) and rate.get("inputPrice") is not None
    return _MOST_LOOKS if has_kinds else 1


def pointer_steps(path: Argument) -> int | Quantity:
    """How many steps a JSON Pointer has."""
    return _quantity(
        MOST_STEPS, lambda variables: str(path.value(variables)).count("/"), path.is_constant
    )


def points_of_page(of_list: ListArguments) -> int | Quantity:
    """What finding the rows of a page costs; a page of no rows reads none."""

    def points(variables: Variables) -> int:
        if not of_list.page_size(variables):
            return 0
        return of_list.page(variables).points + of_list.lookups(variables)

    per_row = _most_comparisons(of_list) + SORTED_ROW.points + 2 * COUNTED_ROW.points
    most = of_list.source.usual * per_row + _most_lookups(of_list)
    return _quantity(most, points, of_list.is_constant(*of_list.arguments))


def points_of_total(of_list: ListArguments) -> int | Quantity:
    """What counting a list costs."""

    def points(variables: Variables) -> int:
        return of_list.total(variables).points + of_list.lookups(variables)

    most = of_list.source.usual * _most_comparisons(of_list) + _most_lookups(of_list)
    is_constant = "filter" not in of_list.arguments or of_list.is_constant("filter")
    return _quantity(most, points, is_constant)


def points_of_lookups(of_list: ListArguments) -> int | Quantity:
    """What it costs that indexes find the values in a filter."""
    is_constant = of_list.is_constant("filter")
    return _quantity(_most_lookups(of_list), of_list.lookups, is_constant)


def _most_comparisons(of_list: ListArguments) -> int:
    """The points of a row that is looked at for every condition of the longest filter."""
    return COMPARED_ROW.points * (MAX_CONDITIONS if "filter" in of_list.arguments else 1)


def _most_lookups(of_list: ListArguments) -> int:
    """The points of the longest filter."""
    if "filter" not in of_list.arguments:
        return 0
    return MAX_CONDITIONS * most_lookup_points(of_list.source.resource, MAX_IN)


def _quantity(most: int, value: Callable[[Variables], int], is_constant: bool) -> int | Quantity:
    return value({}) if is_constant else Quantity(most, value)
