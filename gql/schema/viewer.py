"""Who is asking, in the GraphQL schema."""

from datetime import datetime
from operator import attrgetter
from typing import Any

import strawberry
from strawberry.types import Info

from gql.domain.organizations import API_KEYS, ORGANIZATIONS, USERS
from gql.engine.declaration import SOURCE, column, entity
from gql.engine.fields import ViewerFieldSource, ViewerRecordSource
from gql.errors import NotFound
from gql.identity import Identity
from gql.loaders import record_loaders
from gql.schema.enums import Method, Permission
from gql.schema.node import Node


@entity(ORGANIZATIONS)
class Organization(Node):
    """A tenant: everything that a credential can see belongs to one."""

    name: str = column("What it is called.")
    created_at: datetime = column("When it was created.")


@entity(USERS)
class User(Node):
    """A person of the organization."""

    email: str = column("Where to write to.")
    name: str = column("What they are called.")
    is_admin: bool = column("Whether they administer the organization.")
    is_active: bool = column("Whether they may log in.")
    created_at: datetime = column("When the account was created.")


@entity(API_KEYS)
class ApiKey(Node):
    """An API key, without the secret."""

    name: str = column("What it is for.")
    key_prefix: str = column("How the key begins, to tell keys apart.")
    is_active: bool = column("False once it was revoked.")
    expires_at: datetime | None = column("When it stops working; null for never.")
    last_used_at: datetime | None = column("When it was last used, give or take half a minute.")
    created_at: datetime = column("When it was created.")


async def _organization(root: strawberry.Parent[Identity], info: Info) -> Any:
    found = await record_loaders.find(info.context, ORGANIZATIONS, root.organization_id)
    if found is None:
        raise NotFound("organization", root.organization_id)
    return found


async def _user(root: strawberry.Parent[Identity], info: Info) -> Any:
    return root.user_id and await record_loaders.find(info.context, USERS, root.user_id)


async def _api_key(root: strawberry.Parent[Identity], info: Info) -> Any:
    return root.api_key_id and await record_loaders.find(info.context, API_KEYS, root.api_key_id)


def _permissions(root: strawberry.Parent[Identity]) -> Any:
    return [word for word in Permission if word in root.permissions]


@strawberry.type(description="Who is asking.")
class Viewer:
    """Resolved from the operation's identity."""

    method: Method = strawberry.field(
        description="How they proved who they are.",
        metadata={SOURCE: ViewerFieldSource(attrgetter("method"))},
    )
    permissions: list[Permission] = strawberry.field(
        resolver=_permissions,
        description="What they may do, in a fixed order.",
        metadata={SOURCE: ViewerFieldSource(_permissions)},
    )
    organization: Organization = strawberry.field(
        resolver=_organization,
        description="Whose data they see.",
        metadata={SOURCE: ViewerRecordSource(ORGANIZATIONS, attrgetter("organization_id"))},
    )
    user: User | None = strawberry.field(
        resolver=_user,
        description="The person behind the credential, when known.",
        metadata={SOURCE: ViewerRecordSource(USERS, attrgetter("user_id"))},
    )
    api_key: ApiKey | None = strawberry.field(
        resolver=_api_key,
        description="The API key that was presented, when one was.",
        metadata={SOURCE: ViewerRecordSource(API_KEYS, attrgetter("api_key_id"))},
    )
