"""Items become rows: what each case of the platforms leaves, and how many statements it takes."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select

from gql import steps
from gql.database import Database
from gql.domain.writes.transaction import transaction
from gql.errors import BadInput, Forbidden
from gql.identity import Permission
from gql.ingest import apply as applying
from gql.ingest import merge
from gql.ingest.apply import MOST_ITEMS, apply_items
from gql.ingest.items import AnyItem
from gql.models.call import Call
from gql.models.scope import owned, table_of
from tests.conftest import Counting
from tests.domain.writes.conftest import caller
from tests.ingest.applied import outcomes_of, read_rows, rows_after
from tests.ingest.item_logs import item


async def call_after(database: Database, *items: AnyItem) -> dict[str, Any]:
    """The one call that items make, the same in any order of two."""
    rows = (await rows_after(database, [items]))["call"]
    assert rows == (await rows_after(database, [[each] for each in reversed(items)]))["call"]
    (row,) = rows
    return row


def call(**fields: Any) -> AnyItem:
    return item(kind="call", externalId="c1", **fields)


async def test_a_report_before_the_beginning_stays_the_end(database: Database) -> None:
    begun = call(seconds=1, status="ongoing", startedAt="2026-11-01T10:00:01Z")
    report = call(
        seconds=61,
        status="completed",
        endedAt="2026-11-01T10:01:01.500Z",
        endedReason="user_hangup",
        endedReasonKind="customer_hangup",
    )
    row = await call_after(database, report, begun)
    names = ("status", "ended_reason", "ended_reason_kind", "duration", "duration_ms")
    assert [row[name] for name in names] == [
        *("completed", "user_hangup", "customer_hangup", 61, 60_500)
    ]
    assert row["started_at"].isoformat()[:19] == "2026-11-01T10:00:01"


async def test_of_two_words_in_one_second_the_further_one_counts(database: Database) -> None:
    row = await call_after(
        database, call(status="completed", rank=3), call(status="ongoing", rank=2)
    )
    assert row["status"] == "completed"


async def test_a_call_that_never_began_starts_when_it_failed(database: Database) -> None:
    row = await call_after(database, call(seconds=5, status="failed", endedReasonKind="busy"))
    assert row["status"] == "failed"
    assert row["started_at"].isoformat()[:19] == "2026-11-01T10:00:05"


async def test_another_address_of_a_recording_is_the_same_recording(database: Database) -> None:
    recording = {"kind": "recording", "call": "c1", "key": "mono"}
    first = item(**recording, url="https://r.example.com/1", expiresAt="2026-11-01T11:00Z")
    again = item(**recording, seconds=9, url="https://r.example.com/2")
    rows = await rows_after(database, [[again], [first], [again]])
    assert [(each["url"], each["url_expires_at"]) for each in rows["recording"]] == [
        ("https://r.example.com/2", None)
    ]


async def test_an_old_report_without_costs_leaves_those_that_came_later(
    database: Database,
) -> None:
    report = call(seconds=5, producer="webhook", status="completed")
    line = {"key": "llm", "service": "llm", "amount": "0.0123455"}
    costs = item(
        kind="costs", call="c1", seconds=9, producer="pull", currency="USD", entries=[line]
    )
    row = await call_after(database, report, costs, report)
    names = ("total_cost", "llm_cost", "tts_cost", "unattributed_cost", "cost_currency")
    assert [row[name] for name in names] == [12346, 12346, None, 0, "USD"]


async def test_two_bills_of_one_source_are_one_amount(database: Database) -> None:
    def costs(producer: str, *amounts: str, total: str | None = None) -> AnyItem:
        entries = [
            {"key": f"{number}", "service": "telephony", "amount": amount}
            for number, amount in enumerate(amounts)
        ]
        fields = {} if total is None else {"total": total}
        return item(
            kind="costs", call="c1", producer=producer, currency="USD", entries=entries, **fields
        )

    leg = item(
        kind="cost", call="c1", producer="event", currency="USD", key="leg", service="telephony",
        amount="0.9",
    )  # fmt: skip
    row = await call_after(
        database, leg, costs("webhook", "0.5"), costs("pull", "0.3", "0.1", total="0.35")
    )
    assert (row["total_cost"], row["telephony_cost"]) == (350_000, 400_000)
    assert row["unattributed_cost"] == -50_000
    rows = await rows_after(database, [[costs("pull", "0.3"), leg]])
    assert {each["external_id"]: each["is_superseded"] for each in rows["cost_entry"]} == {
        "0": False,
        "leg": True,
    }


async def test_each_line_of_a_bill_is_rounded_and_its_total_is_as_stated(
    database: Database,
) -> None:
    """Half a millionth goes to the even neighbour; what was written stays beside it."""
    amounts = ("0.0000005", "0.0000015", "0.00000251", "-0.25")
    entries = [
        {"key": f"model/{number}", "service": "llm", "amount": amount}
        for number, amount in enumerate(amounts)
    ]
    bill = item(kind="costs", call="c1", currency="USD", entries=entries, total="-0.2400005")
    rows = await rows_after(database, [[bill]])
    lines = {each["external_id"]: each for each in rows["cost_entry"]}
    assert [lines[each["key"]]["amount"] for each in entries] == [0, 2, 3, -250_000]
    texts = [lines[each["key"]]["amount_text"] for each in entries]
    assert [Decimal(each) for each in texts] == [Decimal(each) for each in amounts]
    (row,) = rows["call"]
    names = ("total_cost", "llm_cost", "unattributed_cost")
    assert [row[name] for name in names] == [-240_000, -249_995, 9_995]


async def test_a_call_keeps_what_its_source_calls_its_assistant_and_its_graph(
    database: Database,
) -> None:
    named = call(
        seconds=1,
        assistant={"externalId": "asst_1", "name": "Ada"},
        graph={"externalId": "flow_1", "name": "Booking"},
    )
    row = await call_after(database, named, call(seconds=2, status="ongoing"))
    names = ("external_assistant_id", "assistant_name", "external_graph_id", "graph_name")
    assert [row[name] for name in names] == ["asst_1", "Ada", "flow_1", "Booking"]


async def test_a_final_transcript_of_fewer_segments_replaces_the_growing_one(
    database: Database,
) -> None:
    def transcript(seconds: int, *contents: str) -> AnyItem:
        segments = [
            {"key": f"#{number}", "speaker": "user", "content": content}
            for number, content in enumerate(contents)
        ]
        return item(kind="transcript", call="c1", seconds=seconds, segments=segments)

    growing, final = transcript(1, "Hel", "Hello", "?"), transcript(2, "Hello?")
    for order in ([growing, final], [final, growing]):
        rows = await rows_after(database, [[each] for each in order])
        assert [each["content"] for each in rows["transcript"]] == ["Hello?"]


async def test_null_is_said_and_absence_is_not(database: Database) -> None:
    first = call(seconds=1, summary="Asked for a refund.", sentiment="calm")
    row = await call_after(database, first, call(seconds=2, summary=None))
    assert (row["summary"], row["sentiment"]) == (None, "calm")


@pytest.mark.parametrize(
    ("address", "number", "beside"),
    [
        ("+1-202-555-0133", "+1-202-555-0133", None),
        ("5551234567", "5551234567", None),
        ("whatsapp:+15550100", "+15550100", "whatsapp:+15550100"),
        ("sip:desk@example.com", "", "sip:desk@example.com"),
        ("client:anna", "", "client:anna"),
        ("anonymous", "", "anonymous"),
    ],
)
async def test_an_address_without_a_number_is_kept_beside_none(
    database: Database, address: str, number: str, beside: str | None
) -> None:
    row = await call_after(database, call(customerPhoneNumber=address))
    assert (row["customer_phone_number"], row["customer_address"]) == (number, beside)


async def test_a_call_from_a_web_page_has_no_numbers(database: Database) -> None:
    row = await call_after(database, call(channel="voice", status="completed"))
    names = ("customer_phone_number", "customer_phone_digits", "to_phone_number")
    assert [row[name] for name in names] == ["", "", ""]


async def test_what_a_person_corrects_stays_until_it_is_withdrawn(database: Database) -> None:
    platform = call(seconds=1, producer="webhook", summary="Wrong.", status="failed")
    person = call(seconds=2, producer="manual", summary="Right.", status="completed")
    later = call(seconds=8, producer="pull", summary="Wrong again.", status="failed")
    withdrawn = call(seconds=9, producer="manual", withdrawn=["summary", "status"])

    row = await call_after(database, platform, person, later)
    assert (row["summary"], row["status"]) == ("Right.", "completed")
    row = await call_after(database, platform, person, later, withdrawn)
    assert (row["summary"], row["status"]) == ("Wrong again.", "failed")


async def test_equal_texts_in_one_second_are_two_messages(database: Database) -> None:
    message = {"kind": "message", "call": "c1", "role": "user", "content": "Yes."}
    rows = await rows_after(database, [[item(**message, key="1"), item(**message, key="2")]])
    assert [each["external_id"] for each in rows["chat_message"]] == ["1", "2"]


async def test_a_clock_that_is_wrong_does_not_win_for_ever(database: Database) -> None:
    ahead = item(kind="call", externalId="c1", seconds=10**8, summary="From the future.")
    ((outcome,),) = await outcomes_of(database, [[ahead]])
    assert (outcome.status, outcome.id) == ("refused", None)
    assert outcome.error is not None
    assert outcome.error.startswith("occurredAt is more than 5 minutes ahead of ")


async def test_each_item_is_answered(database: Database) -> None:
    message = {"kind": "message", "call": "c1", "role": "user", "content": "Yes."}
    other = item(kind="call", externalId="c2", callSid="c1")
    batches = [
        [call(summary="a"), item(**message, key="1"), other],
        [call(summary="a"), item(**message, key="1"), call(seconds=1, summary="b")],
    ]
    outcomes = await outcomes_of(database, batches)
    assert [[(each.status, each.key) for each in batch] for batch in outcomes] == [
        [("created", "c1"), ("created", "c1/1"), ("refused", "c2")],
        [("unchanged", "c1"), ("unchanged", "c1/1"), ("updated", "c1")],
    ]
    assert outcomes[0][2].error == (
        "'c1' is the callSid of another call; name the call by its own."
    )


@pytest.mark.parametrize("with_sid", [False, True])
async def test_one_id_at_two_platforms_is_two_calls(
    fresh_database: Database, fresh_statements: Counting, *, with_sid: bool
) -> None:
    """T16's neighbour: ids are those of a source, so each has its call, its parts and its walk."""
    sid = {"callSid": "c1"} if with_sid else {}
    platforms = ("logs", "other")

    def on_call(source: str, second: int, **fields: Any) -> AnyItem:
        return item(kind="call", source=source, externalId="c1", seconds=second, **sid, **fields)

    def parts(source: str) -> list[AnyItem]:
        of_call = {"source": source, "call": "c1", "seconds": 2}
        return [
            item(kind="message", **of_call, key="1", role="user", content=source),
            item(kind="cost", **of_call, key="1", service="llm", amount="0.01", currency="USD"),
            item(kind="session", **of_call, externalId="w1", context={"at": source}),
        ]

    context = caller(fresh_database)
    first = await apply_items(context, [on_call("logs", 1, summary="logs")])
    with fresh_statements() as ran:
        second = await apply_items(context, [on_call("other", 1, summary="other")])
    # The calls are read, then who has the qualified name, and one is written.
    assert ran.count == 3
    outcomes = [*first, *second]
    outcomes += await apply_items(context, [on_call(each, 1, summary=each) for each in platforms])
    outcomes += await apply_items(context, [on_call(each, 5, sentiment=each) for each in platforms])
    outcomes += await apply_items(context, [each for name in platforms for each in parts(name)])
    statuses = [each.status for each in outcomes]
    assert statuses == ["created"] * 2 + ["unchanged"] * 2 + ["updated"] * 2 + ["created"] * 6
    async with transaction(context, Permission.INGEST) as write:
        for source, call_sid in (("logs", "c1"), ("other", "other:c1")):
            rows = await read_rows(write, source)
            names = ("call_sid", "external_id", "summary", "sentiment", "total_cost")
            assert [[row[name] for name in names] for row in rows["call"]] == [
                [call_sid, "c1", source, source, 10_000]
            ]
            assert [each["content"] for each in rows["chat_message"]] == [source]
            walks = [
                (row["call_sid"], row["conversation_context"]) for row in rows["graph_session"]
            ]
            assert walks == [(call_sid, {"at": source})]


