"""How lists of assistants are filtered and sorted."""

from gql.domain.assistants import ASSISTANTS
from gql.schema.inputs.comparators import PhoneFilter, StringFilter
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

AssistantOrder = order_of(
    "Assistant",
    ASSISTANTS,
    id="By id: the order in which they were created.",
    name="By name, letter by letter in Unicode order.",
    created_at="By creation.",
)


@filter_of(ASSISTANTS)
class AssistantFilter(FilterInput):
    """Which assistants a list has."""

    is_active: bool | None = criterion("Active ones (true) or inactive ones (false).")
    name: StringFilter | None = criterion("By name.")
    phone_number: PhoneFilter | None = criterion("By the number that it answers.")
    llm_model: StringFilter | None = criterion("By its language model.")
