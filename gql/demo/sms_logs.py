"""What happened around a demo SMS conversation: events, and each message as the provider saw it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from gql.demo.chance import every
from gql.demo.tenant import Item, Row, Tenant


def sms_logs(tenant: Tenant, call: Row, messages: Sequence[Item]) -> Iterator[Item]:
    """A few audit events, and a log row for every message but the system's."""
    yield _event(tenant, call, "conversation_started", "info", {"direction": call["direction"]})
    for number, (_, message) in enumerate(messages):
        if message["role"] != "system":
            yield _message(tenant, call, message, failed=every(11, number, at=10))
    if call["status"] == "completed":
        yield _event(tenant, call, "conversation_completed", "info", None)
    else:
        yield _event(
            tenant, call, "delivery_delayed", "warning", {"seconds": 12.5, "häufig": False}
        )


def _event(tenant: Tenant, call: Row, kind: str, level: str, data: Row | None) -> Item:
    return "sms_audit_log", {
        "id": tenant.ids.take("sms_audit_log"),
        "organization_id": tenant.organization_id,
        "call_id": call["id"],
        "event_type": kind,
        "level": level,
        "message": f"{kind.replace('_', ' ').capitalize()} with {call['customer_phone_number']}",
        "event_data": data,
        "created_at": call["started_at"],
    }


def _message(tenant: Tenant, call: Row, message: Row, *, failed: bool) -> Item:
    inbound = message["role"] == "user"
    numbers = (call["customer_phone_number"], call["to_phone_number"])
    sender, receiver = numbers if inbound else reversed(numbers)
    return "sms_message_log", {
        "id": tenant.ids.take("sms_message_log"),
        "organization_id": tenant.organization_id,
        "call_id": call["id"],
        "provider": "twilio" if call["id"] % 2 else "telnyx",
        "direction": "inbound" if inbound else "outbound",
        "status": "failed" if failed else "received" if inbound else "delivered",
        "from_number": sender,
        "to_number": receiver,
        "body": message["content"],
        "provider_message_id": None if failed else f"SM{message['id']:032x}",
        "created_at": message["timestamp"] + timedelta(milliseconds=250),
    }
