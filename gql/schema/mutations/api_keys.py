"""Mutations of API keys."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from gql.domain.organizations import API_KEYS
from gql.domain.writes import api_keys
from gql.engine.declaration import one
from gql.identity import Permission
from gql.query.context import Context
from gql.schema.mutations.payloads import (
    ChangeInput,
    Payload,
    change_input,
    optional,
    payload,
    required,
    shown_once,
)
from gql.schema.mutations.run import default, key_of, mutation
from gql.schema.viewer import ApiKey


@change_input
class CreateApiKeyInput(ChangeInput):
    """An API key to make."""

    name: str = required("What it is for; 1 to 100 characters.")
    permissions: list[Permission] = strawberry.field(
        default_factory=lambda: [Permission.READ, Permission.WRITE],
        description="What it may do: nothing that you may not, and never EXPLAIN.",
    )
    kinds: JSON | None = optional(
        "What it may do with objects of each kind, and then nothing else, in place of"
        ' `permissions`: `{assistants: "read_write", calls: "read"}`. Kinds are `assistants`,'
        " `graphs`, `calls`, `sms` and `costs`; levels `none`, `read` and `read_write`."
    )
    expires_at: datetime | None = optional("When it stops working; never, without.")


@payload
class CreateApiKeyPayload(Payload):
    """A key that was made."""

    api_key: ApiKey | None = one("The key; null when it was not made.", API_KEYS, "object_id")
    secret: str | None = shown_once(
        "The key itself. Only this once: nobody can read it again, and with an idempotency key"
        " that came before it is null."
    )


@mutation("Make an API key of the organization.", permission=Permission.ADMIN)
async def create_api_key(context: Context, input: CreateApiKeyInput) -> CreateApiKeyPayload:
    key, secret = await api_keys.create_api_key(
        context,
        input.name,
        permissions=input.permissions,
        levels=default(input.kinds, None),
        expires_at=default(input.expires_at, None),
    )
    return CreateApiKeyPayload(object_id=key.id, secret=secret)


@change_input
class RevokeApiKeyInput(ChangeInput):
    """An API key to revoke."""

    id: strawberry.ID = required("The global id, or the integer.")


@payload
class RevokeApiKeyPayload(Payload):
    """A key that works no more, but for seconds where it is remembered."""

    api_key: ApiKey | None = one("The key; null when it was not revoked.", API_KEYS, "object_id")


@mutation("Make an API key stop working.", permission=Permission.ADMIN)
async def revoke_api_key(context: Context, input: RevokeApiKeyInput) -> RevokeApiKeyPayload:
    key = await api_keys.revoke_api_key(context, key_of(input.id, API_KEYS))
    return RevokeApiKeyPayload(object_id=key.id)


MUTATIONS = (create_api_key, revoke_api_key)