@pytest.mark.parametrize("source", ["manual", "logs", "retell"])
async def test_a_call_that_sql_wrote_is_adopted_by_its_sid(
    fresh_database: Database, source: str
) -> None:
    """What SQL said is older than every item; a call of another system is not touched."""
    table = table_of(Call)
    async with transaction(caller(fresh_database), Permission.INGEST) as write:
        written = {"organization_id": 1, "call_sid": "CA9", "source": source, "status": "ongoing"}
        await write.run(insert(table), {**written, "total_cost": 5, "assistant_name": "Ada"})
        message = item(kind="message", call="c9", key="1", role="user", content="Yes.", seconds=2)
        named = item(kind="call", externalId="c9", callSid="CA9", status="completed", seconds=1)
        own = item(kind="call", externalId="CA9", summary="Told by its sid.", seconds=3)
        batches = [await apply_items(write, batch) for batch in ([message, named], [own, named])]
        statement = select(table).where(owned(table, 1), table.c.call_sid == "CA9")
        (row,) = (await write.run(statement)).mappings()
        statuses = [[each.status for each in outcomes] for outcomes in batches]
        if source == "retell":
            assert statuses == [["created", "updated"], ["refused", "unchanged"]]
            assert (row["external_id"], row["status"]) == (None, "ongoing")
            return
        assert statuses == [["created", "updated"], ["refused", "unchanged"]]
        assert [each.id for outcomes in batches for each in outcomes if each.id] == [row["id"]] * 3
        names = ("source", "external_id", "status", "assistant_name", "total_cost", "message_count")
        assert [row[name] for name in names] == ["logs", "c9", "completed", "Ada", 5, 1]


