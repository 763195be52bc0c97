"""Organizations, their people and their keys, as readers see them."""

from gql.domain.changes import last_event_id
from gql.models.organization import ApiKey, Organization, User
from gql.models.scope import table_of
from gql.query.resource import Resource

ORGANIZATIONS = Resource(
    "organization", table_of(Organization), computed={"last_event_id": last_event_id}
)
USERS = Resource("user", table_of(User))
API_KEYS = Resource("api_key", table_of(ApiKey))
