"""The audit log in the GraphQL schema: who changed what."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from gql.domain.audit import AUDIT_LOG
from gql.domain.organizations import API_KEYS, USERS
from gql.engine.connection import connection
from gql.engine.declaration import any_id, column, entity, one
from gql.schema.enums import Method
from gql.schema.inputs.audit import AuditEntryFilter, AuditEntryOrder
from gql.schema.node import Node
from gql.schema.viewer import ApiKey, User


@entity(AUDIT_LOG)
class AuditEntry(Node):
    """One change: who made it, and in brief what was before and after."""

    action: str = column("What was done: `graph.create`.")
    object_type: str = column("The kind of object: `graph`.")
    object_id: strawberry.ID | None = any_id(
        "The object's global id, which may be gone; null for what has none.",
        "object_type",
        "object_id",
    )
    before: JSON | None = column("What was, as far as it changed; null for what is new.")
    after: JSON | None = column("What is, as far as it changed; null for what is gone.")
    method: Method = column("How who did it proved who they are.")
    user: User | None = one("Who did it, when known.", USERS, "user_id")
    api_key: ApiKey | None = one("The key they did it with, if any.", API_KEYS, "api_key_id")
    request_id: str = column("Of the request, as in its answer and in the log.")
    created_at: datetime = column("When it was done.")


audit_log = connection(
    "Who changed what, the latest first. Needs the ADMIN permission.",
    AUDIT_LOG,
    order=AuditEntryOrder,
    filter=AuditEntryFilter,
)
"""The root field."""
