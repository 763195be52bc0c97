"""`jackfield costs export --focus` prints what FOCUS 1.2 requires, and exactly what calls cost.

The rules are those of https://focus.finops.org/focus-specification/v1-2/.
"""

import csv
import io
import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from gql.database import Database
from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.scope import table_of
from tests.cli.conftest import Cli
from tests.databases import Copy
from tests.rest.demo_rows import rows

ALL_TIME = ("--from", "2020-01-01", "--to", "2030-01-01")
SERVICES = ("llm", "tts", "stt", "telephony")
MANDATORY = {
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass"),
    *("ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost"),
    *("EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit"),
    *("ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
}
MAY_BE_NULL = {"ChargeClass", "PricingQuantity", "PricingUnit"}
"""Of the mandatory columns."""
FOR_USAGE = ("PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit")
"""Not null where the charge is of usage."""
SUBCATEGORIES = {
    ("AI and Machine Learning", "Generative AI"),
    ("AI and Machine Learning", "Natural Language Processing"),
    ("Networking", "Other (Networking)"),
    ("Other", "Other (Other)"),
}
"""Pairs that the specification has, of those that are printed."""
NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")
"""With a point: validators take a column without any for whole numbers."""
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

Charges = list[dict[str, str]]


async def export(cli: Cli, url: str, *period: str, organization: int = 1) -> Charges:
    result = await cli(
        *("costs", "export", "--focus", "-o", str(organization), "--database", url),
        *(period or ALL_TIME),
    )
    assert result.code == 0, result.err
    return list(csv.DictReader(io.StringIO(result.out)))


async def test_charges_follow_the_rules_of_each_column(cli: Cli, shared: Copy) -> None:
    charges = await export(cli, shared.url)

    names = list(charges[0])
    assert set(names) >= MANDATORY
    custom = [name.startswith("x_") for name in names]
    assert custom == sorted(custom)  # the columns of the specification come first
    for charge in charges:
        assert all(charge[name] for name in MANDATORY - MAY_BE_NULL)
        assert charge["ChargeCategory"] in {"Usage", "Adjustment"}
        is_usage = charge["ChargeCategory"] == "Usage"
        assert charge["ChargeFrequency"] == ("Usage-Based" if is_usage else "One-Time")
        assert all(bool(charge[name]) == is_usage for name in FOR_USAGE)
        assert (charge["ServiceCategory"], charge["ServiceSubcategory"]) in SUBCATEGORIES
        assert re.fullmatch("[A-Z]{3}", charge["BillingCurrency"])
        costs = {charge[f"{name}Cost"] for name in ("Billed", "List", "Contracted", "Effective")}
        assert len(costs) == 1
        numbers = (*costs, charge["PricingQuantity"], charge["ConsumedQuantity"])
        assert all(NUMBER.fullmatch(each) for each in numbers if each)
        # Who issues the invoice is who provides: else it would be a marketplace's, and billed 0.
        assert charge["ProviderName"] == charge["InvoiceIssuerName"]
        assert charge["InvoiceId"] == ""
        instants = [
            charge[f"{period}Period{edge}"]
            for period, edge in (
                *(("Billing", "Start"), ("Charge", "Start")),
                *(("Charge", "End"), ("Billing", "End")),
            )
        ]
        assert all(INSTANT.fullmatch(each) for each in instants)
        assert instants[0] <= instants[1] < instants[2]
        assert instants[1] < instants[3]


async def test_charges_add_up_to_the_totals(cli: Cli, shared: Copy) -> None:
    totals: dict[str, int] = defaultdict(int)
    for row in rows("call"):
        if row["organization_id"] == 1 and row["total_cost"] is not None:
            totals[str(row["id"])] += row["total_cost"]

    charges = await export(cli, shared.url)

    sums: dict[str, Decimal] = defaultdict(Decimal)
    for charge in charges:
        sums[charge["x_CallId"]] += Decimal(charge["BilledCost"])
    of_no_cost = {key for key, total in totals.items() if total == 0} - set(sums)
    assert {key: total * 1_000_000 for key, total in sums.items()} == {
        key: total for key, total in totals.items() if key not in of_no_cost
    }
    assert {charge["x_Channel"] for charge in charges} == {"voice", "sms"}
    assert {charge["BillingAccountId"] for charge in charges} == {"organization_1"}


async def test_what_lines_do_not_tell_is_an_adjustment(
    cli: Cli, fresh: Copy, fresh_database: Database
) -> None:
    """And lines of another currency, or that another bill replaces, are no charges."""
    entry, call = table_of(CostEntry), table_of(Call)
    lines = [each for each in rows("cost_entry") if each["organization_id"] == 1]
    number = lines[0]["call_id"]
    lines = [each for each in lines if each["call_id"] == number]
    (row,) = (each for each in rows("call") if each["id"] == number)
    changes: list[dict[str, Any]] = [
        {"usage_type": "prompt_tokens", "usage_amount": Decimal("1234.5"), "provider": "openai"},
        {"is_superseded": True},
        {"currency": "CHF"},
    ]
    async with fresh_database.transaction() as connection:
        for line, change in zip(lines, changes, strict=False):
            statement = update(entry).where(entry.c.id == line["id"]).values(change)
            await connection.execute(statement)
        await connection.execute(
            update(call)
            .where(call.c.id == number)
            .values(started_at=datetime(2026, 12, 31, 23, 59, 59, 5000, UTC), ended_at=None)
        )

    charges = await export(cli, fresh.url, "--from", "2026-12-31", "--to", "2027-01-01")

    charges = [each for each in charges if each["x_CallId"] == str(number)]
    counted = [lines[0], *lines[3:]]
    rest = row["total_cost"] - sum(each["amount"] for each in counted)
    amounts = [*(each["amount"] for each in counted), rest]
    assert [Decimal(each["BilledCost"]) * 1_000_000 for each in charges] == amounts
    first = charges[0]
    assert first == first | {
        "BillingPeriodStart": "2026-12-01T00:00:00Z",
        "BillingPeriodEnd": "2027-01-01T00:00:00Z",
        "ChargePeriodStart": "2026-12-31T23:59:59Z",
        "ChargePeriodEnd": "2027-01-01T00:00:00Z",
        "ConsumedQuantity": "1234.5",
        "ConsumedUnit": "Prompt tokens",
        "ProviderName": lines[0]["source"],
        "PublisherName": "openai",
        "InvoiceIssuerName": lines[0]["source"],
        "x_CallSid": row["call_sid"],
    }
    last = charges[-1]
    assert last == last | {
        "ChargeCategory": "Adjustment",
        "ServiceName": "Other",
        "ChargeDescription": f"Call {row['call_sid']}: in the total, and of no service",
    }


async def test_a_period_has_what_started_in_it(cli: Cli, shared: Copy) -> None:
    first, last = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)
    expected = {
        str(row["id"])
        for row in rows("call")
        if row["organization_id"] == 2 and row["total_cost"] and first <= row["started_at"] < last
    }

    charges = await export(
        cli, shared.url, "--from", "2026-03-01", "--to", "2026-03-11", organization=2
    )

    assert expected
    assert {each["x_CallId"] for each in charges if Decimal(each["BilledCost"])} == expected


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("--from", "2026-01-01", "--to", "2026-02-01"), "Add --focus."),
        (("--focus", "--from", "2026-02-01", "--to", "2026-02-01"), "left out"),
        (("--focus", "-o", "999", *ALL_TIME), "organization"),
    ],
)
async def test_what_cannot_be_exported_is_said(
    cli: Cli, shared: Copy, words: tuple[str, ...], advice: str
) -> None:
    owner = () if "-o" in words else ("-o", "1")

    result = await cli("costs", "export", *owner, "--database", shared.url, *words)

    assert (result.code, result.out) == (1, "")
    assert advice in result.err


