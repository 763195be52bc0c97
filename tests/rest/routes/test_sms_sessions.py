"""Live SMS sessions through REST, kept in the database and in Redis."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from gql.identity import Permission
from gql.models.audit_log import AuditLog
from gql.models.scope import table_of
from gql.rest.routes import ROUTES
from gql.rest.routes.sms_sessions import TAG
from tests.conftest import PassSeconds
from tests.databases import Copy, Databases, Kind
from tests.redis_server import RedisServer, unused_url
from tests.rest.sms_app import ASSISTANT, CUSTOMER, SmsApp, running_sms_app
from tests.statements import count

BASE = "/api/v1/sms-sessions"
DOWN = {"detail": "The store of SMS sessions (Redis) cannot be reached right now; try again."}
AUDIT = table_of(AuditLog)


def counted(active: int, ttl: int = 86_400) -> tuple[int, dict[str, Any]]:
    return 200, {"success": True, "data": {"active_sessions": active, "ttl_seconds": ttl}}


def cleared(number: int) -> tuple[int, dict[str, Any]]:
    return 200, {"success": True, "message": "SMS sessions cleared", "cleared_count": number}


def cleaned(number: int) -> tuple[int, dict[str, Any]]:
    message = "Expired SMS sessions cleaned up"
    return 200, {"success": True, "message": message, "cleaned_count": number}


ENDED = (200, {"success": True, "message": "SMS session cleared"})


def no_pair(pair: str) -> tuple[int, dict[str, Any]]:
    return 404, {"detail": f"There is no sms session {pair} in your organization."}


@pytest.fixture(scope="module", params=["database", "redis"])
async def shared_sms_app(
    request: pytest.FixtureRequest, databases: Databases, kind: Kind, redis_server: RedisServer
) -> AsyncIterator[SmsApp]:
    copy = await databases.copy(kind)
    async with running_sms_app(
        copy, redis_server.url if request.param == "redis" else None
    ) as shared_sms_app:
        yield shared_sms_app
    await databases.drop(copy.url)


@pytest.fixture
async def sms_app(shared_sms_app: SmsApp) -> AsyncIterator[SmsApp]:
    """One application for all, as every test leaves it without sessions."""
    yield shared_sms_app
    await shared_sms_app.sms_sessions.clear(1)
    await shared_sms_app.sms_sessions.clear(2)


async def keep(sms_app: SmsApp, number: int, organization: int = 1) -> None:
    for index in range(number):
        await sms_app.sms_sessions.start(organization, f"+1555000{index:04}", ASSISTANT, {})


async def audited(sms_app: SmsApp) -> list[tuple[Any, ...]]:
    columns = (AUDIT.c.action, AUDIT.c.object_type, AUDIT.c.object_id, AUDIT.c.before)
    async with sms_app.database.engine.connect() as connection:
        result = await connection.execute(select(*columns).order_by(AUDIT.c.id))
        return [tuple(row) for row in result]


@pytest.mark.parametrize("slash", ["", "/"])
async def test_they_are_counted_and_cleared(sms_app: SmsApp, slash: str) -> None:
    await keep(sms_app, 12)

    assert await sms_app.ask("GET", BASE + slash) == counted(12)
    assert await sms_app.ask("DELETE", BASE + slash) == cleared(12)
    assert await sms_app.ask("GET", BASE + slash) == counted(0)
    assert await sms_app.ask("DELETE", BASE + slash) == cleared(0)


async def test_another_organization_neither_sees_nor_clears_them(sms_app: SmsApp) -> None:
    await keep(sms_app, 3)
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})
    theirs = {"headers": sms_app.stranger}

    assert await sms_app.ask("GET", BASE, **theirs) == counted(0)
    assert await sms_app.ask("DELETE", BASE, **theirs) == cleared(0)
    assert await sms_app.ask("POST", f"{BASE}/cleanup", **theirs) == cleaned(0)
    pair = f"{CUSTOMER}/{ASSISTANT}"
    assert await sms_app.ask("DELETE", f"{BASE}/{pair}", **theirs) == no_pair(pair)
    assert await sms_app.ask("GET", BASE) == counted(4)


@pytest.mark.parametrize(
    "spelled", ["+15559876543", "15559876543", "%2B15559876543", "+1%20(555)%20987-6543"]
)
async def test_one_is_ended_however_its_number_is_spelled(sms_app: SmsApp, spelled: str) -> None:
    await keep(sms_app, 2)
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    assert await sms_app.ask("DELETE", f"{BASE}/{spelled}/{ASSISTANT}") == ENDED
    assert await sms_app.sms_sessions.find(1, CUSTOMER, ASSISTANT) is None
    assert await sms_app.ask("GET", BASE) == counted(2)


@pytest.mark.parametrize(
    "pair", ["+15559876543/123", "+1555/124", "anna/124", "+15559876543/0", "+15559876543/-124"]
)
async def test_a_pair_without_a_session_is_not_found(sms_app: SmsApp, pair: str) -> None:
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    assert await sms_app.ask("DELETE", f"{BASE}/{pair}") == no_pair(pair)
    assert await sms_app.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}/") == ENDED
    assert await sms_app.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}") == no_pair(
        f"{CUSTOMER}/{ASSISTANT}"
    )


async def test_an_assistant_that_is_no_number_does_not_fit(sms_app: SmsApp) -> None:
    status, body = await sms_app.ask("DELETE", f"{BASE}/{CUSTOMER}/x")

    assert (status, body["detail"][0]["loc"]) == (422, ["path", "assistant_id"])
    assert (await sms_app.ask("DELETE", f"{BASE}/{CUSTOMER}/{10**30}"))[0] == 404


async def test_they_run_out_after_the_time_to_live(
    fresh: Copy, redis_server: RedisServer, pass_seconds: PassSeconds
) -> None:
    """The database cleans up what Redis has removed by itself."""
    for url, expired in ((None, 3), (redis_server.url, 0)):
        async with running_sms_app(fresh, url, sms_session_ttl=3600) as sms_app:
            await keep(sms_app, 3)
            assert await sms_app.ask("GET", BASE) == counted(3, 3600)

            await pass_seconds(3600)

            assert await sms_app.ask("GET", BASE) == counted(0, 3600)
            assert await sms_app.ask("POST", f"{BASE}/cleanup/") == cleaned(expired)
            assert await sms_app.ask("POST", f"{BASE}/cleanup") == cleaned(0)
            await sms_app.sms_sessions.clear(1)


async def test_a_restart_of_the_gateway_keeps_them(fresh: Copy) -> None:
    async with running_sms_app(fresh) as sms_app:
        await keep(sms_app, 2)

    async with running_sms_app(fresh) as sms_app:
        assert await sms_app.ask("GET", BASE) == counted(2)


async def test_every_change_is_in_the_audit_log(sms_app: SmsApp) -> None:
    """Nothing there names a customer."""
    await keep(sms_app, 2)
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})
    earlier = len(await audited(sms_app))

    await sms_app.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}")
    await sms_app.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}")
    await sms_app.ask("POST", f"{BASE}/cleanup")
    await sms_app.ask("DELETE", BASE)

    assert (await audited(sms_app))[earlier:] == [
        ("sms_session.end", "sms_session", None, {"assistant_id": 124}),
        ("sms_session.clean_up", "sms_session", None, {"sms_sessions": 0}),
        ("sms_session.clear", "sms_session", None, {"sms_sessions": 2}),
    ]


async def test_a_retried_clearing_is_answered_as_the_first_time(sms_app: SmsApp) -> None:
    await keep(sms_app, 5)
    retried = {"headers": {"Idempotency-Key": "clear-1"}}

    assert await sms_app.ask("DELETE", BASE, **retried) == cleared(5)
    await keep(sms_app, 1)
    assert await sms_app.ask("DELETE", BASE, **retried) == cleared(5)
    assert await sms_app.ask("GET", BASE) == counted(1)


@pytest.mark.parametrize(
    ("method", "path", "database", "redis"),
    [
        ("GET", "", 1, 0),
        ("DELETE", "", 3, 1),
        ("POST", "/cleanup", 2, 1),
        ("DELETE", f"/{CUSTOMER}/{ASSISTANT}", 2, 1),
    ],
)
async def test_each_route_takes_a_fixed_number_of_statements(
    sms_app: SmsApp, method: str, path: str, database: int, redis: int
) -> None:
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    with count(sms_app.running.log) as ran:
        status, _ = await sms_app.ask(method, BASE + path)

    expected = database if sms_app.sms_sessions.joins_transactions else redis
    assert (status, ran.count) == (200, expected), ran.texts


async def test_a_redis_that_is_down_is_said_so(fresh: Copy) -> None:
    async with running_sms_app(fresh, unused_url()) as sms_app:
        assert await sms_app.ask("GET", BASE) == (503, DOWN)
        assert await sms_app.ask("DELETE", BASE) == (503, DOWN)
        assert await sms_app.ask("POST", f"{BASE}/cleanup") == (503, DOWN)
        assert await sms_app.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}") == (503, DOWN)
        assert await audited(sms_app) == []
        assert (await sms_app.ask("GET", "/api/v1/sms-conversations"))[0] == 200


def test_reading_needs_read_and_everything_else_write() -> None:
    assert {(route.method, route.permission) for route in ROUTES if route.tag == TAG} == {
        ("GET", Permission.READ),
        ("POST", Permission.WRITE),
        ("DELETE", Permission.WRITE),
    }
