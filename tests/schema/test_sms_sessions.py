"""Live SMS sessions through GraphQL, kept in the database and in Redis."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.databases import Copy, Databases, Kind
from tests.redis_server import RedisServer, unused_url
from tests.rest.sms_app import ASSISTANT, CUSTOMER, SmsApp, running_sms_app
from tests.statements import count

LIVE = "{ smsSessions { activeSessions ttlSeconds } }"
CLEAR = """mutation($input: ClearSmsSessionsInput!) { clearSmsSessions(input: $input) {
    clearedCount clientMutationId userErrors { message code path } } }"""
CLEAN_UP = """mutation { cleanUpSmsSessions(input: {}) {
    cleanedCount userErrors { message code path } } }"""
END = """mutation($number: String!, $assistant: ID!) {
    endSmsSession(input: {customerPhoneNumber: $number, assistantId: $assistant}) {
        ended userErrors { message code path } } }"""


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
    await shared_sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {"turn_count": 1})
    await shared_sms_app.sms_sessions.start(1, "+15550001111", ASSISTANT, {})
    await shared_sms_app.sms_sessions.start(2, CUSTOMER, ASSISTANT, {})
    yield shared_sms_app
    await shared_sms_app.sms_sessions.clear(1)
    await shared_sms_app.sms_sessions.clear(2)


async def live(sms_app: SmsApp) -> dict[str, Any]:
    answer = await sms_app.graphql(LIVE)
    assert "errors" not in answer, answer
    sessions: dict[str, Any] = answer["data"]["smsSessions"]
    return sessions


async def test_they_are_counted(sms_app: SmsApp) -> None:
    with count(sms_app.running.log) as ran:
        sessions = await live(sms_app)

    assert sessions == {"activeSessions": 2, "ttlSeconds": 86_400}
    assert ran.count == (1 if sms_app.sms_sessions.joins_transactions else 0)


async def test_clearing_counts_and_keeps_what_others_have(sms_app: SmsApp) -> None:
    answer = await sms_app.graphql(CLEAR, input={"clientMutationId": "mine"})

    assert answer["data"]["clearSmsSessions"] == {
        "clearedCount": 2,
        "clientMutationId": "mine",
        "userErrors": [],
    }
    assert (await live(sms_app))["activeSessions"] == 0
    assert await sms_app.sms_sessions.count(2) == 1


async def test_a_retried_clearing_is_answered_as_the_first_time(sms_app: SmsApp) -> None:
    retried = {"idempotencyKey": "one"}
    first = await sms_app.graphql(CLEAR, input=retried)
    await sms_app.sms_sessions.start(1, CUSTOMER, ASSISTANT, {})

    assert await sms_app.graphql(CLEAR, input=retried) == first
    assert (await live(sms_app))["activeSessions"] == 1


async def test_cleaning_up_leaves_what_lives(sms_app: SmsApp) -> None:
    answer = await sms_app.graphql(CLEAN_UP)

    assert answer["data"]["cleanUpSmsSessions"] == {"cleanedCount": 0, "userErrors": []}
    assert (await live(sms_app))["activeSessions"] == 2


@pytest.mark.parametrize("assistant", ["assistant_124", "124"])
async def test_one_is_ended(sms_app: SmsApp, assistant: str) -> None:
    answer = await sms_app.graphql(END, number="1 (555) 987-6543", assistant=assistant)

    assert answer["data"]["endSmsSession"] == {"ended": True, "userErrors": []}
    assert await sms_app.sms_sessions.find(1, CUSTOMER, ASSISTANT) is None
    assert await sms_app.sms_sessions.count(1) == 1


async def test_one_that_is_not_there_is_a_user_error(sms_app: SmsApp) -> None:
    answer = await sms_app.graphql(END, number="+1999", assistant="124")

    assert answer["data"]["endSmsSession"] == {
        "ended": False,
        "userErrors": [
            {
                "message": "There is no sms session +1999/124 in your organization.",
                "code": "NOT_FOUND",
                "path": ["input", "customerPhoneNumber"],
            }
        ],
    }


async def test_an_id_of_something_else_is_a_user_error(sms_app: SmsApp) -> None:
    answer = await sms_app.graphql(END, number=CUSTOMER, assistant="call_124")

    (error,) = answer["data"]["endSmsSession"]["userErrors"]
    assert error["path"] == ["input", "assistantId"]
    assert await sms_app.sms_sessions.count(1) == 2


async def test_a_redis_that_is_down_takes_nothing_else_along(fresh: Copy) -> None:
    async with running_sms_app(fresh, unused_url()) as sms_app:
        answer = await sms_app.graphql(
            '{ smsSessions { activeSessions } smsConversation(id: "102") { databaseId } }'
        )
        refused = await sms_app.graphql(CLEAR, input={})

    assert answer["data"] == {"smsSessions": None, "smsConversation": {"databaseId": 102}}
    for errors in (answer["errors"], refused["errors"]):
        (error,) = errors
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["message"] == (
            "The store of SMS sessions (Redis) cannot be reached right now; try again."
        )
