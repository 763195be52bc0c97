"""What calls and SMS conversations cost, as rows of FOCUS, for programs that compare bills.

FOCUS is the FinOps Open Cost and Usage Specification. These are all columns that version 1.2
requires of whoever measures usage, and what it recommends where something is known of it; columns
of our own begin with `x_`. Version 1.3 leaves quantities out where there is no price list to name,
and renames those of providers, so 1.2 says more of a call.
https://focus.finops.org/focus-specification/v1-2/
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import not_, select

from gql.domain.calls import CALLS
from gql.domain.cost_groups import COSTED_RECORDS
from gql.domain.costs import USUAL_CURRENCY
from gql.models.cost_entry import CostEntry
from gql.models.enums import Channel, CostService
from gql.models.rollup import SERVICES
from gql.models.scope import owned, parameters, table_of
from gql.money import micros_to_decimal
from gql.query.context import Context
from gql.query.exports import export
from gql.query.filters import Condition
from gql.query.resource import Record
from gql.sql.keys import is_among

COLUMNS = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "x_AssistantId",
    "x_AssistantName",
    "x_CallId",
    "x_CallSid",
    "x_Channel",
    "x_Model",
)

Row = tuple[Any, ...]
"""A value for each of `COLUMNS`."""

_UNKNOWN = "Unknown"

_CALL = (
    *("id", "call_sid", "channel", "assistant_id", "assistant_name", "started_at", "ended_at"),
    *("source", "cost_currency", "total_cost", *(f"{service}_cost" for service in SERVICES)),
)
_LINE = (
    *("call_id", "source", "service", "provider", "model", "usage_type", "usage_amount"),
    *("amount", "currency"),
)

_AI = "AI and Machine Learning"
_SERVICES = {
    CostService.LLM: ("Language model", _AI, "Generative AI"),
    CostService.TTS: ("Text to speech", _AI, "Natural Language Processing"),
    CostService.STT: ("Speech to text", _AI, "Natural Language Processing"),
    CostService.TELEPHONY: ("Telephony", "Networking", "Other (Networking)"),
    CostService.OTHER: ("Other", "Other", "Other (Other)"),
}
"""The name, the category and the subcategory of a service; the last two are values of FOCUS."""


@dataclass(frozen=True)
class Account:
    """Who pays: an organization."""

    id: int
    name: str


@dataclass(frozen=True)
class Charge:
    """An amount of a call.

    Attributes:
        service: What it was paid for.
        amount: Millionths of the call's currency.
        category: `Usage`, or `Adjustment` for what of a total belongs to no service.
        source: The system that tells it.
        unit: What was counted: `minutes`, `tokens`.
        quantity: How many of these.
    """

    service: CostService
    amount: int
    category: str = "Usage"
    source: str | None = None
    provider: str | None = None
    model: str | None = None
    unit: str = "calls"
    quantity: Decimal = Decimal(1)


async def focus_rows(
    context: Context, account: Account, since: datetime, until: datetime
) -> AsyncGenerator[list[Row]]:
    """The charges of what started at `since` or later and before `until`, some rows at a time.

    Those of a call add up to its total: they are the lines that its source gave of it, or else one
    for each service, and what of the total is in none of these. A call without a total has none, as
    in `costs`. SMS conversations come behind calls, archived ones too.
    """
    between = (
        Condition("started_at", "gte", since),
        Condition("started_at", "lt", until),
        Condition("total_cost", "is_null", False),
    )
    for name in (CALLS.name, "sms_conversation"):
        pages = export(
            context,
            COSTED_RECORDS[name],
            _CALL,
            "started_at",
            descending=False,
            filter=between,
        )
        async for calls in pages:
            lines = await _lines(context, [call.id for call in calls])
            yield [
                _row(account, call, charge)
                for call in calls
                for charge in _charges(call, lines.get(call.id, []))
            ]


async def _lines(context: Context, call_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The lines of these calls that count, by call."""
    entry = table_of(CostEntry).alias()
    statement = (
        select(*(entry.c[name] for name in _LINE))
        .where(
            owned(entry),
            is_among(entry.c.call_id, "keys"),
            not_(entry.c.is_superseded),
            entry.c.amount.is_not(None),
        )
        .order_by(entry.c.call_id, entry.c.id)
    )
    async with context.database.snapshot() as snapshot:
        values = {**parameters(context.organization_id), "keys": list(call_ids)}
        rows = await snapshot.rows(statement, values)
    return {key: list(group) for key, group in groupby(rows, key=attrgetter("call_id"))}


