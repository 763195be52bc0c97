"""The audit log in the GraphQL schema: who changed what."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.domain.changes.audit import AUDIT_LOG
from gql.domain.global_id import global_id
from gql.domain.organizations import API_KEYS, USERS
from gql.domain.resource import Record
from gql.identity import Permission
from gql.plan.connection import connection
from gql.plan.declaration import READS, column, entity, one
from gql.schema.inputs.audit import AuditEntryFilter, AuditEntryOrder
from gql.schema.viewer import ApiKey, User
from gql.schema.words import Method


def _id(root: strawberry.Parent[Record]) -> strawberry.ID:
    return strawberry.ID(global_id(root))


def _object_id(root: strawberry.Parent[Record]) -> strawberry.ID | None:
    return root.object_id and strawberry.ID(f"{root.object_type}_{root.object_id}")


@entity(AUDIT_LOG)
class AuditEntry:
    """One change: who made it, and in brief what was before and after. Not found by `node`."""

    id: strawberry.ID = strawberry.field(resolver=_id, description="Unique over all types.")
    action: str = column("What was done: `graph.create`.")
    object_type: str = column("The kind of object: `graph`.")
    object_id: strawberry.ID | None = strawberry.field(
        resolver=_object_id,
        description="The object's global id, which may be gone; null for what has none.",
    )
    before: JSON | None = column("What was, as far as it changed; null for what is new.")
    after: JSON | None = column("What is, as far as it changed; null for what is gone.")
    method: Method = column("How who did it proved who they are.")
    user: User | None = one("Who did it, when known.", USERS, "user_id")
    api_key: ApiKey | None = one("The key they did it with, if any.", API_KEYS, "api_key_id")
    request_id: str = column("Of the request, as in its answer and in the log.")
    created_at: datetime = column("When it was done.")


class _AdminsOnly(FieldExtension):
    """Asks for the permission before the list is read."""

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **kwargs: Any
    ) -> Any:
        info.context.identity.require(Permission.ADMIN)
        return await next_(source, info, **kwargs)


def _audit_log() -> Any:
    """The root field; a compiled plan must not take it, as it asks for no permission."""
    field = connection(
        "Who changed what, the latest first. Needs the ADMIN permission.",
        AUDIT_LOG,
        order=AuditEntryOrder,
        filter=AuditEntryFilter,
    )
    field.extensions.append(_AdminsOnly())
    field.metadata = {name: fact for name, fact in field.metadata.items() if name != READS}
    return field


audit_log = _audit_log()
