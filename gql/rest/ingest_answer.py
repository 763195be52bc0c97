"""Takes lines of items while they are sent, and answers each while others still come."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from gql.errors import GatewayError
from gql.http.body_lines import BodyLines
from gql.http.headers import header_value
from gql.http.media_types import NDJSON
from gql.http.request_log import log_fields
from gql.http.streamed_body import expect_streamed_body
from gql.ingest.apply import ItemStatus, apply_items
from gql.ingest.item_faults import faults_line
from gql.ingest.items import ITEM, AnyItem, in_region
from gql.query.context import Context
from gql.rest.error_responses import error_response
from gql.rest.responses import dumps

BATCH = 500
"""Lines of one transaction."""

_PATIENCE = 0.05
"""Seconds that lines wait for others of their batch."""

POINTS_PER_LINE = 100
"""What an item costs the database and the event loop, in the points of rate limits."""

_IN_MEMORY = 1 << 20

Numbered = tuple[int, AnyItem]


class IngestAnswer:
    """The answer to a body of items: a line for each of its lines, then one with their numbers.

    Lines are answered as their batches are committed. Answers that the client does not read yet go
    to a temporary file: a client that reads only when it has sent everything could else wait for
    us for ever, and we for it.

    Args:
        context: Of the caller.
        longest: Bytes of a line.
        region: The country of numbers without its code.
    """

    def __init__(self, context: Context, longest: int, region: str | None) -> None:
        self._context = context
        self._longest = longest
        self._validation = in_region(region)
        self._counts: Counter[str] = Counter()
        self._points = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, apply and answer until the body ends, or the client is gone.

        Raises:
            ClientDisconnect: when the client went away; the batch that ran is done.
        """
        expect_streamed_body(scope)
        encoding = header_value(scope, b"content-encoding") or b""
        try:
            body = BodyLines(receive, encoding, self._longest)
        except GatewayError as error:
            await error_response(error)(scope, receive, send)
            return
        answers = _Answers(send)
        try:
            await self._run(body, answers)
        except GatewayError as error:
            if not answers.has_begun:
                await error_response(error)(scope, receive, send)
                return
            answers.write({"summary": self._summary(complete=False), "error": str(error)})
        else:
            answers.write({"summary": self._summary(complete=True)})
        finally:
            log_fields(scope)["points"] = self._points
            await self._context.close()
            await answers.end()

    async def _run(self, body: BodyLines, answers: "_Answers") -> None:
        number = 0
        pending: list[tuple[int, bytes | None]] = []
        reading: asyncio.Task[list[bytes | None]] | None = None
        try:
            while not body.has_ended or pending or reading is not None:
                if reading is None and not body.has_ended:
                    reading = asyncio.create_task(body.read())
                if reading is not None:
                    await asyncio.wait([reading], timeout=_PATIENCE if pending else None)
                    if reading.done():
                        for line in reading.result():
                            number += 1
                            pending.append((number, line))
                        reading = None
                    elif len(pending) < BATCH:
                        await self._apply(pending, answers)
                        pending = []
                while len(pending) >= BATCH or (pending and body.has_ended and reading is None):
                    await self._apply(pending[:BATCH], answers)
                    pending = pending[BATCH:]
        finally:
            if reading is not None:
                reading.cancel()

    async def _apply(self, lines: Sequence[tuple[int, bytes | None]], answers: "_Answers") -> None:
        """Apply one batch, and answer its lines."""
        results: dict[int, dict[str, Any]] = {}
        items: list[Numbered] = []
        for number, line in lines:
            if line is None:
                fault = f"The line is longer than {self._longest:,} bytes."
                results[number] = {"status": ItemStatus.REFUSED, "error": fault}
            elif line.strip():
                try:
                    items.append((number, ITEM.validate_json(line, context=self._validation)))
                except ValidationError as error:
                    results[number] = {"status": ItemStatus.REFUSED, "error": faults_line(error)}
        points = POINTS_PER_LINE * len(lines)
        self._context.identity.allowance.use_points(points)
        self._points += points
        outcomes = await apply_items(self._context, [item for _, item in items])
        for (number, _), outcome in zip(items, outcomes, strict=True):
            fields = outcome._asdict()
            results[number] = {name: fields[name] for name in fields if fields[name] is not None}
        for number, result in sorted(results.items()):
            self._counts[result["status"]] += 1
            answers.write({"line": number, **result})

    def _summary(self, *, complete: bool) -> dict[str, Any]:
        counts = {str(status): self._counts[status] for status in ItemStatus}
        return {"items": self._counts.total(), **counts, "complete": complete}


class _Answers:
    """Lines that are sent as fast as the client reads them, by a task of their own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._written = self._sent = 0
        self._more = asyncio.Event()
        self._has_ended = False
        self._sender: asyncio.Task[None] | None = None

    @property
    def has_begun(self) -> bool:
        return self._sender is not None

    def write(self, value: dict[str, Any]) -> None:
        """Add a line.

        Raises:
            ClientDisconnect: when the client went away.
        """
        if self._sender is None:
            self._sender = asyncio.create_task(self._run())
        elif self._sender.done():
            raise ClientDisconnect
        self._file.seek(self._written)
        self._written += self._file.write(dumps(value) + b"\n")
        self._more.set()

    async def end(self) -> None:
        """Send what is left."""
        self._has_ended = True
        self._more.set()
        try:
            if self._sender is not None:
                await self._sender
        except OSError as error:
            raise ClientDisconnect from error
        finally:
            self._file.close()

    async def _run(self) -> None:
        headers = [(b"content-type", NDJSON.encode())]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        while not (self._has_ended and self._sent == self._written):
            await self._more.wait()
            self._more.clear()
            while self._sent < self._written:
                self._file.seek(self._sent)
                part = self._file.read(min(65_536, self._written - self._sent))
                self._sent += len(part)
                await self._send(_body(part, more=True))
        await self._send(_body(b"", more=False))


def _body(part: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": part, "more_body": more}
