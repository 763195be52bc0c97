"""Rows of tables as items: which column is what, and what is refused instead of guessed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gql.errors import BadInput
from gql.ingest.files.columns import CallPart, map_columns
from gql.ingest.files.rows import CallRows, RowOptions

EXPORT = [
    "Call ID",
    "Call SID",
    "Assistant Name",
    "Customer Phone",
    "Status",
    "Duration (seconds)",
    "Started At",
    "Ended At",
]
COSTS = ["Total Cost", "LLM Cost", "TTS Cost", "STT Cost", "Telephony Cost", "Currency"]


def rows(source: str = "burki", **options: Any) -> CallRows:
    return CallRows(RowOptions(source, **options))


def row(columns: list[str], *cells: str) -> dict[str, str]:
    return dict(zip(columns, cells, strict=True))


def test_the_documented_export_is_mapped_whole() -> None:
    mapping = map_columns([*EXPORT, *COSTS], {})

    assert mapping.parts == {
        CallPart.CALL_SID: "Call SID",
        CallPart.CALL_ID: "Call ID",
        CallPart.CUSTOMER_PHONE_NUMBER: "Customer Phone",
        CallPart.STATUS: "Status",
        CallPart.STARTED_AT: "Started At",
        CallPart.ENDED_AT: "Ended At",
        CallPart.SECONDS: "Duration (seconds)",
        CallPart.COST: "Total Cost",
        CallPart.LLM_COST: "LLM Cost",
        CallPart.TTS_COST: "TTS Cost",
        CallPart.STT_COST: "STT Cost",
        CallPart.TELEPHONY_COST: "Telephony Cost",
        CallPart.CURRENCY: "Currency",
        CallPart.ASSISTANT_NAME: "Assistant Name",
    }
    assert mapping.unused == ()


def test_a_row_of_the_documented_export() -> None:
    """The cell of the number begins with an apostrophe: a spreadsheet would run it otherwise."""
    call, costs = rows().items(
        row(
            [*EXPORT, *COSTS],
            *("7", "CA1", "Receptionist", "'+15550001111", "completed", "61"),
            *("2026-06-01T10:00:00Z", "2026-06-01T10:01:01Z"),
            *("0.051", "0.03", "0.01", "0.002", "0.0085", "USD"),
        )
    )

    assert call == {
        "kind": "call",
        "source": "burki",
        "producer": "file",
        "occurredAt": datetime(2026, 6, 1, 10, 1, 1, tzinfo=UTC),
        "externalId": "CA1",
        "sourceIds": {"id": "7"},
        "channel": "voice",
        "startedAt": datetime(2026, 6, 1, 10, 0, tzinfo=UTC),
        "endedAt": datetime(2026, 6, 1, 10, 1, 1, tzinfo=UTC),
        "customerPhoneNumber": "+15550001111",
        "status": "completed",
        "durationMs": 61_000,
        "assistant": {"name": "Receptionist"},
    }
    assert costs == {
        "kind": "costs",
        "source": "burki",
        "producer": "file",
        "occurredAt": call["occurredAt"],
        "call": "CA1",
        "currency": "USD",
        "total": Decimal("0.051"),
        "entries": [
            {"key": "llm", "service": "llm", "amount": Decimal("0.03")},
            {"key": "tts", "service": "tts", "amount": Decimal("0.01")},
            {"key": "stt", "service": "stt", "amount": Decimal("0.002")},
            {"key": "telephony", "service": "telephony", "amount": Decimal("0.0085")},
        ],
    }


TWILIO = [
    *("sid", "date_created", "parent_call_sid", "to", "from", "status", "start_time", "end_time"),
    *("duration", "price", "price_unit", "direction", "answered_by", "forwarded_from"),
    *("caller_name", "queue_time"),
]


def twilio(sid: str, parent: str = "", direction: str = "outbound-api") -> dict[str, str]:
    return row(
        TWILIO,
        *(sid, "Mon, 01 Jun 2026 09:59:58 +0000", parent, "+15550002222", "+15550001111", "busy"),
        *("Mon, 01 Jun 2026 10:00:00 +0000", "Mon, 01 Jun 2026 10:00:09 +0000", "9", "-0.0085"),
        *("USD", direction, "", "", "", "0"),
    )


def test_a_row_of_twilio_has_the_carriers_price_and_the_number_that_was_called() -> None:
    call, costs = rows("twilio").items(twilio("CA1"))

    assert call == {
        "kind": "call",
        "source": "twilio",
        "producer": "file",
        "occurredAt": datetime(2026, 6, 1, 10, 0, 9, tzinfo=UTC),
        "externalId": "CA1",
        "channel": "voice",
        "startedAt": datetime(2026, 6, 1, 10, 0, tzinfo=UTC),
        "endedAt": datetime(2026, 6, 1, 10, 0, 9, tzinfo=UTC),
        "direction": "outbound",
        "customerPhoneNumber": "+15550002222",
        "toPhoneNumber": "+15550001111",
        "status": "failed",
        "endedReason": "busy",
        "endedReasonKind": "busy",
        "durationMs": 9_000,
    }
    assert (costs["total"], costs["entries"]) == (
        Decimal("0.0085"),
        [{"key": "telephony", "service": "telephony", "amount": Decimal("0.0085")}],
    )


def test_a_leg_adds_its_price_to_the_call_that_opened_it() -> None:
    (cost,) = rows("twilio").items(twilio("CA2", parent="CA1", direction="outbound-dial"))

    assert (cost["kind"], cost["call"], cost["key"], cost["amount"]) == (
        *("cost", "CA1", "CA2"),
        Decimal("0.0085"),
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["call_id", "conversation_id", "time"], "'call_id' and 'conversation_id' could both be"),
        (["id", "time", "duration", "call_length"], "could both be seconds or minutes"),
        (["time", "status"], "No column is a call's id; there are: time, status."),
        (["id", "status"], "No column is the time at which a call began"),
        (["id", "time", "from", "to"], "--direction inbound or outbound"),
        (["id", "time", "price"], "--currency USD"),
    ],
)
def test_what_is_ambiguous_or_missing_is_refused(columns: list[str], message: str) -> None:
    with pytest.raises(BadInput, match=message.replace("(", r"\(")):
        rows().mapping(tuple(columns))


def test_the_user_says_what_is_which() -> None:
    chosen = {"callId": "Ref", "meta.campaign": "Campaign", "endedReason": ""}
    options: dict[str, Any] = {"chosen": chosen, "direction": "inbound", "currency": "EUR"}
    call, costs = rows(
        **options, states={"Answered": "completed"}, zone=ZoneInfo("Europe/Berlin")
    ).items(
        {
            "Ref": "r1",
            "call_id": "other",
            "Date": "2026-06-01 12:00",
            "FROM": "030 901820",
            "Status": "ANSWERED",
            "End Reason": "x",
            "Campaign": "June",
            "Price": "€0.10",
        }
    )

    assert call == {
        "kind": "call",
        "source": "burki",
        "producer": "file",
        "occurredAt": datetime(2026, 6, 1, 10, 0, tzinfo=UTC),
        "externalId": "r1",
        "channel": "voice",
        "startedAt": datetime(2026, 6, 1, 10, 0, tzinfo=UTC),
        "direction": "inbound",
        "customerPhoneNumber": "030 901820",
        "status": "completed",
        "meta": {"campaign": "June"},
    }
    assert (costs["currency"], costs["total"], costs["entries"]) == ("EUR", Decimal("0.10"), [])


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"callId": "Nummer"}, "There is no column 'Nummer'; there are: id, time."),
        ({"number": "id"}, "'number' is no part of a call, which is one of: callSid"),
    ],
)
def test_a_choice_that_is_none(chosen: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        rows(chosen=chosen).mapping(("id", "time"))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"id": ""}, "the call has no id"),
        ({"time": ""}, "the call has no time"),
        ({"time": "11/12/2026"}, "time is '11/12/2026': write times like"),
        ({"status": "vanished"}, "status is 'vanished', which is not a status here: --status"),
        ({"duration": "long"}, "duration is 'long': a duration is a number"),
        ({"direction": "sideways"}, "direction is 'sideways', not inbound or outbound"),
        ({"Ended Reason Kind": "bored"}, "Kind is 'bored', and not one of: customer_hangup, "),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(cells: dict[str, str], message: str) -> None:
    good = {"id": "1", "time": "2026-06-01", "status": "ended", "duration": "1", "direction": "in"}

    with pytest.raises(BadInput, match=message):
        rows().items({**good, **cells})


def test_cents_are_hundredths_and_a_reason_decides_what_a_call_came_to() -> None:
    call, costs = rows("retell", currency="usd").items(
        {
            "call_id": "c1",
            "start_timestamp": "1795867200000",
            "duration_ms": "1500",
            "disconnection_reason": "dial_busy",
            "combined_cost": "12.5",
        }
    )

    assert (call["status"], call["endedReasonKind"], call["durationMs"]) == ("failed", "busy", 1500)
    assert (costs["currency"], costs["total"]) == ("USD", Decimal("0.125"))


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [("retell", "", "busy"), ("retell", "silence", "silence"), ("acme", "", "unknown")],
)
def test_what_a_row_says_of_its_reason_comes_before_what_the_word_means(
    source: str, kind: str, expected: str
) -> None:
    cells = {"id": "1", "time": "2026-06-01", "Ended Reason": "dial_busy"}

    (call,) = rows(source).items({**cells, "Ended Reason Kind": kind})

    assert (call["endedReason"], call["endedReasonKind"]) == ("dial_busy", expected)
