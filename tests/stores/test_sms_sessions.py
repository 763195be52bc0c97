"""What every store of SMS sessions does, in SQLite, in PostgreSQL and in Redis."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gql.errors import BadInput
from gql.models.types import now
from gql.stores import SmsActivity, SmsSessionStore
from tests.conftest import PassSeconds
from tests.stores.conftest import OpenStore

BRIEF, LASTING = 3_600, 36_000
"""Seconds; that much less or more than the time that a test takes."""
ANNA, BEN = "+15559876543", "+15550001111"
STATE: dict[str, Any] = {
    "turn_count": 3,
    "customer_name": "Zoë",
    "asked": ["when", None, 4.5],
    "nested": {"confirmed": False},
}


async def test_a_state_is_found_as_it_was_kept(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.start(1, ANNA, 124, STATE)

    state = await sms_sessions.find(1, ANNA, 124)

    assert state == STATE
    assert list(state or ()) == list(STATE)


async def test_a_pair_without_a_state_has_none(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.start(1, ANNA, 124, STATE)

    assert await sms_sessions.find(1, ANNA, 123) is None
    assert await sms_sessions.find(1, BEN, 124) is None


async def test_a_number_counts_by_its_digits(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.start(1, "+1 (555) 987-6543", 124, STATE)

    assert await sms_sessions.find(1, "15559876543", 124) == STATE
    assert await sms_sessions.end(1, "1.555.987.6543", 124) is True


async def test_text_without_digits_is_no_customer(sms_sessions: SmsSessionStore) -> None:
    with pytest.raises(BadInput, match="'anna' is not a phone number: it has no digits"):
        await sms_sessions.start(1, "anna", 124, STATE)

    assert await sms_sessions.find(1, "anna", 124) is None
    assert await sms_sessions.end(1, "anna", 124) is False
    assert await sms_sessions.count(1) == 0


async def test_starting_again_replaces_the_state(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.start(1, ANNA, 124, STATE)
    await sms_sessions.start(1, ANNA, 124, {"turn_count": 4})

    assert await sms_sessions.find(1, ANNA, 124) == {"turn_count": 4}
    assert await sms_sessions.count(1) == 1


async def test_ending_is_said_once(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.start(1, ANNA, 124, STATE)
    await sms_sessions.start(1, ANNA, 123, STATE)

    assert await sms_sessions.end(1, ANNA, 124) is True
    assert await sms_sessions.end(1, ANNA, 124) is False
    assert await sms_sessions.find(1, ANNA, 124) is None
    assert await sms_sessions.find(1, ANNA, 123) == STATE


async def test_clearing_says_how_many_there_were(sms_sessions: SmsSessionStore) -> None:
    for number in range(25):
        await sms_sessions.start(1, f"+1555{number:07}", 124, {})

    assert await sms_sessions.count(1) == 25
    assert await sms_sessions.clear(1) == 25
    assert await sms_sessions.count(1) == 0
    assert await sms_sessions.clear(1) == 0


async def test_another_organization_sees_and_ends_nothing(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.start(1, ANNA, 124, STATE)

    assert await sms_sessions.count(2) == 0
    assert await sms_sessions.find(2, ANNA, 124) is None
    assert await sms_sessions.end(2, ANNA, 124) is False
    assert await sms_sessions.clear(2) == 0
    assert await sms_sessions.clean_up(2) == 0
    # A number that begins like the owner's is another organization all the same.
    assert await sms_sessions.count(12) == 0
    assert await sms_sessions.clear(12) == 0

    assert await sms_sessions.find(1, ANNA, 124) == STATE


async def test_the_same_pair_of_two_organizations_is_two(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.start(1, ANNA, 124, {"whose": 1})
    await sms_sessions.start(2, ANNA, 124, {"whose": 2})

    assert await sms_sessions.clear(2) == 1
    assert await sms_sessions.find(1, ANNA, 124) == {"whose": 1}


async def test_a_state_ends_when_its_time_has_run_out(
    open_store: OpenStore, pass_seconds: PassSeconds
) -> None:
    brief, lasting = open_store(BRIEF), open_store(LASTING)
    await brief.start(1, ANNA, 124, STATE)
    await lasting.start(1, BEN, 124, STATE)
    await pass_seconds(BRIEF / 2)
    assert await lasting.count(1) == 2

    await pass_seconds(BRIEF / 2)

    assert await lasting.find(1, ANNA, 124) is None
    assert await lasting.count(1) == 1
    assert await lasting.end(1, ANNA, 124) is False
    assert await lasting.clear(1) == 1


async def test_keeping_a_state_begins_its_time_anew(
    open_store: OpenStore, pass_seconds: PassSeconds
) -> None:
    brief, lasting = open_store(BRIEF), open_store(LASTING)
    await brief.start(1, ANNA, 124, STATE)
    await lasting.start(1, ANNA, 124, STATE)

    await pass_seconds(BRIEF)

    assert await lasting.find(1, ANNA, 124) == STATE


async def test_what_has_run_out_is_cleaned_up(
    open_store: OpenStore, pass_seconds: PassSeconds, store: str
) -> None:
    """Redis removes it by itself, and so has nothing to clean up."""
    brief, lasting = open_store(BRIEF), open_store(LASTING)
    for number in range(3):
        await brief.start(1, f"+1555000{number}", 124, STATE)
    await brief.start(2, BEN, 7, STATE)
    await lasting.start(1, ANNA, 124, STATE)

    await pass_seconds(BRIEF)

    assert await lasting.clean_up(1) == (0 if store == "redis" else 3)
    assert await lasting.clean_up(1) == 0
    assert await lasting.count(1) == 1


async def test_another_process_finds_the_state(open_store: OpenStore) -> None:
    """Nothing is held in memory: so it also survives a restart."""
    await open_store().start(1, ANNA, 124, STATE)

    assert await open_store().find(1, ANNA, 124) == STATE


async def test_many_at_once_leave_one_state_per_pair(sms_sessions: SmsSessionStore) -> None:
    await asyncio.gather(
        *(sms_sessions.start(1, f"+155500{n % 4}", 124, {"number": n % 4}) for n in range(24))
    )

    assert await sms_sessions.count(1) == 4
    assert [await sms_sessions.find(1, f"+155500{n}", 124) for n in range(4)] == [
        {"number": n} for n in range(4)
    ]


# -- refreshed by messages -------------------------------------------------------------------------


def activity(conversation: int, *, seconds_ago: float, number: str = ANNA) -> SmsActivity:
    return SmsActivity(number, 124, conversation, now() - timedelta(seconds=seconds_ago))


async def test_a_message_starts_a_session(sms_sessions: SmsSessionStore) -> None:
    await sms_sessions.refresh(1, [activity(102, seconds_ago=0)])

    assert await sms_sessions.find(1, "1 555 987-6543", 124) == {"conversation_id": 102}
    assert await sms_sessions.count(1) == 1
    assert await sms_sessions.count(2) == 0


async def test_a_message_older_than_the_time_to_live_starts_none(open_store: OpenStore) -> None:
    store = open_store(60)
    await store.refresh(1, [activity(102, seconds_ago=61), activity(7, seconds_ago=90)])
    await store.refresh(1, [])

    assert await store.find(1, ANNA, 124) is None


async def test_a_message_keeps_the_state_of_its_conversation(sms_sessions: SmsSessionStore) -> None:
    state = {"conversation_id": 102, "topic": "reschedule"}
    brief = {"conversation_id": 101}
    await sms_sessions.refresh(1, [activity(102, seconds_ago=1_000)])
    await sms_sessions.start(1, BEN, 124, brief)
    await sms_sessions.refresh(1, [activity(102, seconds_ago=0)])
    assert await sms_sessions.find(1, ANNA, 124) == {"conversation_id": 102}
    await sms_sessions.start(1, ANNA, 124, state)
    await sms_sessions.refresh(1, [activity(102, seconds_ago=-60)])
    assert await sms_sessions.find(1, ANNA, 124) == state
    assert await sms_sessions.find(1, BEN, 124) == brief

    await sms_sessions.refresh(1, [activity(103, seconds_ago=-90)])
    assert await sms_sessions.find(1, ANNA, 124) == {"conversation_id": 103}


async def test_an_older_message_changes_nothing(open_store: OpenStore) -> None:
    """Neither the state, nor how long it lives, in whichever order messages come."""
    store, brief = open_store(3600), open_store(1_000)
    older, newer = activity(102, seconds_ago=1_800), activity(103, seconds_ago=10)
    for order in ([[older], [newer]], [[newer], [older]], [[newer, older]], [[older, newer]]):
        for batch in order:
            await store.refresh(1, batch)
        await brief.refresh(1, [activity(104, seconds_ago=0)])  # it would end before that
        assert await store.find(1, ANNA, 124) == {"conversation_id": 103}
        assert await store.clear(1) == 1


async def test_what_has_run_out_is_begun_anew(
    open_store: OpenStore, pass_seconds: PassSeconds
) -> None:
    await open_store(BRIEF).start(1, ANNA, 124, {"conversation_id": 102, "topic": "reschedule"})

    await pass_seconds(BRIEF)

    await open_store(LASTING).refresh(1, [activity(102, seconds_ago=0)])
    assert await open_store().find(1, ANNA, 124) == {"conversation_id": 102}


async def test_many_are_refreshed_at_once(sms_sessions: SmsSessionStore) -> None:
    numbers = [f"+1555000{number:04}" for number in range(300)]
    batch = [activity(n % 7, seconds_ago=0, number=number) for n, number in enumerate(numbers)]
    await asyncio.gather(*(sms_sessions.refresh(1, part) for part in (batch, batch[::-1])))

    assert await sms_sessions.count(1) == 300
    assert await sms_sessions.find(1, numbers[8], 124) == {"conversation_id": 1}
