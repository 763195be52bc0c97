"""Made-up conversations: the same for the same seed, and each item one that the gateway takes."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from gql.demo.conversations import Conversation, conversations
from gql.ingest.items import ITEM

BEGAN = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def first(count: int, seed: int = 1) -> list[Conversation]:
    return list(islice(conversations(seed), count))


def test_a_seed_decides_everything() -> None:
    assert first(30) == first(30)
    keys = {conversation.key for seed in (1, 2) for conversation in first(30, seed)}
    assert len(keys) == 60


def test_every_item_is_taken_and_happens_in_order() -> None:
    for conversation in first(60):
        items = [ITEM.validate_python(each.item(BEGAN)) for each in conversation.happenings]
        times = [item.occurred_at for item in items]

        assert times == sorted(times)
        assert times[0] == BEGAN


def test_all_kinds_of_items_are_there() -> None:
    kinds = {each.fields["kind"] for call in first(60) for each in call.happenings}

    assert kinds == {"call", "session", "transition", "message", "segment", "costs", "sms"}


def test_every_call_ends() -> None:
    for conversation in first(60):
        statuses = [
            each.fields["status"]
            for each in conversation.happenings
            if each.fields["kind"] == "call"
        ]
        assert not statuses or statuses[0] == "ringing"
        assert not statuses or statuses[-1] in {"completed", "failed"}


def test_a_call_that_is_hung_up_ends_then_and_text_messages_just_stop() -> None:
    after = 12.5
    for conversation in first(60):
        ends = [each.item(BEGAN) for each in conversation.hung_up(after)]

        expected = [["call"], ["call", "session"]][conversation.session is not None]
        assert [item["kind"] for item in ends] == (expected if conversation.is_call else [])
        end = (BEGAN + timedelta(seconds=after)).isoformat()
        assert all(item["endedAt"] == end for item in ends)
