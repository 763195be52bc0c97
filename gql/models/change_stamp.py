"""Change stamps: by them one tiny statement tells whether anything changed for an organization.

Tables are grouped into families. A transaction that writes to one of a family puts a random number
into a row of the organization and the family that nobody else holds, or adds a row: see the
migration `change_stamps`. The version of a family is all its rows, as one snapshot sees them: two
snapshots with the same rows see the same commits. No sum and no maximum of them would do, as two
servers may see different commits with the same sum. Random numbers, as counters repeat after a
failover that lost something.

The stamps of a transaction that is still open are of no use: what it writes next has the same.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import PrimaryKeyConstraint
from sqlmodel import Field, SQLModel

from gql.models.scope import table_of
from gql.models.types import BIG, organization_key

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "assistants": ("assistant",),
    "calls": (
        *("call", "chat_message", "cost_entry", "recording"),
        *("sms_audit_log", "sms_message_log", "transcript"),
    ),
    "graph_sessions": ("graph_session", "graph_transition"),
    "graphs": ("assistant_graph", "graph_edge", "graph_node", "graph_version"),
}
"""The tables of each family: a write to any of them stamps it."""

_DERIVED = {
    "call_rollup": "call",
    "call_rollup_change": "call",
    "call_words": "call",
    "chat_message_words": "chat_message",
    "transcript_words": "transcript",
}
"""What triggers keep of a table, in the same transaction."""

_FAMILY_OF = {table: family for family, tables in FAMILIES.items() for table in tables}


def families_of(tables: Iterable[str]) -> tuple[str, ...] | None:
    """The families of some tables, in order; None where one of them has none, or there is none."""
    families = {_FAMILY_OF.get(_DERIVED.get(table, table)) for table in tables}
    if not families or None in families:
        return None
    return tuple(sorted(filter(None, families)))


class ChangeStamp(SQLModel, table=True):
    """A part of the version of a family.

    Attributes:
        slot: Tells the rows of a family apart; transactions at the same time have one each.
        stamp: A random number.
    """

    __tablename__ = "change_stamp"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "family", "slot"),
        {
            # Each commit leaves a dead row; the next ones find a free one on the same page.
            "postgresql_with": {
                "fillfactor": 25,
                "autovacuum_vacuum_scale_factor": 0,
                "autovacuum_vacuum_threshold": 1000,
            }
        },
    )

    organization_id: int = organization_key(on_delete="CASCADE")
    family: str
    slot: int = Field(sa_type=BIG)
    stamp: int = Field(sa_type=BIG)


def depend_on_stamps() -> None:
    """Have the tables of all families emptied before the stamps, as their triggers write these."""
    stamps = table_of(ChangeStamp)
    for name in _FAMILY_OF:
        stamps.metadata.tables[name].add_is_dependent_on(stamps)
