"""A provider's invoice beside the lines of cost that were recorded of the same source.

Amounts are integers of millionths. What is recorded are cost entries; those that another bill
replaces are in no sum, and are named where an invoice has them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gql.domain.recorded_bill import NamedCall, RecordedAmount, RecordedBill
from gql.query.context import Context

MOST_DIFFERENCES = 1_000
"""Most differences of one answer."""


class InvoiceDifferenceKind(StrEnum):
    """How an invoice and what is recorded differ."""

    UNKNOWN_CALL = "unknown_call"
    NOT_RECORDED = "not_recorded"
    OTHER_CURRENCY = "other_currency"
    NOT_COUNTED = "not_counted"
    AMOUNT = "amount"
    OTHER_PERIOD = "other_period"
    NOT_INVOICED = "not_invoiced"


class InvoiceLine(NamedTuple):
    """An amount of an invoice.

    Attributes:
        call: What the provider calls the call: its id there, its SID, or the carrier's id.
        service: What it was paid for; None for all services together.
    """

    call: str
    service: str | None
    amount: int


@dataclass(frozen=True)
class Invoice:
    """What a provider wants for a period.

    Attributes:
        source: The system whose bills are recorded.
        start: Of the period, and `end` the first instant after it.
        tolerance: By how much two amounts may differ.
    """

    source: str
    currency: str
    start: datetime
    end: datetime
    lines: Sequence[InvoiceLine]
    tolerance: int = 0


@dataclass(frozen=True)
class AmountDifference:
    """One difference.

    Attributes:
        reference: What the invoice calls the call, or would.
        call: The call, where there is one.
        service: None where all services are compared together.
        invoiced: None where the invoice has nothing, and `recorded` where nothing is recorded.
    """

    kind: InvoiceDifferenceKind
    reference: str
    call: NamedCall | None = None
    service: str | None = None
    invoiced: int | None = None
    recorded: int | None = None


@dataclass(frozen=True)
class Reconciliation:
    """An invoice, compared.

    Attributes:
        invoiced: All lines together.
        recorded: All that is recorded of the source in the period and the currency.
        matched: How many amounts agree.
        difference_count: How many do not, those beyond `MOST_DIFFERENCES` too.
    """

    invoiced: int
    recorded: int
    matched: int
    difference_count: int
    differences: tuple[AmountDifference, ...]


async def reconcile(context: Context, invoice: Invoice) -> Reconciliation:
    """Compare an invoice with what is recorded; four statements, however many lines it has."""
    bill = RecordedBill(
        context.organization_id, invoice.source, invoice.currency, invoice.start, invoice.end
    )
    read = context.snapshot.rows
    calls = await bill.named_calls(read, [line.call for line in invoice.lines])
    call_ids = sorted({call.id for call in calls.values()})
    recorded = await bill.amounts_of(read, call_ids)
    compared = list(_compare(invoice, calls, recorded))
    differences = [each for each in compared if each is not None]
    others, other_count = await bill.amounts_of_others(read, call_ids, MOST_DIFFERENCES)
    differences += [
        AmountDifference(
            InvoiceDifferenceKind.NOT_INVOICED, call.reference, call, service, recorded=amount
        )
        for call, service, amount in others
    ]
    return Reconciliation(
        invoiced=sum(line.amount for line in invoice.lines),
        recorded=await bill.total(read),
        matched=compared.count(None),
        difference_count=len(differences) - len(others) + other_count,
        differences=tuple(differences[:MOST_DIFFERENCES]),
    )


def _compare(
    invoice: Invoice, calls: dict[str, NamedCall], recorded: dict[int, list[RecordedAmount]]
) -> Iterator[AmountDifference | None]:
    """A difference for each amount that does not agree, and None for each that does.

    Lines of the same service of a call are added up, and all lines of a call where one of them has
    no service.
    """
    by_call: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in invoice.lines:
        if line.call in calls:
            by_call[calls[line.call].id].append(line)
        else:
            unknown = InvoiceDifferenceKind.UNKNOWN_CALL
            yield AmountDifference(unknown, line.call, service=line.service, invoiced=line.amount)
    by_id = {call.id: call for call in reversed(calls.values())}
    for call_id, lines in by_call.items():
        amounts: dict[str | None, int] = defaultdict(int)
        is_whole = any(line.service is None for line in lines)
        for line in lines:
            amounts[None if is_whole else line.service] += line.amount
        for service, amount in amounts.items():
            rows = [each for each in recorded[call_id] if service in {None, each.service}]
            yield _difference(invoice, by_id[call_id], service, amount, rows)
        if not is_whole:
            yield from _other_services(invoice, by_id[call_id], amounts, recorded[call_id])


def _difference(
    invoice: Invoice,
    call: NamedCall,
    service: str | None,
    amount: int,
    rows: Sequence[RecordedAmount],
) -> AmountDifference | None:
    """How an amount of an invoice differs from what is recorded, if it does."""
    same_currency = [each for each in rows if each.currency == invoice.currency]
    counted = [each for each in same_currency if not each.is_superseded]
    value: int | None = None
    if not rows:
        kind = InvoiceDifferenceKind.NOT_RECORDED
    elif not same_currency:
        kind = InvoiceDifferenceKind.OTHER_CURRENCY
    elif not counted:
        kind, value = InvoiceDifferenceKind.NOT_COUNTED, _sum(same_currency)
    elif abs((value := _sum(counted)) - amount) > invoice.tolerance:
        kind = InvoiceDifferenceKind.AMOUNT
    elif not invoice.start <= call.started_at < invoice.end:
        kind = InvoiceDifferenceKind.OTHER_PERIOD
    else:
        return None
    return AmountDifference(kind, call.reference, call, service, amount, value)


def _other_services(
    invoice: Invoice,
    call: NamedCall,
    invoiced: Iterable[str | None],
    recorded: Sequence[RecordedAmount],
) -> Iterator[AmountDifference]:
    """What is recorded of a call's services that the invoice does not have."""
    if not invoice.start <= call.started_at < invoice.end:
        return
    for each in recorded:
        is_counted = each.currency == invoice.currency and not each.is_superseded
        if is_counted and each.amount and each.service not in invoiced:
            yield AmountDifference(
                InvoiceDifferenceKind.NOT_INVOICED,
                call.reference,
                call,
                each.service,
                recorded=each.amount,
            )


def _sum(recorded: Sequence[RecordedAmount]) -> int:
    return sum(each.amount for each in recorded)
