"""How the audit log is filtered and sorted."""

import strawberry

from gql.domain.writes.audit import AUDIT_LOG
from gql.query.filters import Filter
from gql.schema.inputs.comparators import (
    DateTimeFilter,
    IDFilter,
    StringFilter,
    compared,
    ids,
    optional,
)
from gql.schema.inputs.ordering import order_of

AuditEntryOrder = order_of("AuditEntry", AUDIT_LOG, id="By id: the order in which it happened.")


@strawberry.input(description="Which entries of the audit log a list has.")
class AuditEntryFilter:
    """All conditions hold together."""

    action: StringFilter | None = optional("By what was done: `graph.create`.")
    object_type: StringFilter | None = optional("By the kind of object: `graph`.")
    user_id: IDFilter | None = optional("By who did it.")
    api_key_id: IDFilter | None = optional("By the key they did it with.")
    request_id: StringFilter | None = optional("By the request.")
    created_at: DateTimeFilter | None = optional("By when it was done.")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (
            *compared("action", self.action),
            *compared("object_type", self.object_type),
            *compared("user_id", self.user_id, ids("user")),
            *compared("api_key_id", self.api_key_id, ids("api_key")),
            *compared("request_id", self.request_id),
            *compared("created_at", self.created_at),
        )
