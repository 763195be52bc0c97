"""How lists of former structures are filtered and sorted."""

from gql.domain.graph_versions import GRAPH_VERSIONS
from gql.schema.inputs.comparators import DateTimeFilter, IntFilter
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

GraphVersionOrder = order_of("GraphVersion", GRAPH_VERSIONS, version="By version.")


@filter_of(GRAPH_VERSIONS)
class GraphVersionFilter(FilterInput):
    """Which versions a list has."""

    version: IntFilter | None = criterion("By version.")
    replaced_at: DateTimeFilter | None = criterion("By when the next version was made.")
