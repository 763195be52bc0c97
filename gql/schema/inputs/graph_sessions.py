"""How lists of graph sessions and of their transitions are filtered and sorted."""

from gql.domain.assistants import ASSISTANTS
from gql.domain.graph_sessions import GRAPH_SESSIONS, TRANSITIONS
from gql.domain.graphs import GRAPHS, NODES
from gql.schema.inputs.comparators import DateTimeFilter, IDFilter, StringFilter
from gql.schema.inputs.filtering import CHANGED_SINCE, FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

GraphSessionOrder = order_of(
    "GraphSession",
    GRAPH_SESSIONS,
    started_at="By start.",
    ended_at="By end; those that go on come last.",
)

TransitionOrder = order_of(
    "GraphTransition",
    TRANSITIONS,
    occurred_at="By when they happened.",
    id="By id: the order in which they arrived.",
)


@filter_of(GRAPH_SESSIONS)
class GraphSessionFilter(FilterInput):
    """Which graph sessions a list has."""

    is_active: bool | None = criterion("Those that go on (true) or have ended (false).")
    graph_id: IDFilter | None = criterion("By graph.", ids_of=GRAPHS)
    current_node_id: IDFilter | None = criterion("By the node where they are.", ids_of=NODES)
    current_assistant_id: IDFilter | None = criterion(
        "By the assistant of that node, who speaks or spoke last.", ids_of=ASSISTANTS
    )
    call_sid: StringFilter | None = criterion("By the call's SID.")
    started_at: DateTimeFilter | None = criterion("By start.")
    ended_at: DateTimeFilter | None = criterion("By end.")
    changed_since: str | None = criterion(CHANGED_SINCE)
