"""Events: what was written to calls, SMS, graphs and so on, in one order per organization.

Triggers make them, in the transaction of whoever writes and after the row is locked: see the
migration `events`. On PostgreSQL they put them into `event_new`, and `gql/events/numbering.py`
numbers them into `event` once they are committed. A number given earlier would be passed by: of two
transactions the one with the higher number may commit first, and a reader that has seen it never
looks below. On SQLite, which has one writer at a time, the triggers number them themselves.

Readers ask for `seq > cursor`. Numbers have no gaps, so that a jump is a loss that shows.
"""

from datetime import datetime

from sqlalchemy import Integer, PrimaryKeyConstraint
from sqlmodel import Field, SQLModel

from gql.models.call import Call
from gql.models.cost_budget import CostBudgetPassing
from gql.models.graph import AssistantGraph
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.message import ChatMessage, Transcript
from gql.models.scope import table_of
from gql.models.types import BIG, loose_reference, organization_key, primary_key


class _What(SQLModel):
    """Columns of both tables.

    Attributes:
        kind: An `EventKind`.
        object_id: The row that was written.
        parent_id: The graph of a session, the conversation of a message, a transcript's call.
        at: When, by the database's clock; numbers do not follow it exactly.
    """

    kind: str
    object_id: int = Field(sa_type=BIG)
    parent_id: int | None = loose_reference()


class UnnumberedEvent(_What, table=True):
    """An event without a number; only PostgreSQL has rows here, and each for milliseconds.

    Attributes:
        id: Of two events of one object the older has the lower one.
        tag: See `NumberedEvent`.
    """

    __tablename__ = "event_new"

    id: int | None = primary_key()
    organization_id: int = organization_key(on_delete="CASCADE")
    tag: int = Field(sa_type=Integer)
    at: datetime


class NumberedEvent(_What, table=True):
    """An event that readers see.

    Attributes:
        seq: 1, 2, 3, ... within the organization, without gaps.
        tag: A random number, and part of cursors: after a database was restored, number `seq` is
            another event with another tag.
    """

    __tablename__ = "event"
    __table_args__ = (PrimaryKeyConstraint("organization_id", "seq"),)

    organization_id: int = organization_key(on_delete="CASCADE")
    seq: int = Field(sa_type=BIG)
    tag: int = Field(sa_type=Integer)
    at: datetime


class EventHead(SQLModel, table=True):
    """Which numbers an organization has; whoever numbers holds its row until that is committed.

    Attributes:
        last: The highest number that was given.
        pruned: Events up to this one may have been deleted.
    """

    __tablename__ = "event_head"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id"),
        {"postgresql_with": {"fillfactor": 20}},
    )

    organization_id: int = organization_key(on_delete="CASCADE")
    last: int = Field(sa_type=BIG)
    pruned: int = Field(sa_type=BIG)


# No foreign key says so: these are emptied before the events, which their triggers still need.
for _written in (
    *(Call, AssistantGraph, GraphSession, GraphTransition, ChatMessage, Transcript),
    CostBudgetPassing,
):
    for _model in (UnnumberedEvent, NumberedEvent, EventHead):
        table_of(_written).add_is_dependent_on(table_of(_model))
