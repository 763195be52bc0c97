"""Who is asking: every kind of credential becomes one `Identity`."""

from gql.auth.api_key import ApiKeyCredential
from gql.auth.bearer import BearerCredential
from gql.auth.credential import Credential
from gql.auth.dashboard import DashboardCredential

CREDENTIALS: tuple[type[Credential], ...] = (
    ApiKeyCredential,
    BearerCredential,
    DashboardCredential,
)
"""In order of trial; the first kind that a request presents decides, even when it is bad."""
