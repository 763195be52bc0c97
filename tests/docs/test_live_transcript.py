"""The page about the live transcript: its conversation is held, and its figures are the code's."""

import json
import re
from typing import Any

from starlette.applications import Starlette

from gql.http.socket_closing import CloseCode
from gql.rest.live_transcripts import PAGE_POINTS, RECORD_POINTS
from tests.conftest import GraphQL, bearer
from tests.databases import Copy
from tests.events.sockets import opened
from tests.events.spoken import SpokenCall
from tests.live import ROOT

PAGE = (ROOT / "docs" / "live-transcript.md").read_text()
SID = "CA4242424242"


async def test_the_conversation_is_held(
    fresh_app: Starlette, fresh_graphql: GraphQL, fresh: Copy
) -> None:
    call = SpokenCall(fresh_graphql, SID)
    numbers = {"customerPhoneNumber": "+15559876543", "toPhoneNumber": "+15551234567"}
    await call.begin(**numbers, assistant={"name": "Receptionist"})
    spoken: dict[str, Any] = {"speaker": "ASSISTANT", "confidence": 0.98, "start": 0.5, "end": 1.25}
    await call.say("Good morning.", **spoken)
    (text,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    shown, answered = [], []
    headers = bearer(fresh.organizations[0])
    async with opened(fresh_app, f"/live-transcript/{SID}", headers) as socket:
        for line in text.splitlines():
            message = json.loads(line[2:])
            if line[0] == ">":
                socket.send(message)
            else:
                shown.append(message)
                answered.append(_without_instants(await socket.next()))

    assert answered == shown


def test_the_page_has_the_codes_and_points_of_the_code() -> None:
    codes = re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE)

    assert list(map(int, codes)) == sorted(CloseCode)
    assert f"segments costs {PAGE_POINTS} points" in PAGE
    assert f"each `request_status` {RECORD_POINTS}." in PAGE


def _without_instants(message: Any) -> Any:
    """A message as the page has it, with dots for what is different each time."""
    message["timestamp"] = "..."
    if message["type"] == "transcript":
        message["data"]["created_at"] = "..."
    return message
