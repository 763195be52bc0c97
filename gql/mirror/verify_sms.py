"""Comparing SMS conversations with their messages, and what carriers report of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gql.mirror.lists import CHUNK, Row, read_list, server_instant
from gql.mirror.records import (
    Record,
    conversation_record,
    parts_of_items,
    second,
    sms_log_record,
    stored_conversation_record,
    stored_sms_log_record,
)
from gql.mirror.sms_copy import CONVERSATIONS, CONVERSATIONS_PATH, LOGS, SmsReader
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
        self._logged: set[str] = set()
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
        if self.reader.has_logs:
            await self._compare_logs(whole, stored)

    async def _compare_logs(
        self, whole: Sequence[ConversationParts], stored: Mapping[str, StoredCall]
    ) -> None:
        """Compare what carriers report; conversations of the same numbers have the same reports."""
        there: dict[str, Record] = {}
        days: dict[str, str] = {}
        for parts in whole:
            for row in parts.logs:
                key = str(row.get("provider_message_id") or "")
                if key and key not in self._logged:
                    there[key] = sms_log_record(row, self.target.region)
                    days[key] = str(second(server_instant(row.get("created_at"))))[:10]
        ids = [each.row.id for each in stored.values()]
        rows = await self._stored.sms_logs(ids, sorted(there))
        here = {key: row for key, row in rows.items() if key not in self._logged}
        days |= {key: str(second(row.created_at))[:10] for key, row in here.items()}
        self._logged |= days.keys()
        for key in sorted(days):
            if self.since is None or days[key] >= f"{self.since:%Y-%m-%d}":
                record = stored_sms_log_record(here[key]) if key in here else None
                self.statement.compare(LOGS, days[key], key, there.get(key), record)

    async def _find_extra(self, keys: set[str]) -> None:
        """Find what is stored, not archived, and was not in the list."""
        conditions = (CALL.c.channel == Channel.SMS, ~CALL.c.is_archived)
        for key in sorted((await self._stored.keys(*conditions)).keys() - keys):
            call = (await self._stored.by_key([key])).get(key)
            if call is not None and not await self.reader.exists(key.removeprefix("sms_")):
                self._add(key, {}, call)

    def _records(self, parts: ConversationParts) -> dict[str, Record]:
        messages = parts_of_items(conversation_items(self.target.source, parts))["messages"]
        return {"": conversation_record(parts.row, self.target.region), **messages}

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
