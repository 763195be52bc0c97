"""Sums over calls by day and by month, so that totals of half a million calls read a few rows.

Triggers on `call` maintain both tables (see the migration `call_rollup`), in the transaction of
whoever writes; so they are exact in every snapshot. What holds for some calls is the sum of their
rows in `call_rollup` and of their rows in `call_rollup_change`.
"""

from enum import IntEnum

from sqlalchemy import Index, Numeric, PrimaryKeyConstraint, SmallInteger
from sqlmodel import Field, SQLModel

from gql.models.call import Call
from gql.models.scope import table_of
from gql.models.types import BIG, MAX_ID, organization_key, primary_key


class Grain(IntEnum):
    """What a row of `call_rollup` adds up: calls of a day or month, of all or of one assistant."""

    DAY = 0
    MONTH = 1
    ASSISTANT_DAY = 2
    ASSISTANT_MONTH = 3


NO_ASSISTANT = -MAX_ID
"""The `assistant_id` of calls that have none. A primary key may not be null."""

SERVICES = ("llm", "tts", "stt", "telephony")
"""The parts of a call's cost; the column of each is `<service>_cost`."""

KINDS = ("status", "direction", "is_archived", "currency", "has_total")
"""What calls are told apart by, beside channel, assistant and day."""

SUMS = (
    *("calls", "timed", "duration", "total_cost"),
    *(f"{service}_{sum_}" for service in SERVICES for sum_ in ("costed", "cost")),
)
"""What is added up."""


def _amount() -> object:
    """A sum of 64-bit amounts, which need not fit in 64 bits: PostgreSQL keeps every digit.

    SQLite turns a sum beyond 64 bits into a float, so that no write ever fails for one.
    """
    return Field(sa_type=Numeric)


class _Sums(SQLModel):
    """Columns of both tables.

    Attributes:
        currency: Empty where a call has none.
        has_total: Whether the calls have a total cost. One without may still have a part of one.
        timed: Calls with a duration; those with the cost of a service are `<service>_costed`.
        duration: Seconds. Costs are micro-units.
    """

    status: str
    direction: str
    is_archived: bool
    currency: str
    has_total: bool
    calls: int = Field(sa_type=BIG)
    timed: int = Field(sa_type=BIG)
    duration: int = Field(sa_type=BIG)
    total_cost: int = _amount()  # type: ignore[assignment]
    llm_costed: int = Field(sa_type=BIG)
    llm_cost: int = _amount()  # type: ignore[assignment]
    tts_costed: int = Field(sa_type=BIG)
    tts_cost: int = _amount()  # type: ignore[assignment]
    stt_costed: int = Field(sa_type=BIG)
    stt_cost: int = _amount()  # type: ignore[assignment]
    telephony_costed: int = Field(sa_type=BIG)
    telephony_cost: int = _amount()  # type: ignore[assignment]


class CallRollup(_Sums, table=True):
    """The sums of one grain; a row of which all calls were deleted stays, with zeros.

    Attributes:
        grain: A `Grain`; each call is in one row of every grain.
        period: The number of the UTC day from 0001-01-01, or of the month: 12 * year + month - 1.
        assistant_id: 0 in the grains of all assistants.
    """

    __tablename__ = "call_rollup"
    __table_args__ = (
        # By period first: the rows of a window lie side by side.
        PrimaryKeyConstraint(
            *("organization_id", "channel", "grain", "period", "assistant_id", *KINDS)
        ),
        Index(
            "ix_call_rollup_assistant",
            *("organization_id", "channel", "grain", "assistant_id", "period"),
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    organization_id: int = organization_key(on_delete="CASCADE")
    channel: str
    grain: int = Field(sa_type=SmallInteger)
    period: int
    assistant_id: int = Field(sa_type=BIG)


class CallRollupChange(_Sums, table=True):
    """What a write added or took away, until it is folded into `CallRollup`.

    Only PostgreSQL has rows here, so that two writers never wait for each other's sums. SQLite has
    one writer at a time, whose triggers change the sums themselves.
    """

    __tablename__ = "call_rollup_change"

    id: int | None = primary_key()
    organization_id: int = organization_key(on_delete="CASCADE")
    channel: str
    assistant_id: int = Field(sa_type=BIG)
    day: int


# No foreign key says so: calls are emptied before the rollup, which their triggers still need.
for _model in (CallRollup, CallRollupChange):
    table_of(Call).add_is_dependent_on(table_of(_model))
