"""SMS: which conversation one belongs to, when a new one opens, and how far one has come."""

import itertools
from typing import Any

import pytest
from sqlalchemy import select, update

from gql.database import Database
from gql.domain.writes.sms import archive_conversation
from gql.domain.writes.transaction import WriteContext, transaction
from gql.identity import Permission
from gql.ingest.apply import MOST_ITEMS, ItemOutcome, apply_items
from gql.ingest.items import AnyItem
from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.message import ChatMessage
from gql.models.scope import owned, table_of
from gql.models.sms_log import SmsMessageLog
from tests.conftest import Counting
from tests.databases import Kind
from tests.domain.writes.conftest import caller
from tests.ingest.applied import (
    RollBackError,
    differences,
    outcomes_of,
    read_rows,
    roll_back,
    rows_after,
)
from tests.ingest.item_logs import item

CUSTOMER, OWN = "+15550100001", "+15550100002"
DEMO_CUSTOMER, DEMO_NUMBER = "+15559876543", "+15551234567"
LATE = "It belongs to a conversation that is archived, and changes nothing."


def received(key: str = "m1", **fields: Any) -> AnyItem:
    own = {"from": CUSTOMER, "to": OWN, "direction": "inbound", "body": "Hello", **fields}
    return item(kind="sms", messageId=key, **own)


def sent(key: str = "m2", **fields: Any) -> AnyItem:
    return received(key, **{"from": OWN, "to": CUSTOMER, "direction": "outbound", **fields})


async def test_an_answer_goes_into_the_conversation_that_the_question_opened(
    database: Database,
) -> None:
    question, answer = received(seconds=1), sent(seconds=3, body="Hi", segments=2)
    for order in ([question, answer], [answer, question]):
        rows = await rows_after(database, [[each] for each in order])
        (call,) = rows["call"]
        names = ("channel", "direction", "status", "customer_phone_number", "to_phone_number")
        assert [call[name] for name in names] == ["sms", "inbound", "active", CUSTOMER, OWN]
        assert call["call_sid"] == call["external_id"] == f"sms:{CUSTOMER[1:]}:{OWN[1:]}:1"
        assert call["message_count"] == 2
        assert call["started_at"].isoformat()[:19] == "2026-11-01T10:00:01"
        assert call["last_activity"].isoformat()[:19] == "2026-11-01T10:00:03"
        messages = {each["external_id"]: each for each in rows["chat_message"]}
        shown = ("role", "content", "delivery_status", "segments")
        assert [messages["m1"][name] for name in shown] == ["user", "Hello", None, None]
        assert [messages["m2"][name] for name in shown] == ["assistant", "Hi", None, 2]


async def test_a_report_may_come_before_the_text(database: Database) -> None:
    text = sent(seconds=1, status="sent", media=["https://m.example.com/1"])
    report = item(
        kind="sms", messageId="m2", seconds=5, status="undelivered", errorCode="30005",
        errorMessage="Unknown handset", **{"from": OWN, "to": CUSTOMER},
    )  # fmt: skip
    for order in ([text, report], [report, text]):
        rows = await rows_after(database, [[each] for each in order])
        (log,), (message,) = rows["sms_message_log"], rows["chat_message"]
        names = ("status", "provider_status", "error_code", "error_message", "direction", "body")
        assert [log[name] for name in names] == [
            *("undelivered", "undelivered", "30005", "Unknown handset", "outbound", "Hello")
        ]
        assert log["media_urls"] == message["media"] == ["https://m.example.com/1"]
        assert (message["delivery_status"], message["error_code"]) == ("undelivered", "30005")
        assert message["timestamp"].isoformat()[:19] == "2026-11-01T10:00:01"


async def test_a_report_alone_is_no_message(database: Database) -> None:
    report = item(kind="sms", messageId="m2", status="sent", **{"from": OWN, "to": CUSTOMER})
    rows = await rows_after(database, [[report]])
    assert [each["status"] for each in rows["sms_message_log"]] == ["sent"]
    assert (len(rows["call"]), rows["chat_message"]) == (1, [])


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["delivered", "sent", "queued"], "delivered"),
        (["read", "delivered"], "read"),
        (["delivered", "failed"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["sending", "accepted", "lost in space"], "sending"),
        (["lost in space"], "unknown"),
        (["sending_failed"], "failed"),
        (["delivery_failed"], "undelivered"),
    ],
)
async def test_how_far_it_has_come_counts_before_the_time(
    database: Database, words: list[str], status: str
) -> None:
    log = [sent(seconds=number, status=word) for number, word in enumerate(words)]
    for order in (log, log[::-1]):
        rows = await rows_after(database, [[each] for each in order])
        assert [each["status"] for each in rows["sms_message_log"]] == [status]


