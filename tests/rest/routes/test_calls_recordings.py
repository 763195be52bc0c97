"""The recordings of a call over REST."""

from typing import Any

import pytest

from gql.demo.tenant import Row
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import calls, instant, rows

CALLS = "/api/v1/calls"


def recordings(call: Row, kind: str | None = None) -> list[dict[str, Any]]:
    """The recordings of a call as they must be answered."""
    stored = [
        row
        for row in rows("recording")
        if row["call_id"] == call["id"] and kind in (None, row["kind"])
    ]
    return [
        {
            "id": row["id"],
            "call_id": row["call_id"],
            "recording_sid": row["external_id"],
            "file_path": None,
            "recording_url": row["url"],
            "duration": row["duration_ms"] / 1000,
            "format": row["format"],
            "recording_type": row["kind"],
            "recording_source": row["source"],
            "status": row["status"],
            "created_at": instant(row["started_at"]),
        }
        for row in sorted(stored, key=lambda row: row["id"])
    ]


CALL = next(call for call in calls() if len(recordings(call)) > 1)


@pytest.mark.parametrize("by", ["id", "sid"])
async def test_a_call_has_its_recordings(rest: Rest, statements: Counting, by: str) -> None:
    path = f"{CALLS}/{CALL['id'] if by == 'id' else 'sid/' + CALL['call_sid']}/recordings"
    await rest("GET", path)

    with statements() as ran:
        answer = await rest("GET", path)

    assert answer.json() == recordings(CALL)
    assert [list(each) for each in answer.json()] == [list(recordings(CALL)[0])] * 2
    assert ran.count == 1


@pytest.mark.parametrize("holds", ["full", "customer", "video"])
async def test_recordings_are_filtered_by_type(rest: Rest, holds: str) -> None:
    answer = await rest("GET", f"{CALLS}/{CALL['id']}/recordings?recording_type={holds}")

    assert answer.json() == recordings(CALL, holds)
    assert len(answer.json()) == (holds != "video")


@pytest.mark.parametrize("path", [f"{CALL['id']}", f"sid/{CALL['call_sid']}"])
async def test_another_organization_s_recordings_are_not_found(
    rest: Rest, stranger: dict[str, str], path: str
) -> None:
    answer = await rest("GET", f"{CALLS}/{path}/recordings", headers=stranger)

    assert answer.status_code == 404
