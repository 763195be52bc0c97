"""`reconcile`: an invoice made of the recorded lines agrees, and each change of it is named."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from gql.database import Database
from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.scope import table_of
from tests.conftest import Counting, GraphQL
from tests.rest.demo_rows import rows

QUERY = """query($invoice: InvoiceInput!) { reconcile(invoice: $invoice) {
    invoiced recorded matched differenceCount
    differences { kind reference service invoiced recorded callId } } }"""

YEAR = {"start": "2025-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
CALLS = {row["id"]: row for row in rows("call")}
RECORDED = [
    row for row in rows("cost_entry") if row["organization_id"] == 1 and row["currency"] == "USD"
]


def printed(micros: int) -> str:
    return f"{Decimal(micros) / 1_000_000:.6f}"


def line(row: Any, **changes: Any) -> dict[str, Any]:
    """A line of an invoice for a recorded one."""
    return {
        "call": CALLS[row["call_id"]]["call_sid"],
        "service": row["service"].upper(),
        "amount": printed(row["amount"]),
        **changes,
    }


def difference(row: Any, kind: str, **changes: Any) -> dict[str, Any]:
    """What is answered of a recorded line."""
    return {
        "kind": kind,
        "reference": CALLS[row["call_id"]]["call_sid"],
        "service": row["service"].upper(),
        "invoiced": printed(row["amount"]),
        "recorded": printed(row["amount"]),
        "callId": f"call_{row['call_id']}",
        **changes,
    }


async def compare(
    graphql: GraphQL, lines: Iterable[dict[str, Any]], **changes: Any
) -> dict[str, Any]:
    invoice = {"source": "manual", "currency": "USD", **YEAR, "lines": list(lines), **changes}
    answer = await graphql(QUERY, {"invoice": invoice})
    assert "errors" not in answer, answer
    compared: dict[str, Any] = answer["data"]["reconcile"]
    return compared


async def test_an_invoice_of_what_is_recorded_agrees(
    graphql: GraphQL, statements: Counting
) -> None:
    total = printed(sum(row["amount"] for row in RECORDED))

    with statements() as ran:
        compared = await compare(graphql, map(line, RECORDED))

    assert compared == {
        "invoiced": total,
        "recorded": total,
        "matched": len(RECORDED),
        "differenceCount": 0,
        "differences": [],
    }
    assert ran.count == 4


async def test_each_difference_is_named(graphql: GraphQL) -> None:
    dearer, missing, *others = (row for row in RECORDED if row["amount"])
    foreign = next(
        row
        for row in rows("cost_entry")
        if row["organization_id"] == 1 and row["currency"] == "EUR"
    )
    free = next(
        row["id"]
        for row in rows("call")
        if row["organization_id"] == 1
        and row["id"] not in {each["call_id"] for each in rows("cost_entry")}
    )
    lines = [
        line(dearer, amount=printed(dearer["amount"] + 1)),
        *map(line, others),
        {"call": "CA_unheard_of", "amount": "5", "service": "TTS"},
        line(foreign),
        {"call": CALLS[free]["call_sid"], "amount": "-0.5"},
    ]

    compared = await compare(graphql, lines)
    tolerant = await compare(graphql, lines, tolerance="0.000001")

    named = [
        {
            "kind": "UNKNOWN_CALL",
            "reference": "CA_unheard_of",
            "service": "TTS",
            "invoiced": "5.000000",
            "recorded": None,
            "callId": None,
        },
        difference(dearer, "AMOUNT", invoiced=printed(dearer["amount"] + 1)),
        difference(foreign, "OTHER_CURRENCY", recorded=None),
        {
            "kind": "NOT_RECORDED",
            "reference": CALLS[free]["call_sid"],
            "service": None,
            "invoiced": "-0.500000",
            "recorded": None,
            "callId": f"call_{free}",
        },
        difference(missing, "NOT_INVOICED", invoiced=None),
    ]

    def in_order(differences: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(differences, key=lambda each: (each["kind"], each["reference"]))

    assert in_order(compared["differences"]) == in_order(named)
    assert compared["differenceCount"] == len(named)
    assert compared["matched"] == len(others)
    assert [each["kind"] for each in tolerant["differences"]].count("AMOUNT") == 0
    assert tolerant["matched"] == len(others) + 1


async def test_lines_without_a_service_are_compared_with_the_whole_call(graphql: GraphQL) -> None:
    number = RECORDED[0]["call_id"]
    own = [row for row in RECORDED if row["call_id"] == number]
    whole = {
        "call": CALLS[number]["call_sid"],
        "amount": printed(sum(row["amount"] for row in own[1:])),
    }

    compared = await compare(graphql, [line(own[0]), whole])

    assert compared["matched"] == 1
    assert number not in {each["callId"] for each in compared["differences"]}


async def test_the_period_decides(graphql: GraphQL) -> None:
    row = next(row for row in RECORDED if row["amount"])
    start = CALLS[row["call_id"]]["started_at"]
    before = {"start": "2020-01-01T00:00:00Z", "end": start.isoformat()}

    compared = await compare(graphql, [line(row)], **before)

    assert compared["differences"][0] == difference(row, "OTHER_PERIOD")
    earlier = [each for each in RECORDED if CALLS[each["call_id"]]["started_at"] < start]
    assert compared["recorded"] == printed(sum(each["amount"] for each in earlier))
    assert {each["kind"] for each in compared["differences"][1:]} <= {"NOT_INVOICED"}


async def test_names_of_providers_and_carriers_find_calls(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """And what another bill replaces is not counted."""
    entry, call = table_of(CostEntry), table_of(Call)
    row = next(row for row in RECORDED if row["amount"])
    of_carrier, of_source = {"source": "carrier"}, {"source": "platform", "external_id": "their-1"}
    async with fresh_database.transaction() as connection:
        this = entry.c.id == row["id"]
        await connection.execute(
            update(entry).where(this).values(of_carrier | {"is_superseded": True})
        )
        this = call.c.id == row["call_id"]
        await connection.execute(
            update(call).where(this).values(of_source | {"carrier_call_id": "leg-1"})
        )

    compared = await compare(fresh_graphql, [line(row, call="leg-1")], **of_carrier)
    foreign = await compare(fresh_graphql, [line(row, call="their-1")], source="carrier")
    own = await compare(fresh_graphql, [line(row, call="their-1")], source="platform")

    assert compared == {
        "invoiced": printed(row["amount"]),
        "recorded": "0.000000",
        "matched": 0,
        "differenceCount": 1,
        "differences": [difference(row, "NOT_COUNTED", reference="leg-1")],
    }
    assert [each["kind"] for each in foreign["differences"]] == ["UNKNOWN_CALL"]
    assert [each["kind"] for each in own["differences"]] == ["NOT_RECORDED"]


async def test_strangers_find_none_of_our_calls(graphql: GraphQL, stranger: dict[str, str]) -> None:
    invoice = {"source": "manual", "currency": "USD", **YEAR, "lines": [line(RECORDED[0])]}

    answer = await graphql(QUERY, {"invoice": invoice}, headers=stranger)

    first, *others = answer["data"]["reconcile"]["differences"]
    assert (first["kind"], first["callId"]) == ("UNKNOWN_CALL", None)
    theirs = {f"call_{row['id']}" for row in CALLS.values() if row["organization_id"] == 2}
    assert {each["callId"] for each in others} <= theirs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"lines": [{"call": "a", "amount": "1"}] * 1_001},
            "The invoice has 1,001 lines: send at most 1,000 at a time, of a shorter period.",
        ),
        ({"end": YEAR["start"]}, "The invoice's `end` is not after its `start`."),
        ({"tolerance": "-1"}, "`tolerance` is below zero."),
    ],
)
async def test_what_cannot_be_compared_is_refused(
    graphql: GraphQL, changes: dict[str, Any], message: str
) -> None:
    invoice = {"source": "manual", "currency": "USD", **YEAR, "lines": [], **changes}

    answer = await graphql(QUERY, {"invoice": invoice})

    assert [each["message"] for each in answer["errors"]] == [message]
    assert answer["data"] == {"reconcile": None}


def test_the_demo_has_lines_of_the_years() -> None:
    starts = [CALLS[row["call_id"]]["started_at"] for row in RECORDED]
    assert datetime(2025, 1, 1, tzinfo=UTC) <= min(starts)
    assert max(starts) < datetime(2027, 1, 1, tzinfo=UTC)
