"""Live SMS sessions through REST, kept in the database and in Redis."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from gql.identity import Permission
from gql.models.audit_log import AuditLog
from gql.models.scope import table_of
from gql.rest.routes import ROUTES
from gql.rest.routes.sms_sessions import TAG
from tests.databases import Copy, Databases, Kind
from tests.redis_server import RedisServer, unused_url
from tests.rest.sms import ASSISTANT, CUSTOMER, House, house
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
async def standing(
    request: pytest.FixtureRequest, databases: Databases, kind: Kind, redis_server: RedisServer
) -> AsyncIterator[House]:
    copy = await databases.copy(kind)
    async with house(copy, redis_server.url if request.param == "redis" else None) as standing:
        yield standing
    await databases.drop(copy.url)


@pytest.fixture
async def home(standing: House) -> AsyncIterator[House]:
    """One application for all, as every test leaves it without sessions."""
    yield standing
    await standing.sms_sessions.clear(1)
    await standing.sms_sessions.clear(2)


async def keep(home: House, number: int, organization: int = 1) -> None:
    for index in range(number):
        await home.sms_sessions.start(organization, f"+1555000{index:04}", ASSISTANT, {})


async def audited(home: House) -> list[tuple[Any, ...]]:
    columns = (AUDIT.c.action, AUDIT.c.object_type, AUDIT.c.object_id, AUDIT.c.before)
    async with home.database.engine.connect() as connection:
        result = await connection.execute(select(*columns).order_by(AUDIT.c.id))
        return [tuple(row) for row in result]


@pytest.mark.parametrize("slash", ["", "/"])
async def test_they_are_counted_and_cleared(home: House, slash: str) -> None:
    await keep(home, 12)

    assert await home.ask("GET", BASE + slash) == counted(12)
    assert await home.ask("DELETE", BASE + slash) == cleared(12)
    assert await home.ask("GET", BASE + slash) == counted(0)
    assert await home.ask("DELETE", BASE + slash) == cleared(0)


async def test_another_organization_neither_sees_nor_clears_them(home: House) -> None:
    await keep(home, 3)
    await home.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})
    theirs = {"headers": home.stranger}

    assert await home.ask("GET", BASE, **theirs) == counted(0)
    assert await home.ask("DELETE", BASE, **theirs) == cleared(0)
    assert await home.ask("POST", f"{BASE}/cleanup", **theirs) == cleaned(0)
    pair = f"{CUSTOMER}/{ASSISTANT}"
    assert await home.ask("DELETE", f"{BASE}/{pair}", **theirs) == no_pair(pair)
    assert await home.ask("GET", BASE) == counted(4)


@pytest.mark.parametrize(
    "spelled", ["+15559876543", "15559876543", "%2B15559876543", "+1%20(555)%20987-6543"]
)
async def test_one_is_ended_however_its_number_is_spelled(home: House, spelled: str) -> None:
    await keep(home, 2)
    await home.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    assert await home.ask("DELETE", f"{BASE}/{spelled}/{ASSISTANT}") == ENDED
    assert await home.sms_sessions.find(1, CUSTOMER, ASSISTANT) is None
    assert await home.ask("GET", BASE) == counted(2)


@pytest.mark.parametrize(
    "pair", ["+15559876543/123", "+1555/124", "anna/124", "+15559876543/0", "+15559876543/-124"]
)
async def test_a_pair_without_a_session_is_not_found(home: House, pair: str) -> None:
    await home.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    assert await home.ask("DELETE", f"{BASE}/{pair}") == no_pair(pair)
    assert await home.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}/") == ENDED
    assert await home.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}") == no_pair(
        f"{CUSTOMER}/{ASSISTANT}"
    )


async def test_an_assistant_that_is_no_number_does_not_fit(home: House) -> None:
    status, body = await home.ask("DELETE", f"{BASE}/{CUSTOMER}/x")

    assert (status, body["detail"][0]["loc"]) == (422, ["path", "assistant_id"])
    assert (await home.ask("DELETE", f"{BASE}/{CUSTOMER}/{10**30}"))[0] == 404


async def test_they_run_out_after_the_time_to_live(fresh: Copy, redis_server: RedisServer) -> None:
    """The database cleans up what Redis has removed by itself."""
    for url, expired in ((None, 3), (redis_server.url, 0)):
        async with house(fresh, url, sms_session_ttl=1) as home:
            await keep(home, 3)
            assert await home.ask("GET", BASE) == counted(3, 1)

            await asyncio.sleep(1.05)

            assert await home.ask("GET", BASE) == counted(0, 1)
            assert await home.ask("POST", f"{BASE}/cleanup/") == cleaned(expired)
            assert await home.ask("POST", f"{BASE}/cleanup") == cleaned(0)
            await home.sms_sessions.clear(1)


async def test_a_restart_of_the_gateway_keeps_them(fresh: Copy) -> None:
    async with house(fresh) as home:
        await keep(home, 2)

    async with house(fresh) as home:
        assert await home.ask("GET", BASE) == counted(2)


async def test_every_change_is_in_the_audit_log(home: House) -> None:
    """Nothing there names a customer."""
    await keep(home, 2)
    await home.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})
    earlier = len(await audited(home))

    await home.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}")
    await home.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}")
    await home.ask("POST", f"{BASE}/cleanup")
    await home.ask("DELETE", BASE)

    assert (await audited(home))[earlier:] == [
        ("sms_session.end", "sms_session", None, {"assistant_id": 124}),
        ("sms_session.clean_up", "sms_session", None, {"sms_sessions": 0}),
        ("sms_session.clear", "sms_session", None, {"sms_sessions": 2}),
    ]


async def test_a_retried_clearing_is_answered_as_the_first_time(home: House) -> None:
    await keep(home, 5)
    retried = {"headers": {"Idempotency-Key": "clear-1"}}

    assert await home.ask("DELETE", BASE, **retried) == cleared(5)
    await keep(home, 1)
    assert await home.ask("DELETE", BASE, **retried) == cleared(5)
    assert await home.ask("GET", BASE) == counted(1)


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
    home: House, method: str, path: str, database: int, redis: int
) -> None:
    await home.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    with count(home.running.log) as ran:
        status, _ = await home.ask(method, BASE + path)

    expected = database if home.sms_sessions.joins_transactions else redis
    assert (status, ran.count) == (200, expected), ran.texts


async def test_a_redis_that_is_down_is_said_so(fresh: Copy) -> None:
    async with house(fresh, unused_url()) as home:
        assert await home.ask("GET", BASE) == (503, DOWN)
        assert await home.ask("DELETE", BASE) == (503, DOWN)
        assert await home.ask("POST", f"{BASE}/cleanup") == (503, DOWN)
        assert await home.ask("DELETE", f"{BASE}/{CUSTOMER}/{ASSISTANT}") == (503, DOWN)
        assert await audited(home) == []
        assert (await home.ask("GET", "/api/v1/sms-conversations"))[0] == 200


def test_reading_needs_read_and_everything_else_write() -> None:
    assert {(route.method, route.permission) for route in ROUTES if route.tag == TAG} == {
        ("GET", Permission.READ),
        ("POST", Permission.WRITE),
        ("DELETE", Permission.WRITE),
    }
