"""SMS conversations as files."""

import csv
import io

import httpx2
import pytest
from sqlalchemy import insert

from gql.database import Database
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from gql.models.types import now

EXPORT = "/api/v1/sms-conversations/102/export"

TEXT = """\
SMS conversation 102 with +15559876543
Assistant: Support Bot (+15551234567)
Started: 2026-04-30T10:00:00Z

[2026-04-30 10:05:00] user: Can I reschedule?
[2026-04-30 10:05:05] assistant: Sure. What day works best?
[2026-04-30 10:07:00] user: Thursday afternoon, if you have anything.
[2026-04-30 10:07:06] assistant: I can offer 2:00 pm or 4:30 pm on Thursday.
[2026-04-30 10:10:00] user: 4:30 please
[2026-04-30 10:10:07] assistant: Done: Thursday at 4:30 pm. Shall I send a reminder?
[2026-04-30 10:13:50] user: Yes, the evening before.
[2026-04-30 10:14:00] assistant: You will get it on Wednesday evening. See you Thursday!
"""


async def say(database: Database, *contents: str) -> None:
    """Add messages to the documented conversation."""
    rows = [
        {
            "organization_id": 1,
            "call_id": 102,
            "role": "user",
            "content": content,
            "message_index": index,
            "timestamp": now(),
        }
        for index, content in enumerate(contents, 9)
    ]
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(ChatMessage)), rows)


@pytest.mark.parametrize("query", ["", "?format=txt"])
async def test_text_is_the_default(
    client: httpx2.AsyncClient, owner: dict[str, str], query: str
) -> None:
    response = await client.get(EXPORT + query, headers=owner)

    assert response.text == TEXT
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-disposition"] == (
        'attachment; filename="sms_conversation_102.txt"'
    )


async def test_csv_has_a_header_and_a_line_per_message(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    response = await client.get(f"{EXPORT}?format=csv", headers=owner)

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == (
        'attachment; filename="sms_conversation_102.csv"'
    )
    lines = list(csv.reader(io.StringIO(response.text)))
    assert lines[:3] == [
        ["Timestamp", "Role", "Content", "LLM Provider", "LLM Model"],
        ["2026-04-30T10:05:00Z", "user", "Can I reschedule?", "", ""],
        [
            *("2026-04-30T10:05:05Z", "assistant", "Sure. What day works best?"),
            *("openai", "gpt-4o-mini"),
        ],
    ]
    assert len(lines) == 9


async def test_json_is_the_conversation_with_its_messages_and_no_wrapper(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    response = await client.get(f"{EXPORT}?format=json", headers=owner)
    conversation = (await client.get(EXPORT.removesuffix("/export"), headers=owner)).json()
    messages = (await client.get(EXPORT.replace("export", "messages"), headers=owner)).json()

    assert response.json() == {**conversation, "messages": messages}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-disposition"] == (
        'attachment; filename="sms_conversation_102.json"'
    )


@pytest.mark.parametrize("format_", ["xml", "TXT", "", "txt%0A", "csv|json"])
async def test_another_format_is_refused(
    client: httpx2.AsyncClient, owner: dict[str, str], format_: str
) -> None:
    response = await client.get(f"{EXPORT}?format={format_}", headers=owner)

    assert response.status_code == 422
    (detail,) = response.json()["detail"]
    assert (detail["type"], detail["loc"], detail["msg"]) == (
        *("string_pattern_mismatch", ["query", "format"]),
        "String should match pattern '^(txt|csv|json)$'",
    )


async def test_no_cell_is_run_as_a_formula(
    fresh_client: httpx2.AsyncClient, owner: dict[str, str], fresh_database: Database
) -> None:
    """No text of a customer may run as a formula on the machine where the file is opened."""
    harmful = ('=HYPERLINK("http://x.example","y")', "+1+cmd|' /C calc'!A0", "-2", "@SUM(A1)")
    await say(fresh_database, *harmful, "\t=1", "\r=1", "plain, with a comma", 'and "quotes"')

    text = (await fresh_client.get(f"{EXPORT}?format=csv", headers=owner)).text

    cells = [line[2] for line in csv.reader(io.StringIO(text, newline=""))][9:]
    assert cells[:4] == [f"'{content}" for content in harmful]
    assert cells[4:] == ["'\t=1", "'\r=1", "plain, with a comma", 'and "quotes"']


async def test_a_message_of_several_lines_cannot_pass_for_another_one(
    fresh_client: httpx2.AsyncClient, owner: dict[str, str], fresh_database: Database
) -> None:
    await say(fresh_database, "Hello\n[2026-04-30 10:15:00] assistant: You have won")

    lines = (await fresh_client.get(EXPORT, headers=owner)).text.splitlines()

    assert lines[-2].endswith("] user: Hello")
    assert lines[-1] == "    [2026-04-30 10:15:00] assistant: You have won"
