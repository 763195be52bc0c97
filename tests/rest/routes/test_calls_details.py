"""What was said in a call: transcripts and messages over REST."""

from typing import Any

import pytest

from gql.demo.tenant import Row
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import calls, plain, rows

CALLS = "/api/v1/calls"
WRITTEN = 1001
TRANSCRIPT_KEYS = [
    *("id", "call_id", "content", "speaker", "is_final", "segment_start", "segment_end"),
    *("confidence", "stt_timestamps", "created_at"),
]
MESSAGE_KEYS = [
    *("id", "call_id", "role", "content", "message_index", "timestamp", "llm_provider"),
    *("llm_model", "prompt_tokens", "completion_tokens", "total_tokens"),
]


def sid() -> str:
    """The SID of the call that was written down."""
    return next(str(row["call_sid"]) for row in calls() if row["id"] == WRITTEN)


def shaped(row: Row, keys: list[str]) -> dict[str, Any]:
    """A row as it must be answered."""
    return {key: plain(key, row[key]) for key in keys}


def transcripts(speaker: str | None = None, *, interim: bool = False) -> list[dict[str, Any]]:
    """The stretches of speech of the call, in the order they were heard."""
    stretches = [
        row
        for row in rows("transcript")
        if row["call_id"] == WRITTEN
        and (interim or row["is_final"])
        and speaker in (None, row["speaker"])
    ]
    return [shaped(row, TRANSCRIPT_KEYS) for row in sorted(stretches, key=lambda row: row["id"])]


def messages(role: str | None = None) -> list[dict[str, Any]]:
    """The messages of the call, by index."""
    selected = [
        row
        for row in rows("chat_message")
        if row["call_id"] == WRITTEN and role in (None, row["role"])
    ]
    ordered = sorted(selected, key=lambda row: row["message_index"])
    return [shaped(row, MESSAGE_KEYS) for row in ordered]


@pytest.mark.parametrize("by", ["id", "sid"])
async def test_a_transcript_has_its_final_stretches_in_order(
    rest: Rest, statements: Counting, by: str
) -> None:
    path = f"{CALLS}/{WRITTEN if by == 'id' else f'sid/{sid()}'}/transcripts"
    await rest("GET", path)

    with statements() as ran:
        answer = await rest("GET", path)

    assert answer.json() == transcripts()
    assert [list(each) for each in answer.json()] == [TRANSCRIPT_KEYS] * len(transcripts())
    assert len(transcripts()) > 2
    assert ran.count == 1


@pytest.mark.parametrize("speaker", ["user", "assistant"])
@pytest.mark.parametrize("interim", [False, True])
async def test_a_transcript_is_filtered_by_speaker_and_finality(
    rest: Rest, speaker: str, interim: bool
) -> None:
    query = f"speaker={speaker}&include_interim={str(interim).lower()}"

    answer = await rest("GET", f"{CALLS}/{WRITTEN}/transcripts?{query}")

    assert answer.json() == transcripts(speaker, interim=interim)
    assert transcripts(interim=True) != transcripts()


async def test_messages_come_by_index_with_tokens_where_a_model_wrote(
    rest: Rest, statements: Counting
) -> None:
    await rest("GET", f"{CALLS}/{WRITTEN}/messages")

    with statements() as ran:
        answer = await rest("GET", f"{CALLS}/{WRITTEN}/messages")

    answered = answer.json()
    assert answered == messages()
    assert [list(message) for message in answered] == [MESSAGE_KEYS] * len(answered)
    assert [message["message_index"] for message in answered] == list(range(len(answered)))
    roles = {message["role"] for message in answered if message["total_tokens"] is not None}
    assert roles == {"assistant"}
    assert ran.count == 1


@pytest.mark.parametrize("role", ["system", "user", "assistant"])
async def test_messages_are_filtered_by_role(rest: Rest, role: str) -> None:
    answer = await rest("GET", f"{CALLS}/{WRITTEN}/messages?role={role}")

    assert answer.json() == messages(role)
    assert answer.json()


async def test_a_silent_call_has_empty_lists(rest: Rest) -> None:
    for list_name in ("transcripts", "messages"):
        answer = await rest("GET", f"{CALLS}/101/{list_name}")
        assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("path", "pattern", "field"),
    [
        ("transcripts?speaker=system", "^(user|assistant)$", "speaker"),
        ("messages?role=system!", "^(system|user|assistant)$", "role"),
    ],
)
async def test_another_word_is_refused(rest: Rest, path: str, pattern: str, field: str) -> None:
    answer = await rest("GET", f"{CALLS}/{WRITTEN}/{path}")

    detail = answer.json()["detail"]
    assert answer.status_code == 422
    assert [(each["type"], each["loc"], each["ctx"]) for each in detail] == [
        ("string_pattern_mismatch", ["query", field], {"pattern": pattern})
    ]


async def test_a_flag_that_is_none_is_refused(rest: Rest) -> None:
    answer = await rest("GET", f"{CALLS}/{WRITTEN}/transcripts?include_interim=maybe")

    assert (answer.status_code, answer.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "bool_parsing",
                    "loc": ["query", "include_interim"],
                    "msg": "Input should be a valid boolean, unable to interpret input",
                    "input": "maybe",
                }
            ]
        },
    )


@pytest.mark.parametrize("list_name", ["transcripts", "messages"])
@pytest.mark.parametrize("number", [102, 9999, 2**63])
async def test_what_is_no_call_of_ours_has_no_lists(
    rest: Rest, list_name: str, number: int
) -> None:
    answer = await rest("GET", f"{CALLS}/{number}/{list_name}")

    detail = f"Call with ID {number} not found in your organization"
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})


async def test_another_organization_hears_nothing(rest: Rest, stranger: dict[str, str]) -> None:
    paths = (f"{WRITTEN}/transcripts", f"{WRITTEN}/messages", f"sid/{sid()}/transcripts")

    answers = [await rest("GET", f"{CALLS}/{path}", headers=stranger) for path in paths]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert answers[2].json() == {"detail": f"Call with SID {sid()} not found in your organization"}
