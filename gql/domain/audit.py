"""The audit log, as readers see it."""

from gql.identity import Permission
from gql.models.audit_log import AuditLog
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Order, Resource

AUDIT_LOG = Resource(
    "audit_entry",
    table_of(AuditLog),
    filters={
        "action": compare("action"),
        "object_type": compare("object_type"),
        "object_id": compare("object_id"),
        "user_id": compare("user_id"),
        "api_key_id": compare("api_key_id"),
        "request_id": compare("request_id"),
        "created_at": compare("created_at"),
    },
    orders={"id": Order("id", "integer")},
    permission=Permission.ADMIN,
    usual=25_000,
)
