"""A provider's invoice beside what is recorded of its bills, in the GraphQL schema."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.types import Info

from gql.domain.calls import CALLS
from gql.domain.invoices import (
    AmountDifference,
    Invoice,
    InvoiceDifferenceKind,
    InvoiceLine,
    reconcile,
)
from gql.domain.invoices import Reconciliation as Compared
from gql.domain.recorded_bill import NamedCall
from gql.domain.sms import SMS_CONVERSATIONS
from gql.engine.fields import OWN_POINTS
from gql.errors import BadInput
from gql.models.enums import Channel
from gql.money import decimal_to_micros, micros_to_decimal
from gql.query.weights import COMPARED_ROW
from gql.schema.enums import CostService, describe

MOST_LINES = 1_000
"""Most lines of one invoice."""

RECONCILIATION_POINTS = COMPARED_ROW.points * CALLS.usual // 2
"""The lines of cost of some of an organization's calls, read once by one source."""

describe(
    InvoiceDifferenceKind,
    "How an invoice and what is recorded differ.",
    UNKNOWN_CALL="No call is called so, by the source's id, its SID or its carrier's id.",
    NOT_RECORDED="The source told no cost of it.",
    OTHER_CURRENCY="What the source told is in another currency.",
    NOT_COUNTED="What the source told is no part of the call's cost: another bill has the same"
    " money.",
    AMOUNT="The amounts differ by more than `tolerance`.",
    OTHER_PERIOD="The amounts agree, but the call started before or after the period.",
    NOT_INVOICED="It is recorded, and the invoice does not have it.",
)


@strawberry.input(description="An amount of an invoice.")
class InvoiceLineInput:
    call: str = strawberry.field(
        description="What the provider calls the call: its id there, its SID, or the id that"
        " the carrier below an assistant platform has for it."
    )
    amount: Decimal = strawberry.field(description="What it costs; below zero for a discount.")
    service: CostService | None = strawberry.field(
        default=UNSET,
        description="What it is paid for; where one line of a call does not say it, all lines of"
        " the call are compared with all that is recorded of it.",
    )


@strawberry.input(description="A provider's invoice for the calls that started in a period.")
class InvoiceInput:
    source: str = strawberry.field(description="Whose it is, as in `CostEntry.source`: `twilio`.")
    currency: str = strawberry.field(description="The currency's ISO 4217 code.")
    start: datetime = strawberry.field(description="When the period begins.")
    end: datetime = strawberry.field(description="The first instant after it.")
    lines: list[InvoiceLineInput] = strawberry.field(
        description=f"Its amounts, at most {MOST_LINES:,}; those of one service of a call are"
        " added up."
    )
    tolerance: Decimal | None = strawberry.field(
        default=UNSET, description="By how much two amounts may differ; nothing without it."
    )


@strawberry.type(description="An amount in which an invoice and what is recorded differ.")
class InvoiceDifference:
    """Made of a `AmountDifference`."""

    kind: InvoiceDifferenceKind = strawberry.field(description="How they differ.")
    reference: str = strawberry.field(
        description="What the invoice calls the call, or would call it."
    )
    service: CostService | None = strawberry.field(
        description="What it is paid for; null for all services of the call together."
    )
    invoiced: Decimal | None = strawberry.field(
        description="What the invoice has; null for NOT_INVOICED."
    )
    recorded: Decimal | None = strawberry.field(
        description="What is recorded in the currency; null where nothing is."
    )

    call_id: strawberry.ID | None = strawberry.field(
        description="The global id of the call or SMS conversation, for `nodes(ids:)`; null for"
        " UNKNOWN_CALL."
    )


@strawberry.type(description="An invoice beside what is recorded of its source's bills.")
class InvoiceReconciliation:
    """Made of a `Compared`."""

    invoiced: Decimal = strawberry.field(description="All lines of the invoice together.")
    recorded: Decimal = strawberry.field(
        description="All that is recorded of the source in the period and the currency."
    )
    matched: int = strawberry.field(description="How many amounts agree.")
    difference_count: int = strawberry.field(
        description="How many differ, those beyond the list too."
    )
    differences: list[InvoiceDifference] = strawberry.field(
        description="The amounts that differ, at most 1,000."
    )


InvoiceArgument = Annotated[InvoiceInput, strawberry.argument(description="The invoice.")]


async def _reconcile(info: Info, invoice: InvoiceArgument) -> InvoiceReconciliation:
    return _answer(await reconcile(info.context, _read(invoice)))


def _read(invoice: InvoiceInput) -> Invoice:
    """An invoice in millionths.

    Raises:
        BadInput: when it has too many lines, or its period no instant.
    """
    if len(invoice.lines) > MOST_LINES:
        raise BadInput(
            f"The invoice has {len(invoice.lines):,} lines: send at most {MOST_LINES:,} at a time,"
            " of a shorter period."
        )
    if invoice.start >= invoice.end:
        raise BadInput("The invoice's `end` is not after its `start`.")
    if (invoice.tolerance or 0) < 0:
        raise BadInput("`tolerance` is below zero.")
    lines = [
        InvoiceLine(line.call, line.service.value if line.service else None, _micros(line.amount))
        for line in invoice.lines
    ]
    tolerance = _micros(invoice.tolerance) if invoice.tolerance else 0
    return Invoice(
        *(invoice.source, invoice.currency, invoice.start, invoice.end, lines), tolerance=tolerance
    )


def _micros(amount: Decimal) -> int:
    """Exact, as a `Decimal` has six digits at most."""
    return int(decimal_to_micros(amount))


def _answer(compared: Compared) -> InvoiceReconciliation:
    return InvoiceReconciliation(
        invoiced=micros_to_decimal(compared.invoiced),
        recorded=micros_to_decimal(compared.recorded),
        matched=compared.matched,
        difference_count=compared.difference_count,
        differences=[_difference(each) for each in compared.differences],
    )


def _difference(difference: AmountDifference) -> InvoiceDifference:
    return InvoiceDifference(
        kind=difference.kind,
        reference=difference.reference,
        service=None if difference.service is None else CostService(difference.service),
        invoiced=_amount(difference.invoiced),
        recorded=_amount(difference.recorded),
        call_id=_global_id(difference.call),
    )


def _global_id(call: NamedCall | None) -> strawberry.ID | None:
    if call is None:
        return None
    noun = SMS_CONVERSATIONS if call.channel == Channel.SMS else CALLS
    return strawberry.ID(f"{noun.name}_{call.id}")


def _amount(micros: int | None) -> Decimal | None:
    return None if micros is None else micros_to_decimal(micros)


reconcile_invoice: Any = strawberry.field(
    resolver=_reconcile,
    description="Compare a provider's invoice with the lines of cost that are recorded of it, and"
    " name every difference. Nothing is written.",
    metadata={OWN_POINTS: RECONCILIATION_POINTS},
)
"""The root field."""
