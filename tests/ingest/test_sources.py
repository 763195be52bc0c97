"""Deliveries in the form that each platform documents, and the items that they become."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gql.ingest.items import ITEM
from gql.ingest.sources import SOURCES, telnyx
from gql.ingest.sources.source import Event, Payload

RECEIVED_AT = datetime(2026, 11, 28, 12, 0, 5, tzinfo=UTC)
RECEIVED = RECEIVED_AT.isoformat()


def _read(source: str, payload: Payload) -> Event:
    """The event, each item of which is one that the ingest takes."""
    (reader,) = (each for each in SOURCES if each.name == source)
    event = reader.read(payload, RECEIVED_AT)
    for item in event.items:
        ITEM.validate_python(item)
    return event


RETELL = {
    "event": "call_analyzed",
    "call": {
        "call_id": "call_9",
        "call_type": "phone_call",
        "agent_id": "agent_1",
        "agent_name": "Front desk",
        "call_status": "ended",
        "direction": "inbound",
        "from_number": "+15550100001",
        "to_number": "+15550100002",
        "start_timestamp": 1_790_000_000_000,
        "end_timestamp": 1_790_000_042_500,
        "duration_ms": 42_500,
        "disconnection_reason": "user_hangup",
        "telephony_identifier": {"twilio_call_sid": "CA1"},
        "transcript_object": [
            {
                "role": "agent",
                "content": "Hello",
                "words": [{"word": "Hello", "start": 0.5, "end": 1}],
            },
            {"role": "user", "content": "Hi"},
            {"role": "transfer_target", "content": "Yes?"},
        ],
        "recording_url": "https://recordings.example.com/9.wav",
        "call_analysis": {
            "call_summary": "A greeting.",
            "user_sentiment": "Positive",
            "call_successful": True,
        },
        "call_cost": {
            "combined_cost": 7.5,
            "product_costs": [
                {"product": "gpt_4o", "cost": 2.25},
                {"product": "twilio", "cost": 3},
                {"product": "twilio", "cost": 3, "is_transfer_leg_cost": True},
                {"product": "volume_discount", "cost": -0.75},
            ],
        },
        "a_field_of_tomorrow": {"x": 1},
    },
}
RETELL_COMMON = {
    "source": "retell",
    "producer": "webhook",
    "occurredAt": "2026-09-21T14:14:02.500000+00:00",
    "rank": 2,
}


def test_retell_says_all_of_a_call() -> None:
    event = _read("retell", RETELL)
    of_call = {**RETELL_COMMON, "call": "call_9"}
    assert (event.kind, event.subject) == ("call_analyzed", "call_9")
    assert event.items == [
        {
            "kind": "call",
            **RETELL_COMMON,
            "externalId": "call_9",
            "carrierCallId": "CA1",
            "channel": "voice",
            "direction": "inbound",
            "customerPhoneNumber": "+15550100001",
            "toPhoneNumber": "+15550100002",
            "assistant": {"externalId": "agent_1", "name": "Front desk"},
            "status": "completed",
            "startedAt": "2026-09-21T14:13:20+00:00",
            "endedAt": "2026-09-21T14:14:02.500000+00:00",
            "durationMs": 42_500,
            "endedReason": "user_hangup",
            "endedReasonKind": "customer_hangup",
            "summary": "A greeting.",
            "analysis": RETELL["call"]["call_analysis"],  # type: ignore[index]
            "success": "success",
            "sentiment": "Positive",
        },
        {
            "kind": "transcript",
            **of_call,
            "segments": [
                {
                    "key": "#0",
                    "speaker": "assistant",
                    "content": "Hello",
                    "start": 0.5,
                    "end": 1,
                    "words": [{"word": "Hello", "start": 0.5, "end": 1}],
                },
                {"key": "#1", "speaker": "user", "content": "Hi"},
                {
                    "key": "#2",
                    "speaker": "other",
                    "speakerLabel": "transfer_target",
                    "content": "Yes?",
                },
            ],
        },
        {
            "kind": "costs",
            **of_call,
            "currency": "USD",
            "total": "0.075",
            "entries": [
                {"key": "gpt_4o/0", "service": "llm", "provider": "gpt_4o", "amount": "0.0225"},
                {"key": "twilio/0", "service": "telephony", "provider": "twilio", "amount": "0.03"},
                {"key": "twilio/1", "service": "telephony", "provider": "twilio", "amount": "0.03"},
                {
                    "key": "volume_discount/0",
                    "service": "other",
                    "provider": "volume_discount",
                    "amount": "-0.0075",
                },
            ],
        },
        {
            "kind": "recording",
            **of_call,
            "key": "recording_url",
            "url": "https://recordings.example.com/9.wav",
            "of": "full",
            "channels": 1,
        },
    ]


def test_a_call_that_never_connected_is_a_failed_call() -> None:
    call = {
        "call_id": "call_10",
        "call_status": "not_connected",
        "direction": "outbound",
        "from_number": "+15550100002",
        "to_number": "+15550100001",
        "start_timestamp": 1_790_000_000_000,
        "disconnection_reason": "dial_busy",
    }
    (item,) = _read("retell", {"event": "call_ended", "call": call}).items
    assert (item["status"], item["endedReasonKind"], item["occurredAt"]) == (
        "failed",
        "busy",
        "2026-09-21T14:13:20+00:00",
    )
    assert (item["customerPhoneNumber"], item["toPhoneNumber"]) == ("+15550100001", "+15550100002")


def test_elevenlabs_knows_seconds_and_credits() -> None:
    data = {
        "agent_id": "agent_7",
        "conversation_id": "conv_3",
        "status": "done",
        "transcript": [
            {"role": "agent", "message": "Hello", "time_in_call_secs": 0},
            {
                "role": "agent",
                "message": None,
                "time_in_call_secs": 8,
                "tool_results": [{"tool_name": "end_call", "is_error": False}],
            },
        ],
        "metadata": {
            "start_time_unix_secs": 1_790_000_000,
            "call_duration_secs": 9,
            "cost": 296,
            "cost_fiat": None,
            "charging": {"llm_price": 0.0012, "platform_price": 0.01},
            "phone_call": {
                "direction": "outbound",
                "external_number": "+15550100001",
                "agent_number": "+15550100002",
                "call_sid": "CA2",
            },
            "termination_reason": "end_call tool was called",
        },
        "analysis": {"call_successful": "success", "transcript_summary": "Short."},
    }
    event = _read(
        "elevenlabs",
        {"type": "post_call_transcription", "event_timestamp": 1_790_000_020, "data": data},
    )
    call, messages, costs = event.items
    assert (call["status"], call["endedReasonKind"]) == ("completed", "assistant_hangup")
    assert (call["startedAt"], call["endedAt"], call["durationMs"]) == (
        "2026-09-21T14:13:20+00:00",
        "2026-09-21T14:13:29+00:00",
        9_000,
    )
    assert (call["carrierCallId"], call["meta"]) == ("CA2", {"credits": 296})
    assert messages["messages"] == [
        {
            "key": "#0",
            "role": "assistant",
            "content": "Hello",
            "occurredAt": "2026-09-21T14:13:20+00:00",
        },
        {"key": "#1", "role": "assistant", "occurredAt": "2026-09-21T14:13:28+00:00"},
        {
            "key": "#1/result/0",
            "role": "tool",
            "occurredAt": "2026-09-21T14:13:28+00:00",
            "name": "end_call",
        },
    ]
    assert costs["entries"] == [
        {"key": "llm_price", "service": "llm", "provider": "elevenlabs", "amount": "0.0012"},
        {"key": "platform_price", "service": "other", "provider": "elevenlabs", "amount": "0.01"},
    ]
    assert "total" not in costs


def test_elevenlabs_reports_calls_that_never_began() -> None:
    data = {
        "agent_id": "agent_7",
        "conversation_id": "conv_4",
        "failure_reason": "no-answer",
        "metadata": {"type": "twilio", "body": {"CallSid": "CA3"}},
    }
    payload = {"type": "call_initiation_failure", "event_timestamp": 1_790_000_020, "data": data}
    (item,) = _read("elevenlabs", payload).items
    assert (item["status"], item["endedReasonKind"], item["startedAt"], item["carrierCallId"]) == (
        "failed",
        "no_answer",
        "2026-09-21T14:13:40+00:00",
        "CA3",
    )


def test_vapi_numbers_costs_of_one_type() -> None:
    model = {"provider": "openai", "model": "gpt-4o"}
    message = {
        "type": "end-of-call-report",
        "timestamp": 1_790_000_050_000,
        "endedReason": "pipeline-error-openai-llm-failed",
        "startedAt": "2026-09-21T14:13:20.000Z",
        "endedAt": "2026-09-21T14:14:00.000Z",
        "cost": 0.1,
        "costs": [
            {
                "type": "model",
                "model": model,
                "promptTokens": 90,
                "completionTokens": 10,
                "cost": 0.01,
            },
            {
                "type": "model",
                "model": model,
                "promptTokens": 1,
                "completionTokens": 0,
                "cost": 0.02,
            },
            {"type": "vapi", "subType": "normal", "minutes": 0.5, "cost": 0.025},
        ],
        "call": {"id": "uuid-1", "type": "webCall", "assistantId": "a-1"},
        "artifact": {
            "messages": [
                {"role": "system", "message": "Be kind.", "time": 1_790_000_000_000},
                {"role": "tool_calls", "toolCalls": [{"id": "t1"}], "time": 1_790_000_001_000},
                {"role": "tool_call_result", "toolCallId": "t1", "name": "look_up", "result": "42"},
            ],
            "recording": {"mono": {"combinedUrl": "https://r.example.com/m.wav"}},
            "presignedRecordingUrl": "https://r.example.com/m.wav?signature=1",
        },
    }
    call, messages, costs, recording = _read("vapi", {"message": message}).items
    assert (call["status"], call["endedReasonKind"]) == ("failed", "llm_error")
    assert "customerPhoneNumber" not in call
    assert [entry["key"] for entry in costs["entries"]] == ["model/0", "model/1", "vapi/normal/0"]
    assert costs["entries"][0] == {
        "key": "model/0",
        "service": "llm",
        "amount": "0.01",
        "provider": "openai",
        "model": "gpt-4o",
        "usageType": "tokens",
        "usageAmount": "100",
    }
    assert [(message["role"], message.get("content")) for message in messages["messages"]] == [
        ("system", "Be kind."),
        ("tool", None),
        ("tool", "42"),
    ]
    assert (recording["key"], recording["url"]) == ("mono", "https://r.example.com/m.wav")


def test_twilio_orders_one_second_by_its_sequence() -> None:
    form = {
        "CallSid": "CA9",
        "CallStatus": "completed",
        "CallDuration": "42",
        "Direction": "inbound",
        "From": "+15550100001",
        "To": "+15550100002",
        "SequenceNumber": "3",
        "Timestamp": "Mon, 21 Sep 2026 14:14:02 +0000",
    }
    (item,) = _read("twilio", form).items
    assert item == {
        "kind": "call",
        "source": "twilio",
        "producer": "webhook",
        "occurredAt": "2026-09-21T14:14:02+00:00",
        "rank": 3,
        "externalId": "CA9",
        "channel": "voice",
        "direction": "inbound",
        "status": "completed",
        "endedReason": "completed",
        "endedReasonKind": "completed",
        "durationMs": 42_000,
        "customerPhoneNumber": "+15550100001",
        "toPhoneNumber": "+15550100002",
    }
    leg = _read("twilio", {**form, "CallSid": "CA10", "ParentCallSid": "CA9"})
    assert (leg.subject, leg.items) == ("CA9", [])


def test_twilio_messages_are_timed_by_their_receipt() -> None:
    form = {
        "MessageSid": "SM1",
        "From": "whatsapp:+15550100001",
        "To": "+15550100002",
        "Body": "Hi",
        "NumMedia": "1",
        "MediaUrl0": "https://media.example.com/1",
    }
    (item,) = _read("twilio", form).items
    assert item == {
        "kind": "sms",
        "source": "twilio",
        "producer": "webhook",
        "occurredAt": RECEIVED,
        "rank": 0,
        "messageId": "SM1",
        "direction": "inbound",
        "from": "whatsapp:+15550100001",
        "to": "+15550100002",
        "body": "Hi",
        "media": ["https://media.example.com/1"],
        "status": "received",
    }
    status = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}
    (item,) = _read("twilio", status).items
    assert (item["status"], item["errorCode"], "body" in item) == ("undelivered", "30003", False)


def test_a_carrier_says_what_a_message_costs() -> None:
    listed = {
        "MessageSid": "SM1", "MessageStatus": "delivered", "Direction": "outbound-api",
        "Body": "Hi", "Price": "-0.00790", "PriceUnit": "usd", "NumSegments": "1",
        "Timestamp": "Mon, 21 Sep 2026 14:14:02 +0000",
    }  # fmt: skip
    (item,) = _read("twilio", listed).items
    assert item["cost"] == {"amount": "0.00790", "currency": "USD"}
    assert (item["direction"], item["body"]) == ("outbound", "Hi")
    assert "cost" not in _read("twilio", {**listed, "Price": ""}).items[0]

    message = {"id": "m-1", "direction": "outbound", "text": "Hi", "parts": 1}
    cost = {"amount": 0.0051, "currency": "USD"}
    (item,) = _read("telnyx", _telnyx("message.finalized", **message, cost=cost)).items
    assert item["cost"] == {"amount": "0.0051", "currency": "USD"}
    (item,) = _read("telnyx", _telnyx("message.sent", **message, cost=None)).items
    assert "cost" not in item


def _telnyx(kind: str, **payload: Any) -> Payload:
    data = {"event_type": kind, "occurred_at": "2026-09-21T14:14:02.000Z", "payload": payload}
    return {"data": data, "meta": {"attempt": 1}}


def test_telnyx_says_who_hung_up() -> None:
    leg = {
        "call_session_id": "s-1",
        "call_leg_id": "l-1",
        "direction": "incoming",
        "from": "+15550100001",
        "to": "+15550100002",
        "hangup_cause": "normal_clearing",
    }
    for direction, side, kind in [
        ("incoming", "caller", "customer_hangup"),
        ("incoming", "callee", "assistant_hangup"),
        ("outgoing", "callee", "customer_hangup"),
        ("incoming", "unknown", "completed"),
    ]:
        payload = {**leg, "direction": direction, "hangup_source": side}
        (item,) = _read("telnyx", _telnyx("call.hangup", **payload)).items
        assert (item["status"], item["endedReasonKind"]) == ("completed", kind)


CONVERSATION = {
    "call_session_id": "s-1",
    "call_leg_id": "l-1",
    "call_control_id": "v3:1",
    "conversation_id": "conversation-1",
    "from": "+15550100001",
    "to": "desk@assistant-1.sip.telnyx.com",
}


def test_telnyx_names_the_conversation_of_a_call() -> None:
    ids = {
        "source": "telnyx",
        "producer": "webhook",
        "occurredAt": "2026-09-21T14:14:02.000Z",
        "kind": "call",
        "externalId": "s-1",
        "channel": "voice",
        "carrierCallId": "v3:1",
        "sourceIds": {"call_leg_id": "l-1", "conversation_id": "conversation-1"},
    }
    event = _read("telnyx", _telnyx("call.conversation.created", **CONVERSATION))
    assert (event.subject, event.aliases) == ("s-1", ["v3:1", "l-1"])
    assert event.items == [{**ids, "status": "ongoing"}]

    ended = {**CONVERSATION, "assistant_id": "assistant-1", "duration_sec": 3}
    spoken = [{"role": "user", "content": "Hello", "timestamp": "2026-09-21T14:14:00Z"}]
    event = _read("telnyx", _telnyx("call.conversation.ended", **ended, messages=spoken))
    call, messages = event.items
    assert call == {**ids, "assistant": {"externalId": "assistant-1"}}
    assert [each["content"] for each in messages["messages"]] == ["Hello"]
    assert [*_read("telnyx", _telnyx("call.conversation.ended", **ended)).items] == [call]


def test_telnyx_tells_insights_before_the_analysis() -> None:
    results = [{"insight_id": "i-1", "result": "A booking."}]
    payload = {**CONVERSATION, "results": results}
    (item,) = _read("telnyx", _telnyx("call.conversation_insights.generated", **payload)).items
    assert item["analysis"] == {"insights": results}
    assert item["sourceIds"] == {"call_leg_id": "l-1"}
    assert "customerPhoneNumber" not in item
    unread = {**payload, "results": None}
    assert _read("telnyx", _telnyx("call.conversation_insights.generated", **unread)).items == []


@pytest.mark.parametrize(
    ("report", "transfers"),
    [
        ({}, None),
        ({"destination": {"type": "number", "number": "+15550100003"}}, [{"to": "+15550100003"}]),
        (
            {"destination": {"type": "number", "number": "+15550100003", "extension": "12"}},
            [{"to": "+15550100003;ext=12"}],
        ),
        (
            {"destination": {"type": "sip", "sipUri": "sip:desk@example.com"}},
            [{"to": "sip:desk@example.com"}],
        ),
        (
            {"destination": {"type": "assistant", "assistantName": "Ada"}},
            [{"to": "Ada"}],
        ),
        (
            {
                "destination": {"type": "number", "number": "+15550100004"},
                "artifact": {
                    "transfers": [
                        {
                            "destination": {"type": "number", "number": "+15550100003"},
                            "mode": "warm-transfer-experimental",
                            "status": "busy",
                        },
                        {"destination": {"type": "number", "number": "+15550100004"}},
                        {"destination": {"type": "unheard-of"}},
                    ]
                },
            },
            [
                {"to": "+15550100003", "mode": "warm-transfer-experimental", "status": "busy"},
                {"to": "+15550100004"},
            ],
        ),
    ],
)
def test_vapi_names_where_a_call_was_passed_on(
    report: Payload, transfers: list[dict[str, str]] | None
) -> None:
    message = {"type": "end-of-call-report", "call": {"id": "uuid-1"}, **report}
    call = _read("vapi", {"message": message}).items[0]
    assert call.get("meta") == (None if transfers is None else {"transfers": transfers})


def test_telnyx_may_have_no_costs_to_tell() -> None:
    payload = {"call_session_id": "s-1", "recordings": None, "cost": "No cost data available."}
    (item,) = _read("telnyx", _telnyx("call.analyzed", **payload)).items
    assert item["kind"] == "call"
    cost = {
        "total": "0.03",
        "currency": "USD",
        "breakdown": [{"product": "inference", "cost": "0.03"}],
    }
    _, costs = _read("telnyx", _telnyx("call.analyzed", **{**payload, "cost": cost})).items
    assert costs["entries"] == [
        {"key": "inference", "service": "llm", "provider": "telnyx", "amount": "0.03"}
    ]


@pytest.mark.parametrize(
    ("insights", "analysis"), [(None, None), ([], {"insights": []}), ("unread", None)]
)
def test_telnyx_tells_no_insights_from_insights_that_could_not_be_read(
    insights: Any, analysis: dict[str, Any] | None
) -> None:
    payload = {"call_session_id": "s-1", "conversation_insights": insights}
    (item,) = _read("telnyx", _telnyx("call.analyzed", **payload)).items
    assert ("analysis" in item, item.get("analysis")) == (analysis is not None, analysis)


def test_the_documented_report_without_an_id_waits() -> None:
    message = {
        "type": "end-of-call-report",
        "phoneNumber": {"number": "+15550100002"},
        "customer": {"number": "+15550100001"},
        "endedReason": "customer-ended-call",
        "durationSeconds": 42,
        "messages": [{"role": "bot", "content": "Hello"}, {"role": "human", "content": "Hi"}],
    }
    event = _read("burki", {"message": message})
    assert (event.kind, event.subject, event.items) == ("end-of-call-report", None, [])
    named = {"message": {**message, "call": {"id": "CA5"}}}
    call, messages = _read("burki", named).items
    assert (call["externalId"], call["status"], call["endedReasonKind"]) == (
        "CA5",
        "completed",
        "unknown",
    )
    assert [message["role"] for message in messages["messages"]] == ["assistant", "user"]


def test_the_documented_sms_has_utc_without_saying_so() -> None:
    data = {"message_id": "SM7", "from": "+15550100001", "to": "+15550100002", "body": "Hi"}
    payload = {"type": "sms_received", "timestamp": "2026-09-21T14:14:02.5", "data": data}
    (item,) = _read("burki", payload).items
    assert (item["occurredAt"], item["direction"]) == (
        "2026-09-21T14:14:02.500000+00:00",
        "inbound",
    )


@pytest.mark.parametrize("source", [source.name for source in SOURCES])
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"event": None, "call": None, "message": [], "data": 7, "type": {}},
        {"event": "something_new", "call": {"call_id": "x"}},
        {"type": "something.new", "data": {"conversation_id": "x", "event_type": 3}},
        {"message": {"type": "hang", "call": {"id": "x"}}},
    ],
)
def test_what_is_not_known_has_no_items_and_no_error(source: str, payload: Payload) -> None:
    assert not _read(source, payload).items


def test_the_bill_of_a_leg_is_lines_of_its_own_below_the_bill_of_the_call() -> None:
    payload = {
        "data": {
            "event_type": "call.cost",
            "occurred_at": "2026-11-28T10:00:00.000000Z",
            "payload": {
                "call_session_id": "s-1",
                "call_leg_id": "l-1",
                "cost_parts": [
                    {"call_part": "sip-trunking", "cost": "0.0050", "currency": "USD"},
                    {"call_part": "call-control", "cost": "0.0020", "currency": "USD"},
                ],
            },
        }
    }
    event = telnyx.SOURCE.read(payload, RECEIVED_AT)
    assert [
        (item["kind"], item["producer"], item["key"], item["amount"]) for item in event.items
    ] == [
        ("cost", "event", "l-1/sip-trunking", "0.0050"),
        ("cost", "event", "l-1/call-control", "0.0020"),
    ]
    for item in event.items:
        ITEM.validate_python(item)