def _charges(call: Record, lines: Sequence[Any]) -> Iterator[Charge]:
    """What adds up to a call's total."""
    charges = [_charge_of(line) for line in lines if line.currency in {None, call.cost_currency}]
    if not charges:
        amounts = {service: getattr(call, f"{service}_cost") for service in SERVICES}
        charges = [
            Charge(CostService(service), amount)
            for service, amount in amounts.items()
            if amount is not None
        ]
    yield from charges
    rest = call.total_cost - sum(charge.amount for charge in charges)
    if rest:
        yield Charge(CostService.OTHER, rest, "Adjustment")


def _charge_of(line: Any) -> Charge:
    counted: dict[str, Any] = {}
    if line.usage_amount is not None and line.usage_type is not None:
        counted = {"unit": line.usage_type, "quantity": Decimal(line.usage_amount)}
    return Charge(
        CostService(line.service),
        line.amount,
        source=line.source,
        provider=line.provider,
        model=line.model,
        **counted,
    )


def _row(account: Account, call: Record, charge: Charge) -> Row:
    """A charge in the order of `COLUMNS`.

    What is billed is the only price there is, so it is the list, contracted and effective one too.
    """
    name, category, subcategory = _SERVICES[charge.service]
    amount = micros_to_decimal(charge.amount)
    kind = "SMS conversation" if call.channel == Channel.SMS else "Call"
    issuer = charge.source or call.source or _UNKNOWN
    is_usage = charge.category == "Usage"
    purpose = name if is_usage else "in the total, and of no service"
    quantity = _decimal(charge.quantity) if is_usage else None
    unit = charge.unit.replace("_", " ").capitalize() if is_usage else None
    start, end = _period(call)
    month = start.replace(day=1, hour=0, minute=0, second=0)
    values = {
        "BilledCost": amount,
        # Not a number alone, which programs would read as one.
        "BillingAccountId": f"organization_{account.id}",
        "BillingAccountName": account.name,
        "BillingCurrency": call.cost_currency or USUAL_CURRENCY,
        "BillingPeriodEnd": _instant((month + timedelta(days=31)).replace(day=1)),
        "BillingPeriodStart": _instant(month),
        "ChargeCategory": charge.category,
        "ChargeClass": None,
        "ChargeDescription": f"{kind} {call.call_sid}: {purpose}",
        "ChargeFrequency": "Usage-Based" if is_usage else "One-Time",
        "ChargePeriodEnd": _instant(end),
        "ChargePeriodStart": _instant(start),
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "ContractedCost": amount,
        "EffectiveCost": amount,
        "InvoiceId": None,
        "InvoiceIssuerName": issuer,
        "ListCost": amount,
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        # Whoever is paid makes the service available; who made it may be another one.
        "ProviderName": issuer,
        "PublisherName": charge.provider or issuer,
        "ServiceCategory": category,
        "ServiceName": name,
        "ServiceSubcategory": subcategory,
        "x_AssistantId": call.assistant_id,
        "x_AssistantName": call.assistant_name,
        "x_CallId": call.id,
        "x_CallSid": call.call_sid,
        "x_Channel": call.channel,
        "x_Model": charge.model,
    }
    return tuple(values[name] for name in COLUMNS)


def _decimal(number: Decimal) -> str:
    """With a point, as no program may take a column of them for whole numbers."""
    written = f"{number.normalize():f}"
    return written if "." in written else f"{written}.0"


def _period(call: Record) -> tuple[datetime, datetime]:
    """The whole seconds that a call is in: one where its end is not known, or no later."""
    second = timedelta(seconds=1)
    start = call.started_at.astimezone(UTC).replace(microsecond=0)
    end = start + second
    if call.ended_at is not None and call.ended_at > end:
        end = call.ended_at.astimezone(UTC).replace(microsecond=0)
        end += second if call.ended_at > end else timedelta(0)
    return start, end


def _instant(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
