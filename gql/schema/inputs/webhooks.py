"""How webhook subscriptions and their deliveries are filtered and sorted."""

from gql.domain.webhooks import WEBHOOK_DELIVERIES, WEBHOOK_SUBSCRIPTIONS
from gql.schema.inputs.comparators import IDFilter, StringFilter, WebhookDeliveryStateFilter
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

WebhookSubscriptionOrder = order_of(
    "WebhookSubscription", WEBHOOK_SUBSCRIPTIONS, id="By id: the order of making."
)
WebhookDeliveryOrder = order_of(
    "WebhookDelivery", WEBHOOK_DELIVERIES, id="By id: the order of the events."
)


@filter_of(WEBHOOK_SUBSCRIPTIONS)
class WebhookSubscriptionFilter(FilterInput):
    """Which webhook subscriptions a list has."""

    is_active: bool | None = criterion("Those that are told (true), or paused ones (false).")


@filter_of(WEBHOOK_DELIVERIES)
class WebhookDeliveryFilter(FilterInput):
    """Which deliveries a list has."""

    subscription_id: IDFilter | None = criterion("By who is told.", ids_of=WEBHOOK_SUBSCRIPTIONS)
    state: WebhookDeliveryStateFilter | None = criterion("By what became of them.")
    subject: StringFilter | None = criterion("By the global id of what was written.")
