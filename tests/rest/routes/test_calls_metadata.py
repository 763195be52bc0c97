"""The metadata of a call, changed over REST."""

from typing import Any

import pytest

from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import calls, wire

CALLS = "/api/v1/calls"
DOCUMENTED = 101
SMS = 102


async def test_metadata_is_merged_key_by_key_and_null_removes(
    fresh_rest: Rest, fresh_statements: Counting
) -> None:
    path = f"{CALLS}/{DOCUMENTED}/metadata"
    await fresh_rest("GET", f"{CALLS}/{DOCUMENTED}")

    with fresh_statements() as ran:
        answer = await fresh_rest(
            "PATCH", path, {"metadata": {"campaign": None, "notes": {"a": [1, None]}, "no": None}}
        )

    row = next(row for row in calls() if row["id"] == DOCUMENTED)
    expected = {**wire(row), "call_meta": {"customer_id": "cust_abc123", "notes": {"a": [1, None]}}}
    assert (answer.status_code, answer.json()) == (200, expected)
    assert (await fresh_rest("GET", f"{CALLS}/{DOCUMENTED}")).json() == expected
    assert ran.count == 4


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {},
            {"type": "missing", "loc": ["body", "metadata"], "msg": "Field required", "input": {}},
        ),
        (
            {"metadata": [1]},
            {
                "type": "dict_type",
                "loc": ["body", "metadata"],
                "msg": "Input should be a valid dictionary",
                "input": [1],
            },
        ),
    ],
)
async def test_metadata_that_does_not_fit_is_refused(rest: Rest, body: Any, detail: Any) -> None:
    answer = await rest("PATCH", f"{CALLS}/{DOCUMENTED}/metadata", body)

    assert (answer.status_code, answer.json()) == (422, {"detail": [detail]})


async def test_nobody_changes_the_metadata_of_others_calls_or_of_sms(
    rest: Rest, stranger: dict[str, str]
) -> None:
    body = {"metadata": {"x": 1}}
    refused = [
        await rest("PATCH", f"{CALLS}/{DOCUMENTED}/metadata", body, headers=stranger),
        await rest("PATCH", f"{CALLS}/{SMS}/metadata", body),
    ]

    assert [answer.status_code for answer in refused] == [404, 404]
    assert [answer.json()["detail"] for answer in refused] == [
        f"Call with ID {number} not found in your organization" for number in (DOCUMENTED, SMS)
    ]