async def test_equal_texts_in_one_second_are_two(database: Database) -> None:
    rows = await rows_after(database, [[received("a"), received("b")], [received("a")]])
    assert [each["external_id"] for each in rows["chat_message"]] == ["a", "b"]
    assert [each["message_count"] for each in rows["call"]] == [2]


async def test_numbers_count_by_their_digits(database: Database) -> None:
    others = received("m3", **{"from": "whatsapp:+15550100001", "to": "1 (555) 010-0002"})
    rows = await rows_after(database, [[received()], [others]])
    assert [each["message_count"] for each in rows["call"]] == [2]


async def test_a_name_may_write_but_has_no_conversation(database: Database) -> None:
    news = item(kind="sms", messageId="m1", body="News", **{"from": "ACME", "to": CUSTOMER})
    rows = await rows_after(database, [[news]])
    (call,) = rows["call"]
    assert (call["customer_phone_number"], call["to_phone_number"]) == (CUSTOMER, "ACME")
    assert call["direction"] == "outbound"

    ((outcome,),) = await outcomes_of(database, [[received(**{"from": "anonymous"})]])
    assert (outcome.status, outcome.id) == ("refused", None)
    assert outcome.error == (
        "The customer's address 'anonymous' is no phone number, so it has no conversation."
    )


async def test_a_report_without_numbers_waits_for_those(database: Database) -> None:
    report = item(kind="sms", messageId="m2", seconds=4, status="delivered")
    outcomes = await outcomes_of(database, [[report], [sent()], [report], [report]])
    assert [each.status for (each,) in outcomes] == ["waiting", "created", "updated", "unchanged"]
    assert outcomes[0][0].error == (
        "No item has said yet between which numbers it went; send this one again after that."
    )
    rows = await rows_after(database, [[report, sent()]])
    assert [each["status"] for each in rows["sms_message_log"]] == ["delivered"]


# -- what they cost --------------------------------------------------------------------------------


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


async def test_each_is_a_line_in_the_bill_of_its_conversation(database: Database) -> None:
    """What a list says of one, and a webhook of another, is one bill; a new price is no second."""
    log = [
        received(seconds=1, cost=usd("0.0075")),
        sent(seconds=3, cost=usd("0.004"), producer="pull"),
        sent(seconds=9, cost=usd("0.0079"), producer="webhook", status="delivered"),
        sent("m3", seconds=10, cost=None),
    ]
    for order in (log, log[::-1], [*log, *log]):
        rows = await rows_after(database, [[each] for each in order])
        (call,) = rows["call"]
        names = ("total_cost", "telephony_cost", "llm_cost", "unattributed_cost", "cost_currency")
        assert [call[name] for name in names] == [15_400, 15_400, None, 0, "USD"]
        shown = ("external_id", "service", "provider", "amount", "is_superseded")
        assert sorted(tuple(each[name] for name in shown) for each in rows["cost_entry"]) == [
            ("m1", "telephony", "logs", 7_500, False),
            ("m2", "telephony", "logs", 7_900, False),
        ]
        assert await rows_after(database, [order]) == rows


async def test_costs_of_a_conversation_that_sql_wrote_stay_its_writers(
    fresh_database: Database,
) -> None:
    call, line = table_of(Call), table_of(CostEntry)
    numbers = {"from": DEMO_CUSTOMER, "to": DEMO_NUMBER}
    async with transaction(caller(fresh_database), Permission.INGEST) as write:
        conversation = select(call).where(owned(call, 1), call.c.id == 102)
        before = dict((await write.run(conversation)).mappings().one())
        for cost in ("0.0075", "0.0080"):
            at = 1 if cost == "0.0075" else 2
            await apply_items(write, [received("d1", seconds=at, cost=usd(cost), **numbers)])
        after = dict((await write.run(conversation)).mappings().one())
        lines = select(line.c.external_id, line.c.amount, line.c.source).where(
            owned(line, 1), line.c.call_id == 102, line.c.usage_type == "sms"
        )
        assert list(map(tuple, await write.run(lines))) == [("d1", 8_000, "logs")]
    costs = [name for name in before if name.endswith("_cost") or name == "cost_currency"]
    assert [after[name] for name in costs] == [before[name] for name in costs]


# -- archives --------------------------------------------------------------------------------------


