"""The page about subscriptions: its conversation is held, and its codes are those of the code."""

import json
import re
from typing import Any

from starlette.applications import Starlette

from gql.http.socket_closing import CloseCode
from gql.schema.socket_messages import ProtocolCode
from gql.schema.subscription import FOLLOWED
from tests.databases import Copy
from tests.events.sockets import connected
from tests.live import ROOT

PAGE = (ROOT / "docs" / "subscriptions.md").read_text()


async def test_the_conversation_is_held(fresh_app: Starlette, fresh: Copy) -> None:
    (text,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    text = text.replace("burki_...", fresh.organizations[0].api_key)
    # So that it does not matter which of the two operations begins first.
    text = text.replace("graphChanged(", 'graphChanged(after: \\"0-0\\", ')
    shown, answered = [], []
    async with connected(fresh_app, {}) as socket:
        for line in text.splitlines():
            message = json.loads(line[2:])
            if line[0] == ">":
                socket.send(message)
            else:
                shown.append(message)
                answered.append(await socket.next())

    assert sorted(answered, key=_by_operation) == sorted(shown, key=_by_operation)


def test_the_page_has_each_code_and_each_field() -> None:
    codes = re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE)
    fields = re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)

    every = {*CloseCode, *ProtocolCode} - {CloseCode.POLICY_VIOLATION}
    assert list(map(int, codes)) == sorted(every)
    assert set(fields) == set(FOLLOWED)


def _by_operation(message: dict[str, Any]) -> str:
    return str(message.get("id", ""))
