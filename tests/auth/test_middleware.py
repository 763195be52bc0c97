"""The middleware: what it costs when nobody asks, and what it keeps apart."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from gql.auth import CREDENTIALS
from gql.auth.middleware import Authentication, caller_of
from gql.database import Database
from gql.errors import Forbidden, Unauthenticated, Unavailable
from gql.identity import Identity, Method
from tests.auth.auth_app import READ_WRITE, AuthApp
from tests.auth.bare_middleware import decided_by, guard_of, nothing, pass_through
from tests.databases import settings_for


def test_the_kinds_of_credentials_are_tried_in_this_order() -> None:
    assert [kind.method for kind in CREDENTIALS] == [
        Method.API_KEY,
        Method.BEARER,
        Method.DASHBOARD,
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "jackfield_dashboard=stale"},
        {"Authorization": "Bearer burki_unknown"},
        {"Authorization": "\x00"},
    ],
)
async def test_a_public_page_costs_no_statement_and_minds_no_bad_credential(
    auth_app: AuthApp, headers: dict[str, str]
) -> None:
    auth_app.statements.clear()

    response = await auth_app.client.get("/public", headers=headers)

    assert (response.status_code, response.text) == (200, "public")
    assert auth_app.statements == []


async def test_callers_are_kept_apart_even_when_the_server_shares_one_state(
    auth_app: AuthApp,
) -> None:
    shared: dict[str, Any] = {"pool": "of the server"}
    guard = guard_of(auth_app)

    accepted = await decided_by(guard, _scope(auth_app.plaintext, state=shared))
    unknown = await decided_by(guard, _scope("burki_unknown", state=shared))

    assert accepted == Identity(
        auth_app.organization_id, Method.API_KEY, READ_WRITE, auth_app.user_id, auth_app.key.id
    )
    assert isinstance(unknown, Unauthenticated)
    assert shared == {"pool": "of the server"}


async def test_an_unreachable_database_is_unavailable_and_recovers(
    auth_app: AuthApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = guard_of(auth_app)
    with monkeypatch.context() as broken:
        broken.setattr(Database, "snapshot", _refuse)
        down = await decided_by(guard, _scope(auth_app.plaintext))
    up = await decided_by(guard, _scope(auth_app.plaintext))

    assert isinstance(down, Unavailable)
    assert isinstance(up, Identity)


async def test_two_questions_of_one_request_have_one_answer(auth_app: AuthApp) -> None:
    async def ask_twice(scope: Scope, _receive: Receive, _send: Send) -> None:
        one, two = await asyncio.gather(caller_of(scope), caller_of(scope))
        assert isinstance(one, Identity)
        assert one is two

    await pass_through(
        Authentication(ask_twice, auth_app.database, auth_app.settings), _scope(auth_app.plaintext)
    )


@pytest.mark.parametrize(
    ("scheme", "origin", "let_in"),
    [
        ("ws", b"http://gateway.test", True),
        ("wss", b"https://gateway.test", True),
        ("wss", b"http://gateway.test", False),
        ("ws", b"http://evil.test", False),
        ("ws", None, False),
    ],
)
async def test_a_websocket_with_a_cookie_needs_the_same_origin(
    auth_app: AuthApp, scheme: str, origin: bytes | None, *, let_in: bool
) -> None:
    cookie = (await auth_app.logged_in()).cookies["jackfield_dashboard"]
    headers = [(b"host", b"gateway.test"), (b"cookie", f"jackfield_dashboard={cookie}".encode())]
    if origin is not None:
        headers.append((b"origin", origin))

    caller = await decided_by(
        guard_of(auth_app), {"type": "websocket", "scheme": scheme, "headers": headers}
    )

    assert isinstance(caller, Identity if let_in else Forbidden)


async def test_without_a_host_no_origin_is_the_same(auth_app: AuthApp) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(b"cookie", b"jackfield_dashboard=x"), (b"origin", b"http://gateway.test")],
    }

    assert isinstance(await decided_by(guard_of(auth_app), scope), Forbidden)


def test_a_setting_that_cannot_be_used_stops_the_start(auth_app: AuthApp) -> None:
    settings = settings_for(auth_app.settings.database_url, jwt_secret="short")

    with pytest.raises(ValueError, match="GQL_JWT_SECRET needs at least 32 bytes"):
        Authentication(nothing, auth_app.database, settings)


def _scope(token: str, **more: Any) -> dict[str, Any]:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return {"type": "http", "method": "GET", "headers": headers, **more}


def _refuse(_database: Database) -> None:
    raise Unavailable("The database cannot be reached right now; try again.")