async def steps(database: Database, *batches: list[AnyItem] | None) -> Any:
    """What became of batches, and the rows; None archives the conversation of the last one."""
    outcomes: list[list[ItemOutcome]] = []
    rows = {}
    try:
        async with transaction(caller(database), Permission.INGEST) as write:
            for batch in batches:
                if batch is None:
                    assert outcomes[-1][-1].id is not None
                    await archive_conversation(write, outcomes[-1][-1].id, None)
                else:
                    outcomes.append(await apply_items(write, batch))
            rows = await read_rows(write)
            roll_back()
    except RollBackError:
        return [[(each.status, each.error) for each in batch] for batch in outcomes], rows


async def test_after_an_archive_what_is_newer_opens_another_conversation(
    database: Database,
) -> None:
    report = item(
        kind="sms", messageId="m1", seconds=9, status="read", **{"from": CUSTOMER, "to": OWN}
    )
    outcomes, rows = await steps(
        database,
        [received(seconds=1), sent(seconds=3)],
        None,
        [received(seconds=1), received("m0", seconds=2), report],
        [received("m3", seconds=8)],
        [sent("m4", seconds=9)],
    )
    assert outcomes == [
        [("created", None), ("created", None)],
        [("unchanged", LATE)] * 3,
        [("created", None)],
        [("created", None)],
    ]
    first, second = rows["call"]
    assert (first["is_archived"], first["message_count"]) == (True, 0)
    assert (second["is_archived"], second["message_count"]) == (False, 2)
    assert second["external_id"] == f"sms:{CUSTOMER[1:]}:{OWN[1:]}:2"
    assert {each["call"] for each in rows["chat_message"]} == {second["external_id"]}
    assert {each["external_id"] for each in rows["chat_message"]} == {"m3", "m4"}


async def test_each_archive_makes_room_for_one_more(database: Database) -> None:
    _, rows = await steps(
        database,
        [received("a", seconds=1)],
        None,
        [received("b", seconds=2)],
        None,
        [received("c", seconds=3)],
    )
    assert [each["external_id"][-1] for each in rows["call"]] == ["1", "2", "3"]
    assert [each["is_archived"] for each in rows["call"]] == [True, True, False]


# -- conversations that others made ----------------------------------------------------------------


async def conversation_of(write: WriteContext, key: str) -> int:
    log = table_of(SmsMessageLog)
    statement = select(log.c.call_id).where(
        owned(log, write.organization_id), log.c.provider_message_id == key
    )
    call_id: int = (await write.run(statement)).scalar_one()
    return call_id


async def test_the_open_conversation_of_the_pair_goes_on(fresh_database: Database) -> None:
    numbers = {"from": DEMO_CUSTOMER, "to": DEMO_NUMBER}
    call, message = table_of(Call), table_of(ChatMessage)
    async with transaction(caller(fresh_database), Permission.INGEST) as write:
        conversation = select(call).where(owned(call, 1), call.c.id == 102)
        before = dict((await write.run(conversation)).mappings().one())
        outcomes = await apply_items(write, [received("d1", **numbers), received("d1", **numbers)])
        after = dict((await write.run(conversation)).mappings().one())
        messages = select(message.c.source, message.c.content, message.c.role).where(
            owned(message, 1), message.c.call_id == 102, message.c.external_id == "d1"
        )
        assert list(map(tuple, await write.run(messages))) == [("logs", "Hello", "user")]
    assert [(each.status, each.id) for each in outcomes] == [("created", 102), ("unchanged", 102)]
    assert after.pop("message_count") == before.pop("message_count") + 1
    assert after.pop("last_activity") > before.pop("last_activity")
    assert after == before


async def test_after_the_end_another_one_opens(fresh_database: Database) -> None:
    call = table_of(Call)
    async with transaction(caller(fresh_database), Permission.INGEST) as write:
        ended = update(call).where(owned(call, 1), call.c.id == 102).values(status="completed")
        await write.run(ended)
        numbers = {"from": DEMO_CUSTOMER, "to": DEMO_NUMBER}
        await apply_items(write, [received("d2", **numbers)])
        opened = await conversation_of(write, "d2")
        statement = select(call.c.assistant_id, call.c.assistant_name, call.c.message_count)
        rows = await write.run(statement.where(owned(call, 1), call.c.id == opened))
        assert opened != 102
        assert list(map(tuple, rows)) == [(123, "ServiceBot", 1)]


async def test_another_organization_has_a_conversation_of_its_own(
    fresh_database: Database,
) -> None:
    numbers = {"from": DEMO_CUSTOMER, "to": DEMO_NUMBER}
    async with transaction(caller(fresh_database, 2), Permission.INGEST) as write:
        await apply_items(write, [received("d3", **numbers)])
        assert await conversation_of(write, "d3") != 102


