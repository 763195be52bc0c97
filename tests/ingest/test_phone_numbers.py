"""One customer for one number, however it is written: in items, filters and derived columns."""

import json
import re
from typing import Any

import httpx2
import phonenumbers
import pytest

from gql.errors import BadInput
from gql.ingest.phone_numbers import checked_region, with_country_code
from gql.models.call import phone_digits
from gql.models.phone_numbers import international_form
from tests.conftest import bearer
from tests.databases import Copy

AT = "2026-11-01T10:00:00Z"
LONDON = "+442079460958"
SPELLINGS = ["+44 (0)20 7946 0958", "0044 20 7946-0958", "+44 020 79460958", "442079460958", LONDON]


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        *((each, LONDON[1:]) for each in SPELLINGS),
        ("+49 (0) 30 901820", "4930901820"),
        ("+39 06 1234567", "39061234567"),
        ("+39 (0)6 1234567", "39061234567"),
        ("001 555 123 4567", "15551234567"),
        ("1 (555) 123-4567", "15551234567"),
        # Without the code of a country, too short, of no country, and with an extension.
        ("020 7946 0958", "02079460958"),
        ("+1 555 987", "1555987"),
        ("00691", "00691"),
        ("+999 0 1234567", "99901234567"),
        ("+44 20 7946 0958 ext. 7", "4420794609587"),
        ("", ""),
    ],
)
def test_a_number_in_its_international_form_has_these_digits(number: str, digits: str) -> None:
    form = international_form(number)
    assert phone_digits(number) == phone_digits(form) == digits
    assert "".join(re.findall("[0-9]", form)) == digits  # as the database derives them
    assert international_form(form) == form


def test_every_country_has_one_form() -> None:
    """Of an example of each: written with spaces, and with the prefix of calls abroad."""
    examples = map(phonenumbers.example_number, sorted(phonenumbers.SUPPORTED_REGIONS))
    for example in [each for each in examples if each is not None]:
        form = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        spaced = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        for written in (form, spaced, f"00{spaced[1:]}"):
            assert phone_digits(written) == form[1:]


async def test_items_and_filters_agree_whatever_the_spelling(
    fresh: Copy, fresh_client: httpx2.AsyncClient
) -> None:
    owner = bearer(fresh.organizations[0])
    calls = [
        {"kind": "call", "source": "crm", "externalId": f"c{number}", "occurredAt": AT}
        | {"status": "completed", "customerPhoneNumber": each, "direction": "inbound"}
        for number, each in enumerate(SPELLINGS)
    ]
    numbers = {"from": "whatsapp:+44 (0)20 7946 0958", "to": "+15551234567"}
    text = {"kind": "sms", "source": "crm", "messageId": "m1", "occurredAt": AT, "body": "Hi"}
    lines = "\n".join(map(json.dumps, [*calls, {**text, **numbers, "direction": "inbound"}]))
    await fresh_client.post("/api/v1/ingest", content=lines.encode(), headers=owner)

    query = """query ($number: String!) {
      calls(filter: {customerPhoneNumber: {eq: $number}}) { totalCount }
      records(filter: {customerPhoneNumber: {eq: $number}}) { totalCount }
    }"""
    expected: Any = {"calls": {"totalCount": 5}, "records": {"totalCount": 6}}
    for number in SPELLINGS:
        body = {"query": query, "variables": {"number": number}}
        answer = await fresh_client.post("/graphql", json=body, headers=owner)
        assert answer.json()["data"] == expected, number
        listed = await fresh_client.get(
            "/api/v1/calls", params={"customer_phone": number}, headers=owner
        )
        assert listed.json()["total"] == 5, number


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("(202) 555-0100", "US", "+12025550100"),
        ("030 901820", "DE", "+4930901820"),
        ("+1 202-555-0100", "DE", "+1 202-555-0100"),
        ("2025550100", None, "2025550100"),
        ("anonymous", "US", "anonymous"),
        ("12345", "US", "12345"),
        ("sip:12@example.com", "US", "sip:12@example.com"),
        ("5551234567", "US", "+15551234567"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("0044 20 7946 0018", "GB", "+442079460018"),
        ("60006", "GB", "60006"),
        ("12125550100", "US", "+12125550100"),
        ("ACME", "US", "ACME"),
    ],
)
def test_a_number_gets_the_code_of_its_country(
    text: str, region: str | None, expected: str
) -> None:
    assert with_country_code(text, region) == expected


def test_a_region_is_a_country_in_two_letters() -> None:
    assert (checked_region("gb"), checked_region(None)) == ("GB", None)
    for wrong in ("UK", "GBR", ""):
        with pytest.raises(BadInput, match="no country"):
            checked_region(wrong)
