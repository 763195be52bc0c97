"""Calls and conversations as they are stored, in a bounded number of statements per batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from gql.domain.calls import CALLS as CALL_RESOURCE
from gql.mirror.positions import load_objects
from gql.mirror.records import PARTS, Record, stored_part_record
from gql.mirror.target import MirrorTarget
from gql.models.cost_entry import CostEntry
from gql.models.message import ChatMessage, Transcript
from gql.models.recording import Recording
from gql.models.scope import owned, parameters, table_of
from gql.models.sms_log import SmsMessageLog
from gql.sql.keys import is_among

CALL = CALL_RESOURCE.table

_LOG = table_of(SmsMessageLog)

_TABLES = {
    "transcripts": table_of(Transcript),
    "messages": table_of(ChatMessage),
    "recordings": table_of(Recording),
    "costs": table_of(CostEntry),
}


@dataclass
class StoredCall:
    """A stored call.

    Attributes:
        row: Its columns.
        parts: What belongs to it, by part and by the source's key.
    """

    row: Any
    parts: dict[str, dict[str, Record]] = field(
        default_factory=lambda: {part: {} for part in PARTS}
    )


@dataclass
class StoredCalls:
    """Reads what a mirror has written.

    Attributes:
        target: Whose calls.
    """

    target: MirrorTarget

    async def by_key(self, keys: Sequence[str]) -> dict[str, StoredCall]:
        """Calls with all that belongs to them, by the source's key."""
        async with self.target.context() as context:
            own = parameters(self.target.organization_id)
            statement = select(CALL).where(
                owned(CALL),
                CALL.c.source == self.target.source,
                is_among(CALL.c.external_id, sorted(keys)),
            )
            calls = [StoredCall(row) for row in await context.snapshot.rows(statement, own)]
            by_id = {call.row.id: call for call in calls}
            for part, table in _TABLES.items():
                of_calls = select(table).where(
                    owned(table), is_among(table.c.call_id, sorted(by_id))
                )
                for row in await context.snapshot.rows(of_calls, own):
                    if part != "costs" or not row.is_superseded:
                        key = row.external_id or f"row {row.id}"
                        by_id[row.call_id].parts[part][key] = stored_part_record(part, row)
        return {call.row.external_id: call for call in calls}

    async def sms_logs(self, call_ids: Sequence[int], keys: Sequence[str]) -> dict[str, Any]:
        """What carriers reported of conversations, and of SMS with these keys; by the key."""
        statement = select(_LOG).where(
            owned(_LOG),
            _LOG.c.provider == self.target.source,
            or_(
                is_among(_LOG.c.call_id, sorted(call_ids)),
                is_among(_LOG.c.provider_message_id, sorted(keys)),
            ),
        )
        async with self.target.context() as context:
            own = parameters(self.target.organization_id)
            rows = await context.snapshot.rows(statement, own)
        return {row.provider_message_id: row for row in rows if row.provider_message_id is not None}

    async def keys_between(
        self, channel: str, after: datetime | None, until: datetime | None
    ) -> dict[str, int]:
        """The ids of the calls that began after one instant and until another, by key."""
        conditions: list[ColumnElement[bool]] = [CALL.c.channel == channel]
        conditions += [] if after is None else [CALL.c.started_at > after]
        conditions += [] if until is None else [CALL.c.started_at <= until]
        return await self.keys(*conditions)

    async def keys(
        self,
        *conditions: ColumnElement[bool],
        among: Sequence[str] | None = None,
        most: int | None = None,
    ) -> dict[str, int]:
        """The ids of calls of the source, by key, newest first.

        Args:
            conditions: Which ones.
            among: Only those with these keys.
            most: No more than so many.
        """
        if among is not None:
            conditions = (*conditions, is_among(CALL.c.external_id, sorted(among)))
        statement = (
            select(CALL.c.external_id, CALL.c.id)
            .where(owned(CALL), CALL.c.source == self.target.source, *conditions)
            .order_by(CALL.c.started_at.desc(), CALL.c.id.desc())
            .limit(most)
        )
        async with self.target.context() as context:
            rows = await context.snapshot.rows(statement, parameters(self.target.organization_id))
        return {row.external_id: row.id for row in rows if row.external_id is not None}

    async def metadata(self, keys: Sequence[str]) -> Sequence[Any]:
        """Key, metadata and what is kept for merging, of calls."""
        statement = select(CALL.c.external_id, CALL.c.call_meta, CALL.c.merge_state).where(
            owned(CALL),
            CALL.c.source == self.target.source,
            is_among(CALL.c.external_id, sorted(keys)),
        )
        async with self.target.context() as context:
            return await context.snapshot.rows(statement, parameters(self.target.organization_id))

    async def noticed(self, collection: str, keys: Sequence[str]) -> set[str]:
        """Those of the keys that the mirror knows to be no longer at the source."""
        async with self.target.context() as context:
            objects = await load_objects(context, self.target.source, collection, keys)
        return {key for key, each in objects.items() if each.absent_since is not None}