async def test_the_names_of_assistants_find_them(database: Database) -> None:
    row = await call_after(
        database, call(assistant={"externalId": "a-9", "name": "Nobody here"}, seconds=1)
    )
    assert (row["assistant_id"], row["assistant_name"]) == (None, "Nobody here")
    assert row["external_assistant_id"] == "a-9"


async def test_a_batch_takes_as_many_statements_whatever_its_size(
    fresh_database: Database, fresh_statements: Counting
) -> None:
    def batch(size: int, offset: int) -> list[AnyItem]:
        kinds: list[dict[str, str | dict[str, str]]] = [
            {"kind": "call", "status": "completed", "assistant": {"name": "Ada"}},
            {"kind": "message", "key": "1", "role": "user", "content": "Yes."},
            {"kind": "segment", "key": "1", "speaker": "user", "content": "Yes."},
            {"kind": "cost", "key": "1", "service": "llm", "amount": "1", "currency": "USD"},
            {"kind": "recording", "key": "1"},
        ]
        items = []
        for number in range(size):
            fields = kinds[number % len(kinds)]
            name = "externalId" if fields["kind"] == "call" else "call"
            items.append(item(**fields, **{name: f"c{offset + number // len(kinds)}"}))
        return items

    context = caller(fresh_database)
    counts = []
    for size, offset in ((5, 0), (MOST_ITEMS, 500)):
        for _ in range(2):
            with fresh_statements() as ran:
                await apply_items(context, batch(size, offset))
            counts.append(ran.count)
    # The calls and the assistants, and an insert into each of five tables. Of repeated items each
    # table is read.
    assert counts == [7, 5, 7, 5]


