"""How the audit log is filtered and sorted."""

from gql.domain.audit import AUDIT_LOG
from gql.domain.organizations import API_KEYS, USERS
from gql.schema.inputs.comparators import DateTimeFilter, IDFilter, StringFilter
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

AuditEntryOrder = order_of("AuditEntry", AUDIT_LOG, id="By id: the order in which it happened.")


@filter_of(AUDIT_LOG)
class AuditEntryFilter(FilterInput):
    """Which entries of the audit log a list has."""

    action: StringFilter | None = criterion("By what was done: `graph.create`.")
    object_type: StringFilter | None = criterion("By the kind of object: `graph`.")
    user_id: IDFilter | None = criterion("By who did it.", ids_of=USERS)
    api_key_id: IDFilter | None = criterion("By the key they did it with.", ids_of=API_KEYS)
    request_id: StringFilter | None = criterion("By the request.")
    created_at: DateTimeFilter | None = criterion("By when it was done.")
