"""SMS conversations with their messages; those that their source has archived are archived here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gql.domain.writes.sms import archive_conversation
from gql.domain.writes.transaction import transaction
from gql.errors import NotFound
from gql.mirror.call_copy import OVERLAP
from gql.mirror.client import SourceClient, all_of
from gql.mirror.lists import (
    CHUNK,
    FamilyAbsent,
    PageSizes,
    Row,
    digest,
    read_list,
    rows_of,
    server_instant,
)
from gql.mirror.positions import MirroredObject, load_objects, save_object
from gql.mirror.sms_shapes import ConversationParts, conversation_items, log_items
from gql.mirror.stored_calls import CALL, StoredCalls
from gql.mirror.target import MirrorTarget
from gql.models.enums import Channel

CONVERSATIONS = "sms-conversations"
CONVERSATIONS_PATH = f"/api/v1/{CONVERSATIONS}/"
LOGS = "sms-logs"
LOGS_PATH = f"/api/v1/{LOGS}/"


@dataclass
class SmsReader:
    """Reads SMS conversations whole.

    Attributes:
        has_logs: Whether the server lists what carriers report.
    """

    client: SourceClient
    sizes: PageSizes
    has_logs: bool = True

    async def whole(self, rows: Sequence[Row], read_at: datetime) -> list[ConversationParts]:
        """All that there is of some conversations; those that have vanished are left out."""
        read = await all_of(self._whole(row, read_at) for row in rows)
        return [parts for parts in read if parts is not None]

    async def exists(self, conversation_id: str) -> bool:
        """Whether the server has a conversation that is not archived."""
        return await self.client.get(f"{CONVERSATIONS_PATH}{conversation_id}") is not None

    async def _whole(self, row: Row, read_at: datetime) -> ConversationParts | None:
        answer = await self.client.get(f"{CONVERSATIONS_PATH}{row['id']}/messages")
        if answer is None:
            return None
        return ConversationParts(row, read_at, rows_of(answer.value), await self._logs(row))

    async def _logs(self, row: Row) -> list[Row]:
        """What carriers report of messages between the two numbers, in both directions."""
        numbers = (row.get("customer_phone_number"), row.get("assistant_phone_number"))
        logs: dict[str, Row] = {}
        for sender, receiver in (numbers, numbers[::-1]):
            if not self.has_logs:
                break
            filters = {"from_number": sender, "to_number": receiver}
            try:
                async for rows, _ in read_list(self.client, self.sizes, LOGS_PATH, **filters):
                    logs.update({str(each["id"]): each for each in rows})
            except FamilyAbsent:
                self.has_logs = False
        return [
            each for each in logs.values() if {each["from_number"], each["to_number"]} == {*numbers}
        ]


@dataclass
class SmsCopy:
    """Copies SMS conversations: the list is read in each run, messages where it shows a change."""

    reader: SmsReader
    target: MirrorTarget
    overlap: timedelta = OVERLAP

    async def run(self) -> None:
        """Copy what is new or has changed, and archive what is archived.

        Raises:
            FamilyAbsent: when the server has no SMS conversations.
            SourceFailure: when it does not answer.
        """
        async with self.target.context() as context:
            objects = await load_objects(context, self.target.source, CONVERSATIONS)
        seen: set[str] = set()
        pages = read_list(self.reader.client, self.reader.sizes, CONVERSATIONS_PATH)
        async for rows, read_at in pages:
            seen.update(str(row["id"]) for row in rows)
            changed = [row for row in rows if self._may_differ(row, objects.get(str(row["id"])))]
            self.target.report.objects[CONVERSATIONS] += len(rows)
            for at in range(0, len(changed), CHUNK):
                await self._copy(changed[at : at + CHUNK], read_at)
            self.target.progress(CONVERSATIONS, len(seen), max(len(seen), len(objects)))
        if not self.reader.has_logs:
            self.target.report.absent_families.append(LOGS)
        for key in sorted(objects.keys() - seen):
            if objects[key].absent_since is None and not await self.reader.exists(key):
                await self._archive(objects[key])

    def _may_differ(self, row: Row, stored: MirroredObject | None) -> bool:
        """Whether a conversation has changed, or is so new that carriers may still report on it."""
        last_activity = server_instant(row.get("last_activity"))
        is_recent = last_activity is None or last_activity > self.reader.client.now() - self.overlap
        return is_recent or stored is None or stored.digest != digest(row)

    async def _copy(self, rows: Sequence[Row], read_at: datetime) -> None:
        whole = await self.reader.whole(rows, read_at)
        items = [item for parts in whole for item in conversation_items(self.target.source, parts)]
        await self.target.apply(items, CONVERSATIONS)
        # Only now are the conversations there that these belong to.
        logged = [item for parts in whole for item in log_items(self.target.source, parts)]
        await self.target.apply(logged, LOGS)
        stored = StoredCalls(self.target)
        ids = await stored.keys(CALL.c.channel == Channel.SMS, among=[each.key for each in whole])
        async with self.target.context() as context, transaction(context) as write:
            for parts in whole:
                key = str(parts.row["id"])
                fresh = MirroredObject(key, ids.get(parts.key), digest(parts.row))
                await save_object(write, self.target.source, CONVERSATIONS, fresh)

    async def _archive(self, stored: MirroredObject) -> None:
        """Archive a conversation as its source has; once, so that nothing is forgotten twice."""
        absent = replace(stored, absent_since=self.reader.client.now())
        async with self.target.context() as context, transaction(context) as write:
            if stored.object_id is not None:
                try:
                    await archive_conversation(write, stored.object_id, None)
                except NotFound:
                    absent = replace(absent, object_id=None)
            await save_object(write, self.target.source, CONVERSATIONS, absent)
        self.target.report.find(
            f"SMS conversation {stored.external_id} was archived at the source, and is here."
        )
