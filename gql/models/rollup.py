"""Numbers of calls by week and kind: counting half a million calls reads a few hundred rows."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from gql.models.call import Call
from gql.models.enums import Channel, one_of
from gql.models.scope import table_of
from gql.models.types import BIG, organization_key, primary_key


class CallRollup(SQLModel, table=True):
    """The number of calls of one channel, direction and status that began in one week.

    A call is counted twice: among all of the organization, where `assistant_id` is 0, and among
    those of its assistant, if it has one. Triggers on `call` maintain the table (see the migration
    0005), so it is exact in every snapshot, whoever writes. Only sums have a meaning: writers that
    would wait for each other insert rows of their own with the same key, and a row may be negative.
    """

    __tablename__ = "call_tally"
    __table_args__ = (
        Index(
            "ix_call_tally_key",
            *("organization_id", "channel", "by_assistant", "assistant_id", "week", "status"),
            *("direction", "is_archived", "id"),
        ),
        CheckConstraint(one_of("channel", Channel), name="ck_call_tally_channel"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key(on_delete="CASCADE")
    channel: str
    direction: str
    is_archived: bool
    by_assistant: bool
    assistant_id: int = Field(sa_type=BIG)
    status: str
    week: int
    calls: int


# No foreign key says so: calls are emptied before the rollup, which their triggers still need.
table_of(Call).add_is_dependent_on(table_of(CallRollup))