def named(key: str, **fields: Any) -> AnyItem:
    own = {"customerPhoneNumber": CUSTOMER, "toPhoneNumber": OWN, **fields}
    return item(kind="call", externalId=key, channel="sms", **own)


def at(second: int) -> str:
    return f"2026-11-01T10:00:{second:02}Z"


async def texts_in_any_order(database: Database, log: list[AnyItem]) -> dict[str, list[str]]:
    """By conversation: its SMS with their costs, which are the same in each of eight orders."""
    expected = None
    for order in [*itertools.permutations(log)][::3]:
        rows = await rows_after(database, [[each] for each in order])
        assert expected is None or differences(rows, expected) == []
        expected = expected or rows
    assert expected is not None
    assert await rows_after(database, [log]) == expected
    texts_of: dict[str, list[str]] = {each["external_id"]: [] for each in expected["call"]}
    for message in expected["chat_message"]:
        texts_of[message["call"]].append(message["external_id"])
    for call in expected["call"]:
        count = len(texts_of[call["external_id"]])
        assert (call["message_count"], call["total_cost"]) == (count, 1_000 * count or None)
    return texts_of


OPENED = f"sms:{CUSTOMER[1:]}:{OWN[1:]}:1"
SECOND = f"sms:{CUSTOMER[1:]}:{OWN[1:]}:2"
CENT = {"amount": "0.001", "currency": "USD"}


async def test_an_item_that_ends_a_conversation_leaves_later_texts_to_another(
    database: Database,
) -> None:
    log = [
        named("talk", status="active", seconds=1),
        received("m1", seconds=2, cost=CENT),
        received("m2", seconds=8, cost=CENT),
        named("talk", status="completed", endedAt=at(5), seconds=20),
    ]
    assert await texts_in_any_order(database, log) == {"talk": ["m1"], OPENED: ["m2"]}


async def test_without_an_instant_a_conversation_ends_when_that_was_told(
    database: Database,
) -> None:
    log = [
        received("m1", seconds=2, cost=CENT),
        received("m2", seconds=8, cost=CENT),
        named("talk", status="completed", seconds=4),
    ]
    assert await texts_in_any_order(database, log) == {"talk": ["m1"], OPENED: ["m2"]}


async def test_a_conversation_whose_numbers_change_takes_the_texts_of_those(
    database: Database,
) -> None:
    other = "+15550100003"
    log = [
        named("talk", seconds=1),
        received("m1", seconds=2, cost=CENT),
        received("m2", seconds=3, cost=CENT, **{"from": other}),
        named("talk", customerPhoneNumber=other, seconds=9),
    ]
    assert await texts_in_any_order(database, log) == {"talk": ["m2"], OPENED: ["m1"]}


async def test_what_is_found_to_be_a_voice_call_has_no_texts(database: Database) -> None:
    log = [
        named("talk", seconds=1),
        received("m1", seconds=2, cost=CENT),
        item(kind="call", externalId="talk", channel="voice", seconds=9),
    ]
    assert await texts_in_any_order(database, log) == {"talk": [], OPENED: ["m1"]}


async def test_of_two_open_conversations_a_text_is_in_the_one_that_began_before_it(
    database: Database,
) -> None:
    log = [
        named("late", startedAt=at(5), seconds=20),
        named("soon", startedAt=at(3), seconds=21),
        received("m1", seconds=4, cost=CENT),
        received("m2", seconds=6, cost=CENT),
    ]
    assert await texts_in_any_order(database, log) == {"late": ["m2"], "soon": ["m1"]}


async def test_a_text_whose_numbers_change_leaves_the_conversation_to_the_others(
    database: Database,
) -> None:
    other = "+15550100008"
    log = [
        received("m1", seconds=1, cost=CENT),
        received("m2", seconds=2, cost=CENT),
        received("m1", seconds=9, cost=CENT, **{"from": other}),
        received("m3", seconds=3, cost=CENT),
    ]
    assert await texts_in_any_order(database, log) == {
        OPENED: ["m2", "m3"],
        f"sms:{OWN[1:]}:{other[1:]}:1": ["m1"],
    }


async def test_an_earlier_instant_of_a_text_moves_it(database: Database) -> None:
    log = [
        named("talk", status="completed", endedAt=at(5), seconds=6),
        sent("m1", seconds=8, cost=CENT, status="delivered"),
        sent("m1", seconds=4, status="queued"),
    ]
    assert await texts_in_any_order(database, log) == {"talk": ["m1"]}