async def test_too_many_items_and_too_little_permission_are_refused(database: Database) -> None:
    with pytest.raises(BadInput, match="at most 1,000 at a time"):
        await apply_items(caller(database), [call()] * (MOST_ITEMS + 1))
    with pytest.raises(Forbidden, match="ingest permission"):
        await apply_items(caller(database, 1, Permission.READ), [call()])


async def test_a_duration_of_ours_is_not_taken_for_the_source_s(database: Database) -> None:
    ended = call(seconds=3, status="completed", endedAt="2026-11-01T10:00:03Z", durationMs=None)
    again = call(seconds=4, status="completed", endedAt=None)
    for order in ([[ended], [again]], [[ended, again]]):
        (row,) = (await rows_after(database, order))["call"]
        assert (row["duration_ms"], row["duration"], row["ended_at"]) == (None, None, None)


async def test_the_event_loop_goes_round_between_the_items_of_a_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    rounds, at_items = 0, list[int]()
    stamp = merge.item_stamp

    async def count() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    def noting(*arguments: Any) -> str:
        at_items.append(rounds)
        return stamp(*arguments)

    monkeypatch.setattr(applying, "item_stamp", noting)
    counting = asyncio.create_task(count())
    await outcomes_of(database, [[item(kind="call", externalId=f"c{each}") for each in range(20)]])
    counting.cancel()
    assert len(set(at_items)) == 20
