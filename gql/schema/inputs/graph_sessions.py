"""How lists of graph sessions are filtered and sorted."""

import strawberry

from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.query.filters import Filter
from gql.schema.inputs.comparators import (
    DateTimeFilter,
    IDFilter,
    StringFilter,
    compared,
    flag,
    ids,
    optional,
)
from gql.schema.inputs.ordering import order_of

GraphSessionOrder = order_of(
    "GraphSession",
    GRAPH_SESSIONS,
    started_at="By start.",
    ended_at="By end; those that go on come last.",
)


@strawberry.input(description="Which graph sessions a list has.")
class GraphSessionFilter:
    """All conditions hold together."""

    is_active: bool | None = optional("Those that go on (true) or have ended (false).")
    graph_id: IDFilter | None = optional("By graph.")
    call_sid: StringFilter | None = optional("By the call's SID.")
    started_at: DateTimeFilter | None = optional("By start.")
    ended_at: DateTimeFilter | None = optional("By end.")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (
            *flag("is_active", self.is_active),
            *compared("graph_id", self.graph_id, ids("graph")),
            *compared("call_sid", self.call_sid),
            *compared("started_at", self.started_at),
            *compared("ended_at", self.ended_at),
        )
