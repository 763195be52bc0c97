"""Reading calls whole from a source: with transcript, messages, recordings and costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from gql.mirror.call_shapes import CallParts
from gql.mirror.client import SourceAnswer, SourceClient, all_of
from gql.mirror.lists import Row, rows_of

CALLS_PATH = "/api/v1/calls"

FAMILIES = ("transcripts", "messages", "recordings", "costs")
"""What belongs to a call, each an address of its own."""


@dataclass
class CallReader:
    """Reads calls whole, and asks no more for a family that the server has not.

    Attributes:
        absent: Families that it has not.
    """

    client: SourceClient
    absent: set[str] = field(default_factory=set)

    async def whole(self, rows: Sequence[Row], read_at: datetime) -> list[CallParts]:
        """All that there is of some calls; those that have vanished meanwhile are left out."""
        read = await all_of(self._whole(row, read_at) for row in rows)
        return [parts for parts in read if parts is not None]

    async def by_sid(self, sid: str) -> SourceAnswer | None:
        """A call by its SID; None where the server has none."""
        return await self.client.get(f"{CALLS_PATH}/sid/{quote(sid, safe='')}")

    async def _whole(self, row: Row, read_at: datetime) -> CallParts | None:
        parts: dict[str, Any] = {}
        for family in FAMILIES:
            if family in self.absent:
                continue
            answer = await self._family(row["id"], family)
            if answer is not None:
                value = answer.value
                parts[family] = value if family == "costs" else rows_of(value)
            elif await self.client.get(f"{CALLS_PATH}/{row['id']}") is None:
                return None
            else:
                self.absent.add(family)
        return CallParts(row, read_at, **parts)

    async def _family(self, call: Any, family: str) -> SourceAnswer | None:
        if family == "costs":
            return await self.client.get(f"/api/calls/{call}/costs")
        interim = "true" if family == "transcripts" else None
        return await self.client.get(f"{CALLS_PATH}/{call}/{family}", include_interim=interim)
