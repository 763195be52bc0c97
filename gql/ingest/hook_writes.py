"""Webhook endpoints and the inbox, changed by callers, who need the admin permission."""

from collections.abc import Sequence
from typing import Any

from gql.accounts.hook_endpoints import StoredEndpoint, remove_endpoint
from gql.domain.writes.audit import audit
from gql.domain.writes.transaction import transaction
from gql.errors import BadInput
from gql.identity import Permission
from gql.ingest import inbox
from gql.ingest.endpoints import create_endpoint, rotate_secret
from gql.models.enums import DeliveryState
from gql.query.context import Context


async def add_hook_endpoint(context: Context, **options: Any) -> tuple[StoredEndpoint, str | None]:
    """A new endpoint, and its secret where the gateway made that; see `create_endpoint`."""
    async with transaction(context, Permission.ADMIN) as write:
        endpoint, secret = await create_endpoint(
            write.database, write.secret_box, write.organization_id, **options
        )
        await audit(write, "hook_endpoint.create", endpoint.id, after=_audited(endpoint))
        return endpoint, secret


async def replace_hook_secret(
    context: Context, endpoint_id: int, secret: str | None, *, end_previous: bool
) -> tuple[StoredEndpoint, str | None]:
    """The endpoint with another secret, and that where the gateway made it."""
    async with transaction(context, Permission.ADMIN) as write:
        endpoint, shown = await rotate_secret(
            write.database,
            write.snapshot,
            write.secret_box,
            write.organization_id,
            endpoint_id,
            secret,
            end_previous=end_previous,
        )
        await audit(write, "hook_endpoint.rotate", endpoint_id, after=_audited(endpoint))
        return endpoint, shown


async def remove_hook_endpoint(context: Context, endpoint_id: int) -> StoredEndpoint:
    """The endpoint, deleted with its deliveries.

    Raises:
        NotFound: when the organization has no such endpoint.
    """
    async with transaction(context, Permission.ADMIN) as write:
        endpoint = await remove_endpoint(write.database, write.organization_id, endpoint_id)
        await audit(write, "hook_endpoint.delete", endpoint_id, before=_audited(endpoint))
        return endpoint


async def replay_deliveries(
    context: Context,
    *,
    delivery_id: int | None = None,
    endpoint_id: int | None = None,
    states: Sequence[DeliveryState] | None = None,
) -> int:
    """How many deliveries will be applied once more.

    Raises:
        BadInput: when it is not said which.
        NotFound: when the organization has no delivery of this id.
    """
    if delivery_id is None and endpoint_id is None and not states:
        raise BadInput("Say what to replay: one delivery, an endpoint or states.")
    async with transaction(context, Permission.ADMIN) as write:
        number = await inbox.replay(
            write.connection,
            write.organization_id,
            delivery_id=delivery_id,
            endpoint_id=endpoint_id,
            states=states,
        )
        await audit(write, "hook_delivery.replay", delivery_id, after={"count": number})
        return number


def _audited(endpoint: StoredEndpoint) -> dict[str, Any]:
    """What the audit log keeps of an endpoint."""
    return {"source": endpoint.source, "name": endpoint.name, "role": endpoint.role}
