"""Which message of a conversation a carrier's report is about: nothing but text and time tells."""

from datetime import timedelta
from typing import Any

import pytest

from gql.mirror.sms_shapes import carrier_keys
from tests.mirror.documented_server import BEGIN


def message(key: int, second: float, content: str = "Yes", role: str = "user") -> dict[str, Any]:
    written_at = BEGIN + timedelta(seconds=second)
    return {"id": key, "role": role, "content": content, "timestamp": written_at.isoformat()}


def report(key: str, second: float, **fields: Any) -> dict[str, Any]:
    created_at = BEGIN + timedelta(seconds=second)
    own = {"provider_message_id": key, "direction": "inbound", "body": "Yes"}
    return {**own, "created_at": created_at.isoformat(), **fields}


@pytest.mark.parametrize(
    ("messages", "reports", "keys"),
    [
        # Of equal texts the first has the first report, whatever the order of the list.
        (
            [message(1, 0), message(2, 5)],
            [report("b", 6), report("a", 3)],
            {"1": "a", "2": "b"},
        ),
        # Two minutes apart is near enough, either way, and more is not.
        ([message(1, 0)], [report("a", 120)], {"1": "a"}),
        ([message(1, 120)], [report("a", 0)], {"1": "a"}),
        ([message(1, 0)], [report("a", 120.001)], {}),
        ([message(1, 200), message(2, 400)], [report("a", 0), report("b", 401)], {"2": "b"}),
        # What was said by the other side, or says something else, or has no id.
        ([message(1, 0, role="assistant")], [report("a", 0)], {}),
        ([message(1, 0, role="assistant")], [report("a", 0, direction="outbound")], {"1": "a"}),
        ([message(1, 0, "No")], [report("a", 0)], {}),
        ([message(1, 0)], [report("", 0)], {}),
        # Media without a text.
        ([message(1, 0, "")], [report("a", 0, body=None)], {"1": "a"}),
        # One report is about one message.
        ([message(1, 0), message(2, 1)], [report("a", 1)], {"1": "a"}),
        ([{**message(1, 0), "timestamp": None}], [report("a", 0)], {}),
        ([message(1, 0)], [report("a", 0, created_at=None)], {}),
    ],
)
def test_a_report_is_about_the_first_message_with_its_text_near_its_time(
    messages: list[dict[str, Any]], reports: list[dict[str, Any]], keys: dict[str, str]
) -> None:
    assert carrier_keys(messages, reports) == keys
