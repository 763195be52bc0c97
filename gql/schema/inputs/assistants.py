"""How lists of assistants are filtered and sorted."""

import strawberry

from gql.domain.assistants import ASSISTANTS
from gql.query.filters import Filter
from gql.schema.inputs.comparators import StringFilter, compared, flag, optional
from gql.schema.inputs.ordering import order_of

AssistantOrder = order_of(
    "Assistant",
    ASSISTANTS,
    id="By id: the order in which they were created.",
    name="By name, letter by letter in Unicode order.",
    created_at="By creation.",
)


@strawberry.input(description="Which assistants a list has.")
class AssistantFilter:
    """All conditions hold together."""

    is_active: bool | None = optional("Active ones (true) or inactive ones (false).")
    name: StringFilter | None = optional("By name.")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (*flag("is_active", self.is_active), *compared("name", self.name))
