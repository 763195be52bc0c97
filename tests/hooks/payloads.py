"""Payloads in the form that the documentation of each platform shows, with words of our own.

The page and the day on which it was read stand at the end of each file in `gql/ingest/sources`.
"""

from typing import Any

Payload = dict[str, Any]

CUSTOMER, CALLED = "+15550100001", "+15550100002"
START, END = 1_790_000_000, 1_790_000_042
"""Seconds since 1970: 2026-09-21T14:13:20Z, and 42 seconds later."""


def of_burki_status(status: str, call: str = "CA1") -> Payload:
    return {
        "message": {
            "type": "status-update",
            "status": status,
            "phoneNumber": {"number": CALLED},
            "call": {"id": call, "phoneCallProviderId": call, "customer": {"number": CUSTOMER}},
            "messages": [],
        }
    }


BURKI_REPORT: Payload = {
    "message": {
        "type": "end-of-call-report",
        "phoneNumber": {"number": CALLED},
        "customer": {"number": CUSTOMER},
        "summary": "Asked for the opening hours.",
        "recordingUrl": None,
        "endedReason": "customer-ended-call",
        "durationSeconds": 42,
        "messages": [
            {"role": "bot", "content": "Hello, how can I help?"},
            {"role": "human", "content": "When do you open?"},
        ],
        "analysis": {"summary": "Asked for the opening hours.", "durationSeconds": 42},
    }
}

VAPI_CALL: Payload = {
    "id": "vapi-call-1",
    "orgId": "org-1",
    "type": "inboundPhoneCall",
    "phoneCallProviderId": "CA77",
    "assistantId": "assistant-1",
    "customer": {"number": CUSTOMER},
}
VAPI_STATUS: Payload = {
    "message": {
        "type": "status-update",
        "timestamp": START * 1_000,
        "status": "in-progress",
        "call": VAPI_CALL,
        "phoneNumber": {"number": CALLED},
    }
}
VAPI_REPORT: Payload = {
    "message": {
        "type": "end-of-call-report",
        "timestamp": END * 1_000,
        "call": VAPI_CALL,
        "phoneNumber": {"number": CALLED},
        "endedReason": "customer-ended-call",
        "startedAt": "2026-09-21T14:13:20.000Z",
        "endedAt": "2026-09-21T14:14:02.000Z",
        "cost": 0.05,
        "costs": [
            {
                "type": "model",
                "model": {"provider": "openai", "model": "gpt-4o-mini"},
                "promptTokens": 900,
                "completionTokens": 100,
                "cost": 0.02,
            },
            {"type": "voice", "voice": {"provider": "11labs"}, "characters": 300, "cost": 0.01},
            {"type": "vapi", "subType": "normal", "minutes": 0.7, "cost": 0.02},
        ],
        "analysis": {"summary": "A booking.", "successEvaluation": "true"},
        "artifact": {
            "messages": [
                {"role": "bot", "message": "Hello", "time": START * 1_000},
                {"role": "user", "message": "A table for two", "time": (START + 3) * 1_000},
            ],
            "recording": {"mono": {"combinedUrl": "https://recordings.example.com/mono.wav"}},
        },
    }
}

RETELL_CALL: Payload = {
    "call_id": "retell-call-1",
    "call_type": "phone_call",
    "agent_id": "agent_1",
    "call_status": "ongoing",
    "direction": "outbound",
    "from_number": CALLED,
    "to_number": CUSTOMER,
    "start_timestamp": START * 1_000,
}
RETELL_STARTED: Payload = {"event": "call_started", "call": RETELL_CALL}
RETELL_ENDED: Payload = {
    "event": "call_ended",
    "call": {
        **RETELL_CALL,
        "call_status": "ended",
        "end_timestamp": END * 1_000,
        "duration_ms": 42_000,
        "disconnection_reason": "agent_hangup",
    },
}
RETELL_ANALYZED: Payload = {
    "event": "call_analyzed",
    "call": {
        **RETELL_ENDED["call"],
        "transcript_object": [
            {
                "role": "agent",
                "content": "Hello",
                "words": [{"word": "Hello", "start": 0.5, "end": 1}],
            },
            {"role": "user", "content": "Hi"},
        ],
        "recording_url": "https://recordings.example.com/retell.wav",
        "call_analysis": {"call_summary": "A greeting.", "call_successful": True},
        "call_cost": {
            "combined_cost": 7.5,
            "product_costs": [
                {"product": "gpt_4o", "cost": 5},
                {"product": "elevenlabs_tts", "cost": 3},
                {"product": "discount", "cost": -0.5},
            ],
        },
    },
}

