"""What a call cost, amount by amount."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric
from sqlmodel import Field, SQLModel

from gql.models.enums import CostService, one_of
from gql.models.types import (
    micros,
    optional_json,
    organization_key,
    primary_key,
    reference,
    stamp_column,
)


class CostEntry(SQLModel, table=True):
    """One amount that a call cost.

    Attributes:
        source: The system that told it, and `producer` by which of its ways.
        external_id: What tells it from others of the same call, source and producer.
        usage_amount: How much of `usage_type` (tokens, characters, minutes) was used.
        unit_price: Of one such unit.
        amount: Millionths of `currency`, and `amount_text` as the source wrote it.
        occurred_at: When it was charged.
        is_superseded: Whether another producer tells the same money better; it does not count then.
    """

    __tablename__ = "cost_entry"
    __table_args__ = (
        Index(
            "uq_cost_entry_external_id",
            *("organization_id", "call_id", "source", "producer", "external_id"),
            unique=True,
        ),
        CheckConstraint(one_of("service", CostService), name="ck_cost_entry_service"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_id: int = reference("call")
    source: str = "manual"
    producer: str = "manual"
    external_id: str
    service: str = CostService.OTHER
    provider: str | None = None
    model: str | None = None
    usage_type: str | None = None
    usage_amount: Decimal | None = Field(default=None, sa_type=Numeric)
    unit_price: Decimal | None = Field(default=None, sa_type=Numeric)
    amount: int | None = micros()
    amount_text: str | None = None
    currency: str | None = None
    occurred_at: datetime | None = None
    is_superseded: bool = False
    meta: dict[str, Any] | None = optional_json()
    stamp: str | None = stamp_column()
