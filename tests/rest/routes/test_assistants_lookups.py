"""Assistants counted, exported and found by number, and whose they are."""

import csv
import io
from typing import Any

import pytest

from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import ASSISTANT_KEYS, listed, one, plain, rows

ASSISTANTS = "/api/v1/assistants"
HEADER = [
    *("Assistant ID", "Name", "Description", "Phone Number", "LLM Provider", "LLM Model"),
    *("Active", "Created At", "Updated At"),
]


@pytest.mark.parametrize("active", [False, True])
async def test_they_are_counted(rest: Rest, statements: Counting, active: bool) -> None:
    path = f"{ASSISTANTS}/count?active_only={active}"
    await rest("GET", path)

    with statements() as ran:
        answer = await rest("GET", path)

    assert answer.json() == {"count": len(listed(active=active))}
    assert ran.count == 1


async def test_they_are_a_csv_file(rest: Rest, statements: Counting) -> None:
    await rest("GET", f"{ASSISTANTS}/export")

    with statements() as ran:
        answer = await rest("GET", f"{ASSISTANTS}/export")

    name = 'attachment; filename="assistants_export.csv"'
    assert answer.headers["content-disposition"] == name
    assert list(csv.reader(io.StringIO(answer.text))) == [
        HEADER,
        *(
            [
                str(each["id"]),
                each["name"],
                each["description"] or "",
                each["phone_number"],
                each["llm_provider"],
                each["llm_model"],
                str(each["is_active"]).lower(),
                each["created_at"],
                each["updated_at"],
            ]
            for each in listed()
        ),
    ]
    assert len(set(ran.texts)) == 2  # the largest id, then one page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", listed()),
        ("status=all", listed()),
        ("status=active", listed(active=True)),
        ("status=inactive", [each for each in listed() if not each["is_active"]]),
        ("search=BOT", [each for each in listed() if "bot" in each["name"].lower()]),
        ("assistant_ids=123,1", [one(1), one(123)]),
        ("assistant_ids= 123 ,,99999999999999999999,1012", [one(123)]),
        ("assistant_ids=123,1&search=bot&status=active", [one(123)]),
        ("assistant_ids=,", []),
    ],
)
async def test_they_are_a_json_file_of_what_passes(
    rest: Rest, query: str, expected: list[dict[str, Any]]
) -> None:
    answer = await rest("GET", f"{ASSISTANTS}/export?format=json&{query}")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == expected
    assert all(list(each) == ASSISTANT_KEYS for each in answer.json())


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("format=xml", "string_pattern_mismatch"),
        ("status=on", "string_pattern_mismatch"),
        ("assistant_ids=1,x", "value_error"),
        ("assistant_ids=-1", "value_error"),
    ],
)
async def test_a_file_that_does_not_fit_is_refused(rest: Rest, query: str, problem: str) -> None:
    answer = await rest("GET", f"{ASSISTANTS}/export?{query}")

    assert answer.status_code == 422
    assert [each["type"] for each in answer.json()["detail"]] == [problem]


@pytest.mark.parametrize(
    "number", ["+18000000002", "18000000002", "%2B18000000002", "+1 (800) 000-0002"]
)
async def test_one_is_found_by_the_digits_of_its_number(
    rest: Rest, statements: Counting, number: str
) -> None:
    path = f"{ASSISTANTS}/by-phone/{number}"
    await rest("GET", path)

    with statements() as ran:
        answer = await rest("GET", path)

    assert answer.json() == one(2)
    assert ran.count == 1


async def test_of_several_with_a_number_an_active_one_is_found(
    fresh_rest: Rest,
) -> None:
    path = f"{ASSISTANTS}/by-phone/+15551234567"
    first = (await fresh_rest("GET", path)).json()
    await fresh_rest("PATCH", f"{ASSISTANTS}/123/status?is_active=false")
    second = (await fresh_rest("GET", path)).json()
    await fresh_rest("PATCH", f"{ASSISTANTS}/124/status?is_active=false")
    third = (await fresh_rest("GET", path)).json()

    assert [first["id"], second["id"], third["id"]] == [123, 124, 123]


@pytest.mark.parametrize("number", ["999", "+1800000000", "none", "%25"])
async def test_a_number_that_nobody_answers_is_not_found(rest: Rest, number: str) -> None:
    answer = await rest("GET", f"{ASSISTANTS}/by-phone/{number}")

    plain_number = number.replace("%25", "%")
    detail = f"Assistant with phone number {plain_number} not found in your organization"
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})


async def test_a_caller_learns_whose_key_it_has(
    rest: Rest, stranger: dict[str, str], statements: Counting
) -> None:
    await rest("GET", f"{ASSISTANTS}/me/organization")

    with statements() as ran:
        own = await rest("GET", f"{ASSISTANTS}/me/organization")
    theirs = await rest("GET", f"{ASSISTANTS}/me/organization", headers=stranger)

    assert [own.json(), theirs.json()] == [membership(1), membership(2)]
    assert ran.count == 2


def membership(number: int) -> dict[str, Any]:
    """The organization of this number, and its only person."""
    organization = next(row for row in rows("organization") if row["id"] == number)
    person = next(row for row in rows("user") if row["organization_id"] == number)
    keys = ("id", "name", "created_at")
    return {
        "organization": {key: plain(key, organization[key]) for key in keys},
        "user": {key: person[key] for key in ("id", "email", "name", "is_admin")},
    }


async def test_strangers_find_none_of_ours(rest: Rest, stranger: dict[str, str]) -> None:
    path = f"{ASSISTANTS}/export?format=json"

    assert (await rest("GET", path, headers=stranger)).json() == listed(2)
    answer = await rest("GET", f"{ASSISTANTS}/by-phone/+15551234567", headers=stranger)
    assert answer.status_code == 404
