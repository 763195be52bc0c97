"""How lists of assistant graphs are filtered and sorted."""

import strawberry

from gql.domain.graphs import GRAPHS
from gql.query.filters import Filter
from gql.schema.inputs.comparators import DateTimeFilter, StringFilter, compared, flag, optional
from gql.schema.inputs.ordering import order_of

AssistantGraphOrder = order_of(
    "AssistantGraph",
    GRAPHS,
    id="By id: the order in which they were created.",
    name="By name, letter by letter in Unicode order.",
    created_at="By creation.",
    updated_at="By the last change.",
)


@strawberry.input(description="Which assistant graphs a list has.")
class AssistantGraphFilter:
    """All conditions hold together."""

    is_active: bool | None = optional("Active ones (true) or inactive ones (false).")
    name: StringFilter | None = optional("By name.")
    created_at: DateTimeFilter | None = optional("By creation.")
    updated_at: DateTimeFilter | None = optional("By the last change.")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (
            *flag("is_active", self.is_active),
            *compared("name", self.name),
            *compared("created_at", self.created_at),
            *compared("updated_at", self.updated_at),
        )
