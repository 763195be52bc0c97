"""Files that are made while they are sent: CSV and JSON, in memory one part at a time."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gql.http.disconnect import wait_for_disconnect
from gql.http.media_types import JSON
from gql.sql.csv_sql import spreadsheet_text

CSV = "text/csv"
TEXT = "text/plain"

Pages = AsyncGenerator[str, None]
"""What is printed of records, a page of them at a time."""

Parts = AsyncGenerator[bytes, None]


class Download(Response):
    """A file that is sent while it is made, and no longer made once the client is gone.

    HEAD is answered without making the rest of it.

    Starlette's own `StreamingResponse` cancels what it streams when the client goes. Cancelling a
    statement closes its connection, so this one stops between two parts.
    """

    def __init__(self, parts: Parts, first: bytes, *, name: str, media_type: str) -> None:
        self._parts = parts
        self._first = first
        super().__init__(media_type=media_type, headers=_attachment(name))
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything; the source of the parts is closed in any case.

        Raises:
            ClientDisconnect: when the client went away.
        """
        disconnect = asyncio.create_task(wait_for_disconnect(receive))
        try:
            async with aclosing(self._parts):
                await self._send(send, disconnect, head_alone=scope["method"] == "HEAD")
        except OSError as error:
            raise ClientDisconnect from error
        finally:
            disconnect.cancel()

    async def _send(self, send: Send, disconnect: asyncio.Task[None], *, head_alone: bool) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        if head_alone:
            await send(_body(b"", more=False))
            return
        await send(_body(self._first))
        async for part in self._parts:
            if disconnect.done():
                raise ClientDisconnect
            await send(_body(part))
        await send(_body(b"", more=False))


async def csv_download(pages: Pages, header: Sequence[str], *, name: str) -> Response:
    """Lines of CSV under a header line; the first ones are read before this returns.

    Args:
        pages: The lines, with their ends.
        header: The cells of the first line.
        name: Of the file, in ASCII.
    """

    async def parts() -> Parts:
        opening = csv_lines([header])
        async with aclosing(pages):
            async for lines in pages:
                yield opening + lines.encode()
                opening = b""
        if opening:
            yield opening

    return await _download(parts(), name, CSV)


async def json_download(pages: Pages, *, name: str) -> Response:
    """A JSON array; its first items are read before this returns.

    Args:
        pages: The items, with commas between them.
        name: Of the file, in ASCII.
    """

    async def parts() -> Parts:
        opening = b"["
        async with aclosing(pages):
            async for items in pages:
                yield opening + items.encode()
                opening = b","
        yield b"[]" if opening == b"[" else b"]"

    return await _download(parts(), name, JSON)


def file(content: bytes, *, name: str, media_type: str) -> Response:
    """A small file, whole."""
    return Response(content, media_type=media_type, headers=_attachment(name))


def csv_lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """Lines of CSV; null is an empty cell, and instants are printed as in JSON."""
    text = io.StringIO()
    csv.writer(text).writerows([[cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def cell(value: Any) -> Any:
    """A value for one cell, such that no spreadsheet runs it as a formula."""
    if isinstance(value, str):
        return spreadsheet_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return iso_instant(value) if isinstance(value, datetime) else value


def iso_instant(value: datetime) -> str:
    """An instant as JSON has it: `2025-01-19T10:00:00Z`, a fraction only when it is not zero."""
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return f"{in_utc.isoformat()[:-6]}Z"


async def _download(parts: Parts, name: str, media_type: str) -> Response:
    """The first part is made at once: what is wrong can still be answered with a status then."""
    first = await anext(parts)
    return Download(parts, first, name=name, media_type=media_type)


def _body(part: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": part, "more_body": more}


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
