"""Logging in by password, and who is logged in."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from gql.accounts.passwords import LONGEST
from gql.accounts.people import LONGEST_EMAIL, PasswordClaim, Person
from gql.auth.middleware import password_login_of
from gql.domain.organizations import ORGANIZATIONS, USERS
from gql.identity import Method, Permission
from gql.kinds import OPEN, levels_of
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.query.context import Context
from gql.query.resource import Record
from gql.rest.responses import json_response
from gql.rest.route import Answer, route

TAG = "Authentication"


class SimpleLogin(BaseModel):
    """Who logs in."""

    email: str = Field(max_length=LONGEST_EMAIL, description="Capitals do not count.")
    password: SecretStr = Field(max_length=LONGEST)
    remember_me: bool | None = Field(False, description="For a month instead of a working day.")


class OrganizationLogin(SimpleLogin):
    """Who logs in, and where."""

    organization: str = Field(max_length=255, description="Its name or its id.")


class UserOut(BaseModel):
    """A person."""

    id: int
    organization_id: int
    email: str
    full_name: str
    role: str = Field(description="`admin` or `user`.")
    is_active: bool
    created_at: datetime


class OrganizationOut(BaseModel):
    """An organization."""

    id: int
    name: str


class TokenOut(BaseModel):
    """A login."""

    access_token: str | None = Field(
        description="To send as `Authorization: Bearer`; null when the gateway has no"
        " `GQL_JWT_SECRET`, and the cookie is all there is."
    )
    token_type: str
    user: UserOut
    organization: OrganizationOut


class MeOut(BaseModel):
    """The person behind a credential, in two forms: under `user`, and field by field beside it."""

    user: UserOut
    organization: OrganizationOut
    id: int
    email: str
    first_name: str = Field(description="`full_name` up to its first blank.")
    last_name: str = Field(description="The rest of it; empty for a name of one word.")
    organization_id: int
    is_active: bool
    created_at: datetime
    updated_at: datetime = Field(description="As `created_at`: changes of a person have no date.")


class InfoOut(BaseModel):
    """What a credential stands for."""

    authenticated: bool
    is_active: bool = Field(description="True: a person or key that is not is refused.")
    method: Method
    permissions: list[Permission]
    kinds: dict[str, str] | None = Field(
        description="The level of each kind of objects, for an API key that is limited to kinds."
    )
    user: UserOut | None = Field(description="Null for a credential of nobody in particular.")
    organization: OrganizationOut


_USER: dict[str, Any] = {
    "id": 1,
    "organization_id": 1,
    "email": "ada@northwind.example",
    "full_name": "Ada Brook",
    "role": "admin",
    "is_active": True,
    "created_at": "2025-01-19T10:00:00Z",
}
_OWN: dict[str, Any] = {"user": _USER, "organization": {"id": 1, "name": "Northwind"}}
_ME: dict[str, Any] = {
    **_OWN,
    "id": 1,
    "email": "ada@northwind.example",
    "first_name": "Ada",
    "last_name": "Brook",
    "organization_id": 1,
    "is_active": True,
    "created_at": "2025-01-19T10:00:00Z",
    "updated_at": "2025-01-19T10:00:00Z",
}
_TOKEN = {"access_token": "eyJhbGciOi...", "token_type": "bearer", **_OWN}
_SIMPLE = {"email": "ada@northwind.example", "password": "correct horse battery"}
_INFO = {
    "authenticated": True,
    "is_active": True,
    "method": "dashboard",
    "permissions": ["read", "write", "admin"],
    "kinds": None,
    **_OWN,
}
_LOGGED_IN = {200: Answer("A token, and the dashboard cookie.", TokenOut, _TOKEN)}
_REFUSALS = (401, 403, 429, 503)


@route(
    "POST",
    "/api/auth/login",
    tag=TAG,
    kinds=OPEN,
    summary="Log in to an organization",
    graphql="none: logging in stays REST",
    answers=_LOGGED_IN,
    errors=_REFUSALS,
    permission=None,
    secret=True,
    example={**_SIMPLE, "organization": "Northwind", "remember_me": False},
)
async def log_in(request: Request, body: OrganizationLogin) -> Response:
    """Exchange a password for a token, and for the dashboard cookie.

    An unknown account, a wrong password, another organization and a deactivated person get the same
    answer after the same time. After a few failures for the account or from the address, 429 says
    in `Retry-After` when to try again.
    """
    return await _log_in(request, body, organization=body.organization)


@route(
    "POST",
    "/api/auth/login/simple",
    tag=TAG,
    kinds=OPEN,
    summary="Log in",
    graphql="none: logging in stays REST",
    answers=_LOGGED_IN,
    errors=_REFUSALS,
    permission=None,
    secret=True,
    example=_SIMPLE,
)
async def log_in_simply(request: Request, body: SimpleLogin) -> Response:
    """The same without naming the organization: a person belongs to one alone."""
    return await _log_in(request, body)


@route(
    "GET",
    "/api/auth/me",
    tag=TAG,
    kinds=OPEN,
    summary="Get the person who asks",
    graphql="{ viewer { user { id email name } organization { id name } } }",
    answers={200: Answer("The person and their organization.", MeOut, _ME)},
)
async def get_me(context: Context) -> dict[str, Any]:
    """Who is behind the credential; 403 when that is nobody in particular."""
    context.identity.require_user()
    user = await _user(context)
    first_name, _, last_name = user["full_name"].partition(" ")
    flat = ("id", "email", "organization_id", "is_active", "created_at")
    return {
        "user": user,
        "organization": await _organization(context),
        **{name: user[name] for name in flat},
        "first_name": first_name,
        "last_name": last_name.strip(),
        "updated_at": user["created_at"],
    }


@route(
    "GET",
    "/api/auth/session/info",
    tag=TAG,
    kinds=OPEN,
    summary="Get what the credential stands for",
    graphql="{ viewer { method permissions kinds } }",
    answers={200: Answer("The credential.", InfoOut, _INFO)},
)
async def get_credential(context: Context) -> dict[str, Any]:
    """How the caller proved who they are, and what they may do."""
    identity = context.identity
    return {
        "authenticated": True,
        "is_active": True,
        "method": identity.method,
        "permissions": [word for word in Permission if word in identity.permissions],
        "kinds": None if identity.kinds is None else levels_of(identity.kinds),
        "user": None if identity.user_id is None else await _user(context),
        "organization": await _organization(context),
    }


async def _log_in(
    request: Request, body: SimpleLogin, *, organization: str | None = None
) -> Response:
    claim = PasswordClaim(body.email, body.password.get_secret_value(), organization)
    password_login = password_login_of(request.scope)
    logged_in = await password_login(request.scope, claim, remember_me=bool(body.remember_me))
    person = logged_in.person
    response = json_response(
        {
            "access_token": logged_in.token,
            "token_type": "bearer",
            "user": user_fields(person),
            "organization": {"id": person.organization_id, "name": person.organization_name},
        },
        headers={"Cache-Control": "no-store"},
    )
    logged_in.set_cookie(response)
    return response


async def _user(context: Context) -> dict[str, Any]:
    user_id = context.identity.require_user()
    return user_fields(await RecordByKeyLoader.of(context, USERS).require(user_id))


async def _organization(context: Context) -> dict[str, Any]:
    organizations = RecordByKeyLoader.of(context, ORGANIZATIONS)
    organization = await organizations.require(context.organization_id)
    return {"id": organization.id, "name": organization.name}


def user_fields(user: Person | Record) -> dict[str, Any]:
    """A person in the fields of `UserOut`."""
    return {
        "id": user.id,
        "organization_id": user.organization_id,
        "email": user.email,
        "full_name": user.name,
        "role": "admin" if user.is_admin else "user",
        "is_active": user.is_active,
        "created_at": user.created_at,
    }
