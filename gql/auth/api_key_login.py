"""Logs in to the dashboard with an API key, and out again."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gql.auth.cookie import set_cookie
from gql.auth.credential_source import COOKIE, dashboard_cookies
from gql.auth.csrf import OTHER_SITE, forgeable, from_another_site, is_secure
from gql.auth.middleware import authenticator_of
from gql.errors import BadInput, Forbidden, GatewayError, PayloadTooLarge
from gql.http.body import read_body_of
from gql.http.refusal import refusal
from gql.http.strict_json import NotJson, decode_json

MAX_BODY = 10_000
"""Most bytes of a login body; a key has 38."""

_SHAPE = 'Send a JSON object of the form {"api_key": "burki_..."}.'


async def log_in_by_api_key(request: Request) -> Response:
    """Exchange an API key for a dashboard cookie."""
    try:
        require_this_site(request)
        return await logged_in(request, await _api_key(request))
    except GatewayError as error:
        return refusal(error)


async def log_out(request: Request) -> Response:
    """End the login of the cookie, or of a login's token, and clear the cookie, valid or not."""
    scope = request.scope
    if dashboard_cookies(scope) and forgeable(scope):
        return refusal(Forbidden(OTHER_SITE))
    try:
        await authenticator_of(scope).log_out(scope)
    except GatewayError as error:
        return refusal(error)
    response = JSONResponse({"success": True}, headers={"Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, secure=is_secure(request.scope), httponly=True, samesite="lax")
    return response


def require_this_site(request: Request) -> None:
    """Pass unless a page of another site sent the request.

    That would be login CSRF: such a page could log its visitors in as itself, and read what they
    then do.

    Raises:
        Forbidden: when one did.
    """
    if from_another_site(request.scope):
        raise Forbidden(OTHER_SITE)


async def logged_in(request: Request, api_key: str) -> Response:
    """The answer to a login: the organization, the permissions, and the cookie.

    Raises:
        Unauthenticated: when the key is not good.
        Unavailable: when there is no key to sign cookies with, or no database.
    """
    exchanged = await authenticator_of(request.scope).exchange(api_key)
    response = JSONResponse(
        {
            "organization": {
                "id": exchanged.verified.identity.organization_id,
                "name": exchanged.verified.organization_name,
            },
            "permissions": sorted(exchanged.verified.identity.permissions),
        },
        headers={"Cache-Control": "no-store"},
    )
    set_cookie(response, exchanged.cookie, scope=request.scope, seconds=exchanged.seconds)
    return response


ROUTES = (
    Route("/auth/login", log_in_by_api_key, methods=["POST"]),
    Route("/auth/logout", log_out, methods=["POST"]),
)


async def _api_key(request: Request) -> str:
    """The key of a login body.

    Raises:
        BadInput: when the body is anything but an object with one.
    """
    try:
        body = decode_json(await read_body_of(request.scope, request.receive, MAX_BODY))
    except PayloadTooLarge as error:
        raise BadInput(f"{error.message} {_SHAPE}") from error
    except (NotJson, ClientDisconnect) as error:
        raise BadInput(_SHAPE) from error
    api_key = body.get("api_key") if isinstance(body, dict) else None
    if not isinstance(api_key, str) or not api_key.strip():
        raise BadInput(_SHAPE)
    return api_key.strip()