ELEVENLABS_DONE: Payload = {
    "type": "post_call_transcription",
    "event_timestamp": END + 5,
    "data": {
        "agent_id": "agent_2",
        "conversation_id": "conv_1",
        "status": "done",
        "transcript": [
            {"role": "agent", "message": "Hello", "time_in_call_secs": 0},
            {"role": "user", "message": "Bye", "time_in_call_secs": 40},
        ],
        "metadata": {
            "start_time_unix_secs": START,
            "call_duration_secs": 42,
            "cost": 120,
            "cost_fiat": 0.06,
            "termination_reason": "client ended the call",
            "charging": {"llm_price": 0.01, "platform_price": 0.05},
            "phone_call": {
                "direction": "inbound",
                "external_number": CUSTOMER,
                "agent_number": CALLED,
                "call_sid": "CA88",
            },
        },
        "analysis": {"call_successful": "success", "transcript_summary": "A farewell."},
    },
}
ELEVENLABS_FAILURE: Payload = {
    "type": "call_initiation_failure",
    "event_timestamp": START,
    "data": {
        "agent_id": "agent_2",
        "conversation_id": "conv_2",
        "failure_reason": "busy",
        "metadata": {"type": "twilio", "body": {"CallSid": "CA89"}},
    },
}

TWILIO_CALL: Payload = {
    "AccountSid": "AC1",
    "CallSid": "CA77",
    "From": CUSTOMER,
    "To": CALLED,
    "Direction": "inbound",
    "CallbackSource": "call-progress-events",
}
TWILIO_STARTED: Payload = {
    **TWILIO_CALL,
    "CallStatus": "in-progress",
    "Timestamp": "Mon, 21 Sep 2026 14:13:20 +0000",
    "SequenceNumber": "2",
}
TWILIO_COMPLETED: Payload = {
    **TWILIO_CALL,
    "CallStatus": "completed",
    "CallDuration": "42",
    "Timestamp": "Mon, 21 Sep 2026 14:14:02 +0000",
    "SequenceNumber": "3",
}
TWILIO_RECORDING: Payload = {
    "AccountSid": "AC1",
    "CallSid": "CA77",
    "RecordingSid": "RE1",
    "RecordingUrl": "https://api.example.com/Recordings/RE1",
    "RecordingStatus": "completed",
    "RecordingDuration": "40",
    "RecordingChannels": "2",
}
TWILIO_MESSAGE: Payload = {
    "MessageSid": "SM1",
    "SmsSid": "SM1",
    "AccountSid": "AC1",
    "From": CUSTOMER,
    "To": CALLED,
    "Body": "Is it open?",
    "NumMedia": "0",
    "NumSegments": "1",
    "SmsStatus": "received",
}
TWILIO_DELIVERED: Payload = {
    "MessageSid": "SM2",
    "SmsSid": "SM2",
    "AccountSid": "AC1",
    "From": CALLED,
    "To": CUSTOMER,
    "MessageStatus": "delivered",
}


def of_telnyx(kind: str, second: int, **payload: Any) -> Payload:
    """An event of the call session."""
    return {
        "data": {
            "record_type": "event",
            "event_type": kind,
            "id": f"event-{kind}",
            "occurred_at": f"2026-09-21T14:{13 + second // 60}:{second % 60:02}.000000Z",
            "payload": {
                "call_session_id": "session-1",
                "call_leg_id": "leg-1",
                "call_control_id": "control-1",
                **payload,
            },
        },
        "meta": {"attempt": 1},
    }


TELNYX_INITIATED = of_telnyx(
    "call.initiated", 20, direction="incoming", **{"from": CUSTOMER, "to": CALLED}
)
TELNYX_ANSWERED = of_telnyx("call.answered", 22)
TELNYX_HANGUP = of_telnyx(
    "call.hangup",
    62,
    direction="incoming",
    hangup_cause="normal_clearing",
    hangup_source="caller",
    start_time="2026-09-21T14:13:20.000000Z",
    end_time="2026-09-21T14:14:02.000000Z",
    **{"from": CUSTOMER, "to": CALLED},
)
TELNYX_COST = of_telnyx(
    "call.cost",
    65,
    status="success",
    total_cost="0.0080",
    cost_parts=[{"call_part": "sip-trunking", "cost": "0.0080", "currency": "USD"}],
)
TELNYX_MESSAGE: Payload = {
    "data": {
        "event_type": "message.received",
        "id": "event-message",
        "occurred_at": "2026-09-21T14:13:20.000000Z",
        "payload": {
            "id": "telnyx-message-1",
            "direction": "inbound",
            "from": {"phone_number": CUSTOMER},
            "to": [{"phone_number": CALLED, "status": "webhook_delivered"}],
            "text": "Hello",
            "parts": 1,
        },
    }
}

GENERIC: Payload = {
    "type": "call.ended",
    "timestamp": "2026-09-21T14:14:02Z",
    "data": {
        "kind": "call",
        "source": "exchange",
        "externalId": "pbx-1",
        "occurredAt": "2026-09-21T14:14:02Z",
        "direction": "inbound",
        "customerPhoneNumber": CUSTOMER,
        "toPhoneNumber": CALLED,
        "status": "completed",
        "startedAt": "2026-09-21T14:13:20Z",
        "endedAt": "2026-09-21T14:14:02Z",
    },
}
BURKI_SMS: Payload = {
    "type": "sms_received",
    "timestamp": "2026-09-21T14:13:20",
    "data": {
        "message_id": "SM9",
        "from": CUSTOMER,
        "to": CALLED,
        "body": "Hello",
        "media_urls": [],
        "provider": "twilio",
    },
}
