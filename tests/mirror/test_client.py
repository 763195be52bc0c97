"""The client tries again as servers ask it to, and says what to do where that does not help."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx2
import pytest

from gql.mirror.client import (
    LONGEST_RETRY_AFTER,
    MOST_ATTEMPTS,
    ParametersRefused,
    SourceClient,
    SourceFailure,
)
from tests.mirror.faults import Clock, client_of

START = datetime(2026, 4, 1, 12, tzinfo=UTC)
DATE = {"date": "Wed, 01 Apr 2026 11:59:58 GMT"}
SERVED_AT = START - timedelta(seconds=2)


def answering(*responses: httpx2.Response | Exception) -> tuple[SourceClient, Clock]:
    """A client of a server that answers so, one after the other."""
    left = list(responses)

    def answer(_request: httpx2.Request) -> httpx2.Response:
        response = left.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    clock = Clock(START)
    return client_of(httpx2.MockTransport(answer), clock), clock


async def test_an_answer_keeps_every_digit_and_the_servers_time() -> None:
    client, _ = answering(httpx2.Response(200, headers=DATE, content=b'{"cost": 0.10}'))

    answer = await client.get("/x")

    assert answer is not None
    assert (str(answer.value["cost"]), type(answer.value["cost"])) == ("0.10", Decimal)
    assert answer.read_at == SERVED_AT


async def test_answers_of_one_second_are_told_apart_in_their_order() -> None:
    client, _ = answering(*[httpx2.Response(200, headers=DATE, json=[]) for _ in range(3)])

    instants = [answer.read_at for _ in range(3) if (answer := await client.get("/x"))]

    assert instants == [SERVED_AT + timedelta(microseconds=number) for number in range(3)]


async def test_a_servers_clock_that_is_far_ahead_is_not_believed() -> None:
    ahead = {"date": "Thu, 01 Apr 2027 12:00:00 GMT"}
    client, _ = answering(httpx2.Response(200, headers=ahead, json=[]))

    answer = await client.get("/x")

    assert answer is not None
    assert answer.read_at == START + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "Wed, 01 Apr 2026 12:00:28 GMT", **DATE}, 30),
        ({"retry-after": "999999"}, LONGEST_RETRY_AFTER),
        ({}, 0.25),
    ],
)
async def test_it_waits_for_as_long_as_the_server_says(
    headers: dict[str, str], pause: float
) -> None:
    client, clock = answering(httpx2.Response(429, headers=headers), httpx2.Response(200, json=[]))

    assert await client.get("/x") is not None
    assert clock.slept == [pause]
    assert (client.counts.sent, client.counts.limited) == (2, 1)


async def test_pauses_grow_by_chance_and_end() -> None:
    client, clock = answering(*[httpx2.Response(503)] * MOST_ATTEMPTS)

    with pytest.raises(SourceFailure, match=r"after 10 attempts: it answers 503") as failure:
        await client.get("/x")

    assert clock.slept == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert "goes on where it stopped" in failure.value.advice


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadError("reset"),
        httpx2.RemoteProtocolError("cut"),
        httpx2.ReadTimeout("late"),
        httpx2.Response(200, content=b'[{"id": 1}, {"i'),
        httpx2.Response(200, content=b""),
    ],
)
async def test_what_is_cut_off_is_asked_for_again(fault: httpx2.Response | Exception) -> None:
    client, _ = answering(fault, httpx2.Response(200, json=[1]))

    answer = await client.get("/x")

    assert answer is not None
    assert (answer.value, client.counts.sent, client.counts.cut) == ([1], 2, 1)


@pytest.mark.parametrize("status", [404, 405, 410])
async def test_what_is_not_there_is_none(status: int) -> None:
    client, _ = answering(httpx2.Response(status, json={"detail": "Not Found"}))

    assert await client.get("/x") is None


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "API key"), (403, "API key"), (400, "address"), (422, "REST")]
)
async def test_a_refusal_ends_the_run_at_once(status: int, advice: str) -> None:
    client, clock = answering(httpx2.Response(status))

    with pytest.raises(SourceFailure, match=f"answers {status} to GET /x") as failure:
        await client.get("/x")

    assert advice in failure.value.advice
    assert isinstance(failure.value, ParametersRefused) is (status == 422)
    assert clock.slept == []
