"""What a conversation did with tools: rows of its messages, whichever platform told of it."""

from datetime import timedelta
from typing import Any

import pytest

from gql.models.message import ChatMessage
from tests.hooks import payloads
from tests.hooks.conftest import Webhooks
from tests.hooks.payloads import Payload
from tests.hooks.test_processing import STARTED

COLUMNS = ("external_id", "role", "content", "name", "tool_call_id", "tool_calls", "timestamp")
AT_ONE = STARTED + timedelta(seconds=1)
AT_TWO = STARTED + timedelta(seconds=2)


def with_parts(payload: Payload, *path: str, **parts: Any) -> Payload:
    """A payload with other parts in the object at a path."""
    if not path:
        return {**payload, **parts}
    return {**payload, path[0]: with_parts(payload[path[0]], *path[1:], **parts)}


VAPI_CALLS = [{"id": "t1", "type": "function", "function": {"name": "book", "arguments": "{}"}}]
ELEVENLABS_CALLS = [{"request_id": "t1", "tool_name": "book", "params_as_json": "{}"}]
RETELL_CALLS = [{"id": "t1", "name": "book", "arguments": "{}"}]
DELIVERIES: dict[str, tuple[Payload, list[tuple[Any, ...]]]] = {
    "vapi": (
        with_parts(
            payloads.VAPI_REPORT,
            *("message", "artifact"),
            messages=[
                {
                    "role": "tool_calls",
                    "toolCalls": VAPI_CALLS,
                    "time": payloads.START * 1_000 + 1_000,
                },
                {
                    "role": "tool_call_result",
                    "toolCallId": "t1",
                    "name": "book",
                    "result": "Booked",
                    "time": payloads.START * 1_000 + 2_000,
                },
            ],
        ),
        [
            ("#0", "tool", "", None, None, VAPI_CALLS, AT_ONE),
            ("#1", "tool", "Booked", "book", "t1", None, AT_TWO),
        ],
    ),
    "retell": (
        with_parts(
            payloads.RETELL_ANALYZED,
            "call",
            transcript_with_tool_calls=[
                {"role": "agent", "content": "One moment", "words": []},
                {
                    "role": "tool_call_invocation",
                    "tool_call_id": "t1",
                    "name": "book",
                    "arguments": "{}",
                    "time_sec": 1,
                },
                {"role": "node_transition", "new_node_id": "n2"},
                {
                    "role": "tool_call_result",
                    "tool_call_id": "t1",
                    "content": "Booked",
                    "time_sec": 2.0,
                },
            ],
        ),
        [
            ("#1", "tool", "", "book", None, RETELL_CALLS, AT_ONE),
            ("#3", "tool", "Booked", "book", "t1", None, AT_TWO),
        ],
    ),
    "elevenlabs": (
        with_parts(
            payloads.ELEVENLABS_DONE,
            "data",
            transcript=[
                {
                    "role": "agent",
                    "message": None,
                    "tool_calls": ELEVENLABS_CALLS,
                    "time_in_call_secs": 1,
                },
                {
                    "role": "agent",
                    "message": "Booked.",
                    "tool_results": [
                        {"request_id": "t1", "tool_name": "book", "result_value": "Booked"}
                    ],
                    "time_in_call_secs": 2,
                },
            ],
        ),
        [
            ("#0", "assistant", "", None, None, ELEVENLABS_CALLS, AT_ONE),
            ("#1", "assistant", "Booked.", None, None, None, AT_TWO),
            ("#1/result/0", "tool", "Booked", "book", "t1", None, AT_TWO),
        ],
    ),
}
"""By source: a delivery, and the rows of these columns."""


@pytest.mark.parametrize("source", DELIVERIES)
async def test_calls_of_tools_and_their_results_are_messages(
    webhooks: Webhooks, source: str
) -> None:
    payload, rows = DELIVERIES[source]
    platform = await webhooks.platform(source)
    await platform.deliver(payload)

    await webhooks.process()

    assert sorted(await webhooks.rows(ChatMessage, *COLUMNS, source=source)) == rows
