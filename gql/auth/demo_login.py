"""Logs in to the demo data without a key or password, where `jackfield serve --local` serves it."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gql.auth.api_key_login import MAX_BODY, logged_in, require_this_site
from gql.errors import BadInput, GatewayError, NotFound, PayloadTooLarge
from gql.http.body import read_body_of
from gql.http.refusal import refusal
from gql.http.strict_json import NotJson, decode_json

_NO_SUCH_DEMO = "No demo data of this organization is served here."
_SHAPE = 'Send a JSON object of the form {"organization": 1}.'


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """An organization of the demo data, and the API key that logs in to it."""

    organization_id: int
    organization_name: str
    api_key: str = field(repr=False)


def read_demo_logins(path: Path | None) -> Mapping[int, DemoLogin]:
    """The logins of the file that `serve --local` keeps, by organization; none without a file."""
    if path is None or not path.exists():
        return {}
    organizations = json.loads(path.read_text())
    return {
        each["id"]: DemoLogin(each["id"], each["name"], each["api_key"]) for each in organizations
    }


async def list_demo_logins(request: Request) -> Response:
    """Say which organizations can be logged in to: none, but for demo data on this machine."""
    organizations = [
        {"id": login.organization_id, "name": login.organization_name}
        for login in _logins(request).values()
    ]
    return JSONResponse({"organizations": organizations}, headers={"Cache-Control": "no-store"})


async def log_in_to_demo(request: Request) -> Response:
    """Set the dashboard cookie of an organization of the demo data."""
    try:
        require_this_site(request)
        organization_id = await _organization_id(request)
        login = _logins(request).get(organization_id)
        if login is None:
            return refusal(NotFound("organization", organization_id), detail=_NO_SUCH_DEMO)
        return await logged_in(request, login.api_key)
    except GatewayError as error:
        return refusal(error)


ROUTES = (
    Route("/auth/demo", list_demo_logins, methods=["GET"]),
    Route("/auth/demo", log_in_to_demo, methods=["POST"]),
)


def _logins(request: Request) -> Mapping[int, DemoLogin]:
    """The logins for who sent a request: only a browser on this machine, at a name of this machine.

    By DNS rebinding a page of another site reaches a server on the visitor's machine under its own
    name: https://en.wikipedia.org/wiki/DNS_rebinding . The name in `Host` gives it away.
    """
    logins: Mapping[int, DemoLogin] = request.app.state.demo_logins
    client = request.client.host if request.client else ""
    is_local = _is_loopback(client) and _is_loopback(request.url.hostname or "")
    return logins if is_local else {}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _organization_id(request: Request) -> int:
    """The organization of a login body.

    Raises:
        BadInput: when the body is anything but an object with one.
    """
    try:
        body = decode_json(await read_body_of(request.scope, request.receive, MAX_BODY))
    except (PayloadTooLarge, NotJson, ClientDisconnect) as error:
        raise BadInput(_SHAPE) from error
    organization_id = body.get("organization") if isinstance(body, dict) else None
    if not isinstance(organization_id, int):
        raise BadInput(_SHAPE)
    return organization_id
