"""Comparing SMS conversations with their messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gql.mirror.lists import CHUNK, Row, read_list
from gql.mirror.records import (
    Record,
    conversation_record,
    parts_of_items,
    stored_conversation_record,
)
from gql.mirror.sms_copy import CONVERSATIONS, CONVERSATIONS_PATH, SmsReader
from gql.mirror.sms_shapes import ConversationParts, conversation_items
from gql.mirror.statement import MirrorStatement
from gql.mirror.stored_calls import CALL, StoredCall, StoredCalls
from gql.mirror.target import MirrorTarget
from gql.models.enums import Channel

SMS_MESSAGES = "sms messages"


@dataclass
class SmsComparison:
    """Compares SMS conversations that are not archived.

    Attributes:
        statement: Takes what was compared.
        since: What began before is left out.
    """

    reader: SmsReader
    target: MirrorTarget
    statement: MirrorStatement
    since: datetime | None = None

    async def run(self) -> None:
        """Compare all conversations.

        Raises:
            FamilyAbsent: when the server has no SMS conversations.
            SourceFailure: when it does not answer.
        """
        self._stored = StoredCalls(self.target)
        rows: dict[str, tuple[Row, datetime]] = {}
        pages = read_list(self.reader.client, self.reader.sizes, CONVERSATIONS_PATH)
        async for page, read_at in pages:
            rows.update({str(row["id"]): (row, read_at) for row in page})
        keys = sorted(rows)
        for at in range(0, len(keys), CHUNK):
            chunk = [rows[key][0] for key in keys[at : at + CHUNK]]
            await self._compare(chunk, rows[keys[at]][1])
            self.target.progress(CONVERSATIONS, at + len(chunk), len(keys))
        if not self.reader.has_logs:
            self.statement.notes.append("The server has no sms-logs.")
        await self._find_extra({f"sms_{key}" for key in keys})

    async def _compare(self, rows: Sequence[Row], read_at: datetime) -> None:
        whole = await self.reader.whole(rows, read_at)
        stored = await self._stored.by_key([parts.key for parts in whole])
        for parts in whole:
            self._add(parts.key, self._records(parts), stored.get(parts.key))

    async def _find_extra(self, keys: set[str]) -> None:
        """Find what is stored, not archived, and was not in the list."""
        conditions = (CALL.c.channel == Channel.SMS, ~CALL.c.is_archived)
        for key in sorted((await self._stored.keys(*conditions)).keys() - keys):
            call = (await self._stored.by_key([key])).get(key)
            if call is not None and not await self.reader.exists(key.removeprefix("sms_")):
                self._add(key, {}, call)

    def _records(self, parts: ConversationParts) -> dict[str, Record]:
        messages = parts_of_items(conversation_items(self.target.source, parts))["messages"]
        return {"": conversation_record(parts.row), **messages}

    def _add(self, key: str, there: dict[str, Record], stored: StoredCall | None) -> None:
        here: dict[str, Record] = {}
        if stored is not None:
            here = {"": stored_conversation_record(stored.row), **stored.parts["messages"]}
        day = str((there or here)[""]["started_at"])[:10]
        if self.since is not None and day < f"{self.since:%Y-%m-%d}":
            return
        for part in sorted(there.keys() | here.keys()):
            self.statement.compare(
                SMS_MESSAGES if part else CONVERSATIONS,
                day,
                f"{key} {part}".strip(),
                there.get(part),
                here.get(part),
                is_named=not part or bool(there and here),
            )
