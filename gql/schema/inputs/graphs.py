"""How lists of assistant graphs are filtered and sorted."""

from gql.domain.graphs import GRAPHS
from gql.schema.inputs.comparators import DateTimeFilter, StringFilter
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

AssistantGraphOrder = order_of(
    "AssistantGraph",
    GRAPHS,
    id="By id: the order in which they were created.",
    name="By name, letter by letter in Unicode order.",
    created_at="By creation.",
    updated_at="By the last change.",
)


@filter_of(GRAPHS)
class AssistantGraphFilter(FilterInput):
    """Which assistant graphs a list has."""

    is_active: bool | None = criterion("Active ones (true) or inactive ones (false).")
    name: StringFilter | None = criterion("By name.")
    created_at: DateTimeFilter | None = criterion("By creation.")
    updated_at: DateTimeFilter | None = criterion("By the last change.")
