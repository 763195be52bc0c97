"""How the dashboard cookie is set."""

from starlette.responses import Response
from starlette.types import Scope

from gql.auth.credential_source import COOKIE
from gql.auth.csrf import is_secure


def set_cookie(response: Response, content: str, *, scope: Scope, seconds: int) -> None:
    """Have the browser send `content` along for some seconds; over TLS only, if it comes so."""
    response.set_cookie(
        COOKIE,
        content,
        max_age=seconds,
        secure=is_secure(scope),
        httponly=True,
        samesite="lax",
    )
