"""How webhook endpoints and deliveries are filtered and sorted."""

from gql.domain.hooks import HOOK_DELIVERIES, HOOK_ENDPOINTS
from gql.schema.inputs.comparators import (
    DateTimeFilter,
    DeliveryStateFilter,
    IDFilter,
    StringFilter,
)
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

HookEndpointOrder = order_of("HookEndpoint", HOOK_ENDPOINTS, id="By id: the order of making.")
HookDeliveryOrder = order_of("HookDelivery", HOOK_DELIVERIES, id="By id: the order of arrival.")


@filter_of(HOOK_ENDPOINTS)
class HookEndpointFilter(FilterInput):
    """Which webhook endpoints a list has."""

    source: StringFilter | None = criterion("By platform.")


@filter_of(HOOK_DELIVERIES)
class HookDeliveryFilter(FilterInput):
    """Which webhook deliveries a list has."""

    endpoint_id: IDFilter | None = criterion("By endpoint.", ids_of=HOOK_ENDPOINTS)
    state: DeliveryStateFilter | None = criterion("By what became of them.")
    event_kind: StringFilter | None = criterion("By what happened, in the platform's word.")
    subject: StringFilter | None = criterion("By the call or message that they are about.")
    received_at: DateTimeFilter | None = criterion("By when they came.")
