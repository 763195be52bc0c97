"""Transcripts of calls as files."""

import csv
import io

import pytest

from gql.demo.tenant import Row
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import calls, instant, rows

TRANSCRIBED = 1001


def spoken(speaker: str | None = None, *, interim: bool = False) -> list[Row]:
    """The stretches of speech of the transcribed call, in order."""
    return [
        row
        for row in sorted(rows("transcript"), key=lambda row: row["id"])
        if row["call_id"] == TRANSCRIBED
        and (interim or row["is_final"])
        and speaker in (None, row["speaker"])
    ]


@pytest.mark.parametrize("speaker", [None, "user", "assistant"])
async def test_a_transcript_is_a_text_file_of_final_lines(
    rest: Rest, statements: Counting, speaker: str | None
) -> None:
    query = f"?speaker={speaker}" if speaker else ""
    await rest("GET", "/api/v1/calls/101")

    with statements() as ran:
        answer = await rest("GET", f"/api/v1/calls/{TRANSCRIBED}/transcripts/export{query}")

    name = f'attachment; filename="call_{TRANSCRIBED}_transcript.txt"'
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == name
    assert answer.text == "".join(
        f"[{row['created_at']:%H:%M:%S}] {row['speaker']}: {row['content']}\n"
        for row in spoken(speaker)
    )
    assert ran.count == 2


async def test_a_transcript_is_a_json_file(rest: Rest) -> None:
    answer = await rest("GET", f"/api/v1/calls/{TRANSCRIBED}/transcripts/export?format=json")

    call = next(row for row in calls() if row["id"] == TRANSCRIBED)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "call_id": TRANSCRIBED,
        "call_sid": call["call_sid"],
        "started_at": instant(call["started_at"]),
        "transcripts": [
            {
                "timestamp": instant(row["created_at"]),
                "speaker": row["speaker"],
                "content": row["content"],
                "confidence": row["confidence"],
                "segment_start": row["segment_start"],
                "segment_end": row["segment_end"],
            }
            for row in spoken()
        ],
    }


async def test_a_transcript_is_a_csv_file(rest: Rest) -> None:
    answer = await rest("GET", f"/api/v1/calls/{TRANSCRIBED}/transcripts/export?format=csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.text))) == [
        ["Timestamp", "Speaker", "Content", "Confidence"],
        *(
            [
                instant(row["created_at"]),
                row["speaker"],
                row["content"],
                "" if row["confidence"] is None else str(row["confidence"]),
            ]
            for row in spoken()
        ),
    ]


async def test_a_transcript_of_a_silent_call_is_an_empty_file(rest: Rest) -> None:
    path = "/api/v1/calls/101/transcripts/export"

    assert (await rest("GET", path)).text == ""
    assert (await rest("GET", f"{path}?format=csv")).text == (
        "Timestamp,Speaker,Content,Confidence\r\n"
    )
    assert (await rest("GET", f"{path}?format=json")).json()["transcripts"] == []


@pytest.mark.parametrize("query", ["format=pdf", "speaker=system"])
async def test_a_transcript_in_another_form_is_refused(rest: Rest, query: str) -> None:
    answer = await rest("GET", f"/api/v1/calls/101/transcripts/export?{query}")

    assert answer.status_code == 422
    assert [each["type"] for each in answer.json()["detail"]] == ["string_pattern_mismatch"]


async def test_transcripts_of_others_calls_are_not_found(
    rest: Rest, stranger: dict[str, str]
) -> None:
    path = f"/api/v1/calls/{TRANSCRIBED}/transcripts/export"

    answer = await rest("GET", path, headers=stranger)

    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": f"Call with ID {TRANSCRIBED} not found in your organization"},
    )
