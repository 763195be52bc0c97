"""The HTTP answer to a refused caller."""

from starlette.responses import JSONResponse

from gql.errors import GatewayError


def refusal(error: GatewayError) -> JSONResponse:
    """`{"detail": ...}` with the status of the error; a 401 says which scheme to use."""
    challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}  # noqa: PLR2004
    return JSONResponse(
        {"detail": error.message},
        status_code=error.status,
        headers={"Cache-Control": "no-store", **challenge},
    )