async def test_a_conversation_is_of_the_source_of_its_first_text(database: Database) -> None:
    log = [received("m1", seconds=1), received("m2", seconds=2, source="carrier")]
    for order in (log, log[::-1]):
        rows = await rows_after(database, [[each] for each in order])
        assert [each["source"] for each in rows["call"]] == ["logs"]
        texts = {(each["source"], each["external_id"]) for each in rows["chat_message"]}
        assert texts == {("carrier", "m2"), ("logs", "m1")}


async def test_an_item_is_answered_with_where_its_text_is(database: Database) -> None:
    """Also where an item of the same batch has it move."""
    text = received("m1", seconds=8)
    (_, (moved, _), (stayed,)) = await outcomes_of(
        database,
        [
            [named("talk", seconds=1), text],
            [received("m1", seconds=9), named("talk", status="completed", seconds=3)],
            [text],
        ],
    )
    assert (moved.status, stayed.status) == ("updated", "unchanged")
    assert moved.id == stayed.id is not None


async def test_moving_takes_as_many_statements_whatever_the_number(
    fresh_database: Database, fresh_statements: Counting
) -> None:
    counts = []
    for number in (1, 40):
        numbers = {"from": f"+1555020{number:04}", "to": OWN}
        talk = {"customerPhoneNumber": numbers["from"], "toPhoneNumber": OWN}
        texts = [
            received(f"{number}/{each}", seconds=8, cost=CENT, **numbers) for each in range(number)
        ]
        context = caller(fresh_database)
        await apply_items(context, [named(f"talk{number}", seconds=1, **talk), *texts])
        end = named(f"talk{number}", status="completed", seconds=3, **talk)
        with fresh_statements() as ran:
            await apply_items(context, [end])
        counts.append(ran.count)
    assert counts == [16, 16]


async def test_a_mirror_and_a_webhook_tell_of_one_message(database: Database) -> None:
    mirrored = item(
        kind="call", externalId="sms_7", seconds=60, producer="pull", channel="sms",
        status="ongoing", customerPhoneNumber=CUSTOMER, toPhoneNumber=OWN,
    )  # fmt: skip
    messages = item(
        kind="messages", call="sms_7", seconds=60, producer="pull",
        messages=[{"key": "m1", "role": "user", "content": "Hello"}],
    )  # fmt: skip
    webhook = received(seconds=1, status="received")
    for order in itertools.permutations([mirrored, messages, webhook]):
        rows = await rows_after(database, [[each] for each in order])
        assert [each["external_id"] for each in rows["call"]] == ["sms_7"]
        (message,) = rows["chat_message"]
        assert (message["external_id"], message["delivery_status"]) == ("m1", "received")


async def test_a_batch_takes_as_many_statements_whatever_its_size(
    fresh_database: Database, fresh_statements: Counting, kind: Kind
) -> None:
    # SQLite's log has a whole batch again for each of its rows: see `tests.conftest.start`.
    most = MOST_ITEMS if kind == "postgresql" else 100

    def batch(size: int, offset: int) -> list[AnyItem]:
        return [
            received(
                f"n{offset + number}",
                **{"from": f"+1555{offset + number // 2:07}", "to": DEMO_NUMBER},
            )
            for number in range(size)
        ]

    context = caller(fresh_database)
    counts = []
    for size, offset in ((2, 0), (most, 2_000)):
        for _ in range(2):
            with fresh_statements() as ran:
                await apply_items(context, batch(size, offset))
            counts.append(ran.count)
    # The log, the conversations, the assistants and the names that conversations have are read, and
    # three tables are written. Of repeated items the messages are read, and nothing is written.
    assert counts[:2] == counts[2:]
    assert counts == [7, 4, 7, 4]


async def test_a_name_that_an_item_took_is_not_given_to_another_conversation(
    database: Database,
) -> None:
    """Somebody corrects the numbers of a conversation that SMS have opened, by its key."""
    log = [
        received("m1", seconds=1, cost=CENT),
        named(OPENED, seconds=5, customerPhoneNumber="+15550100008"),
        received("m2", seconds=8, cost=CENT),
    ]
    for order in itertools.permutations(log):
        rows = await rows_after(database, [[each] for each in order])
        assert {call["external_id"] for call in rows["call"]} == {OPENED, SECOND}
        texts = [(each["call"], each["external_id"]) for each in rows["chat_message"]]
        assert texts == [(SECOND, "m1"), (SECOND, "m2")]
        assert [each["call"] for each in rows["cost_entry"]] == [SECOND, SECOND]
    at_once = await rows_after(database, [log])
    assert {each["call"] for each in at_once["chat_message"]} == {SECOND}