async def test_budgets_are_printed_with_what_is_spent(cli: Cli, shared: Copy) -> None:
    budgets = ("costs", "budgets", "-o", "1", "--database", shared.url, "--month", "2026-06")
    own = [row for row in rows("cost_budget") if row["organization_id"] == 1]
    in_june = [
        row
        for row in rows("call")
        if row["organization_id"] == 1
        and datetime(2026, 5, 31, 22, tzinfo=UTC) <= row["started_at"]
        and row["started_at"] < datetime(2026, 6, 30, 22, tzinfo=UTC)
    ]

    printed = json.loads((await cli(*budgets, "--json")).out)
    table = await cli(*budgets)
    wrong = await cli(*budgets[:-1], "June")

    assert printed == [
        {
            "id": budget["id"],
            "assistant": budget["assistant_id"],
            "graph": budget["graph_id"],
            "month": "2026-06",
            "time_zone": "Europe/Berlin",
            "currency": "USD",
            "amount": "100.000000",
            "spent": f"{Decimal(spent).scaleb(-6):.6f}",
            "without_cost": sum(call["total_cost"] is None for call in calls),
            "passed": 80,
        }
        for budget in own
        for calls in [
            [
                call
                for call in in_june
                if budget["assistant_id"] in {None, call["assistant_id"]}
                and budget["graph_id"] in {None, call["graph_id"]}
            ]
        ]
        for spent in [
            sum(
                call["total_cost"]
                for call in calls
                if call["total_cost"] is not None and call["cost_currency"] == "USD"
            )
        ]
    ]
    assert printed[0]["spent"] in table.out
    assert wrong.code == 1
    assert "`June` is no month: write it like `2026-06`." in wrong.err
