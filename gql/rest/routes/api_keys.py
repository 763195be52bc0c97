"""The API keys of the person who asks."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from gql.accounts.api_keys import StoredKey
from gql.domain.writes.api_keys import (
    create_own_key,
    delete_own_key,
    list_own_keys,
    update_own_key,
)
from gql.kinds import CLOSED
from gql.query.context import Context
from gql.rest.parameters import Paged, id_of
from gql.rest.responses import json_response
from gql.rest.route import Answer, route
from gql.rest.routes.graphs import Deleted

TAG = "API keys"


class ApiKeyIn(BaseModel):
    """A key to make."""

    name: str = Field(description="1 to 100 characters, for people.")
    permissions: dict[str, Any] | None = Field(
        None,
        description="`read`, `write`, `admin` and `ingest`, each true or false, none that you lack;"
        " or `assistants`, `graphs`, `calls`, `sms` and `costs`, each `none`, `read` or"
        " `read_write`; without it `read` and `write`.",
    )


class ApiKeyChanges(BaseModel):
    """What to change; what is left out or null stays. Permissions may come alone, too."""

    name: str | None = None
    permissions: dict[str, Any] | None = None
    is_active: bool | None = Field(None, description="False revokes the key, for good.")

    @model_validator(mode="before")
    @classmethod
    def _bare_permissions(cls, value: Any) -> Any:
        is_bare = isinstance(value, dict) and value and cls.model_fields.keys().isdisjoint(value)
        return {"permissions": value} if is_bare else value


class ApiKeyName(BaseModel):
    """A name in the address, as the vendor has it."""

    name: str | None = Field(None, description="Another name; one in the body counts more.")


class ApiKeyPath(BaseModel):
    """Which key."""

    key_id: Annotated[int, id_of("api_key")]


class ApiKeyOut(BaseModel):
    """A key, without its text."""

    id: int
    user_id: int
    name: str
    key_prefix: str
    last_used_at: datetime | None
    usage_count: int
    is_active: bool
    permissions: dict[str, Any]
    rate_limit: dict[str, Any] = Field(description="Empty for a key without limits of its own.")
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    parent_id: int | None = Field(
        description="The key that this one was made with, and ends with, when it was made so."
    )


class NewApiKey(BaseModel):
    """A key that was just made."""

    api_key: ApiKeyOut
    key: str = Field(description="The key itself: shown this once, and kept nowhere.")


_KEY: dict[str, Any] = {
    "id": 7,
    "user_id": 1,
    "name": "Nightly report",
    "key_prefix": "burki_x7k2mq...",
    "last_used_at": None,
    "usage_count": 0,
    "is_active": True,
    "permissions": {"read": True, "write": True, "admin": False},
    "rate_limit": {},
    "created_at": "2025-01-19T10:00:00Z",
    "updated_at": "2025-01-19T10:00:00Z",
    "expires_at": None,
    "parent_id": None,
}
_NEW = {"api_key": _KEY, "key": "burki_x7k2mq...(38 characters)"}
_DELETED = {"success": True, "message": "API key 'Nightly report' deleted successfully"}


@route(
    "GET",
    "/api/v1/users/me/api-keys",
    tag=TAG,
    kinds=CLOSED,
    summary="List your API keys",
    graphql=(
        "`{ viewer { apiKey { name keyPrefix lastUsedAt } } }` for the key in use; the list "
        "stays REST"
    ),
    answers={200: Answer("By id, revoked ones too.", list[ApiKeyOut], [_KEY])},
)
async def list_api_keys(context: Context, query: Paged) -> list[dict[str, Any]]:
    """The keys of the person who asks, without their text."""
    stored = await list_own_keys(context, skip=query.skip, limit=query.limit)
    return [key_fields(key) for key in stored]


@route(
    "POST",
    "/api/v1/users/me/api-keys",
    tag=TAG,
    kinds=CLOSED,
    summary="Create an API key",
    graphql=(
        'mutation { createApiKey(input: {name: "report", permissions: [READ]}) { secret '
        "apiKey { id } userErrors { message path } } }"
    ),
    answers={201: Answer("The key, this once.", NewApiKey, _NEW)},
    errors=(400,),
    secret=True,
    example={"name": "Nightly report", "permissions": {"read": True, "write": False}},
)
async def create_api_key(context: Context, body: ApiKeyIn) -> Response:
    """A new key of the person who asks, which may do nothing that they may not.

    This needs a login, or a key with the admin permission. A key that is made with another one ends
    with it.
    """
    stored, plaintext = await create_own_key(context, body.name, permissions=body.permissions)
    value = {"api_key": key_fields(stored), "key": plaintext}
    return json_response(value, 201, headers={"Cache-Control": "no-store"})


@route(
    "PUT",
    "/api/v1/users/me/api-keys/{key_id}",
    tag=TAG,
    kinds=CLOSED,
    summary="Update an API key",
    answers={200: Answer("The key as it is now.", ApiKeyOut, _KEY)},
    errors=(400, 404, 409),
    example={"name": "Weekly report"},
)
async def update_api_key(
    context: Context, path: ApiKeyPath, query: ApiKeyName, body: ApiKeyChanges | None
) -> dict[str, Any]:
    """Rename a key of the person who asks, change what it may do, or revoke it.

    This needs a login, or a key with the admin permission, and all permissions that the key has.
    """
    sent = {} if body is None else body.model_dump(exclude_none=True)
    changes = query.model_dump(exclude_none=True) | sent
    return key_fields(await update_own_key(context, path.key_id, changes))


@route(
    "DELETE",
    "/api/v1/users/me/api-keys/{key_id}",
    tag=TAG,
    kinds=CLOSED,
    summary="Delete an API key",
    graphql="mutation { revokeApiKey(input: {id: 1}) { userErrors { message path } } }",
    answers={200: Answer("It is gone.", Deleted, _DELETED)},
    errors=(404,),
)
async def delete_api_key(context: Context, path: ApiKeyPath) -> dict[str, Any]:
    """Delete a key of the person who asks; it stops working within five seconds.

    This needs a login, or a key with the admin permission, and all permissions that the key has.
    """
    name = await delete_own_key(context, path.key_id)
    return {"success": True, "message": f"API key '{name}' deleted successfully"}


def key_fields(key: StoredKey) -> dict[str, Any]:
    """A key in the fields of `ApiKeyOut`."""
    fields = {name: getattr(key, name) for name in ApiKeyOut.model_fields}
    return fields | {"rate_limit": key.rate_limit or {}}
