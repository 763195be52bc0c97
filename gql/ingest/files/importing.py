"""Reads files of items, and applies them in batches of one transaction each."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from itertools import islice
from typing import Any

from gql.errors import BadInput
from gql.ingest.apply import MOST_ITEMS, ItemOutcome, PreparedItem, prepare_item
from gql.ingest.files.checkpoint import Checkpoint, ImportFolder
from gql.ingest.files.converting import Converter
from gql.ingest.files.opening import OpenFile, opened
from gql.ingest.files.reading import Form, Record, records_of
from gql.ingest.files.rows import UnmappedColumns
from gql.ingest.items import AnyItem
from gql.ingest.merged_call import CallKey

AT_ONCE = 3
"""Batches that are applied at once, where the database takes several writers: it works on one while
the next is merged here."""

BATCH_BYTES = 4 * 2**20
"""Bytes of the file after which a batch is applied."""

_BYTES_OF_A_ROW = 500
_FULL = MOST_ITEMS - 20
"""Items after which a batch is applied: the last record may have had some more than one."""

REJECTED = "rejected"
"""The outcome of a record that is no item."""

REFUSED = "refused"
"""The outcome of an item that the tables do not take."""

Apply = Callable[[Sequence[PreparedItem]], Awaitable[Sequence[ItemOutcome]]]
"""Applies the items of a batch in one transaction; an outcome for each."""

Show = Callable[[int, int | None], None]
"""Called after each batch: bytes of the file that have been read, and that it has; None for a pipe.
"""


@dataclass
class Batch:
    """Items that are applied together, and what was rejected on the way to them.

    Attributes:
        items: In the order of the file.
        sources: The record of each item.
        rejected: Records that are no items, with the reason.
        records: How many records of the file have been read with this batch.
        digest: The SHA-256 of all these records.
        position: Bytes of the file that have been read.
    """

    items: list[PreparedItem] = field(default_factory=list)
    sources: list[Record] = field(default_factory=list)
    rejected: list[Mapping[str, Any]] = field(default_factory=list)
    records: int = 0
    digest: str = ""
    position: int = 0


@dataclass(frozen=True)
class _Applying:
    """A batch that is being applied.

    Attributes:
        batch: The batch.
        calls: The keys of the calls that it is about; None among them is an SMS, of any call.
        outcomes: Its outcomes, once it is applied.
    """

    batch: Batch
    calls: frozenset[CallKey | None]
    outcomes: asyncio.Task[Sequence[ItemOutcome]]


@dataclass
class RecordReader:
    """The records of an open file, read once.

    Args:
        file: The file.
        form: How it is written; None to find out.
    """

    file: OpenFile
    form: InitVar[Form | None]
    done: int = 0

    def __post_init__(self, form: Form | None) -> None:
        self._records = records_of(self.file.stream, form)
        self._rest = iter(self._records)

    def skip(self, count: int) -> None:
        """Read so many records, or all when there are fewer."""
        self.done += sum(1 for _ in islice(self._rest, count))

    @property
    def digest(self) -> str:
        """The SHA-256 of what has been read."""
        return str(self._records.digest.hexdigest())

    def batches(self, converter: Converter) -> Iterator[Batch]:
        """The batches of the records that are left.

        Raises:
            BadInput: when the file cannot be read on, or none of its rows can be.
        """
        batch, size = Batch(), 0
        for record in self._rest:
            items, problem = self._converted(record, converter)
            self.done += 1
            batch.items += map(prepare_item, items)
            batch.sources += [record] * len(items)
            if problem is not None:
                batch.rejected.append(rejection(record, problem))
            size += len(record.content) if isinstance(record.content, bytes) else _BYTES_OF_A_ROW
            if len(batch.items) + len(batch.rejected) >= _FULL or size >= BATCH_BYTES:
                yield self._ended(batch)
                batch, size = Batch(), 0
        if batch.items or batch.rejected:
            yield self._ended(batch)

    def _converted(self, record: Record, converter: Converter) -> tuple[list[AnyItem], str | None]:
        """The items of a record, and why there are none."""
        try:
            return converter.items(record), None
        except UnmappedColumns as error:
            if self._records.has_header:
                raise
            return [], error.message
        except BadInput as error:
            return [], error.message

    def _ended(self, batch: Batch) -> Batch:
        batch.records, batch.digest = self.done, self.digest
        batch.position = self.file.position
        return batch


def rejection(record: Record, reason: str) -> Mapping[str, Any]:
    """A line of the file of rejected records."""
    content = record.content
    text = content.decode(errors="replace").rstrip("\r\n") if isinstance(content, bytes) else None
    return {"line": record.number, "reason": reason, "record": content if text is None else text}


async def import_file(
    name: str,
    form: Form | None,
    converter: Converter,
    folder: ImportFolder,
    apply: Apply,
    show: Show,
    *,
    at_once: int = 1,
) -> Checkpoint:
    """Apply a file from where an earlier import of it was interrupted.

    The next batch is read, in a thread, while the database works on others.

    Args:
        name: Its path, or `-`.
        form: How it is written; None to find out.
        converter: Turns its records into items.
        folder: Where checkpoints and rejected records go.
        apply: Applies a batch.
        show: Shows how far it has come.
        at_once: Most batches that are applied at once. Two that are about one call never are: the
            later one would wait in the database, and be merged twice.

    Raises:
        BadInput: when the file cannot be read on; what was applied stays.
    """
    checkpoint = folder.load()
    if checkpoint.records:
        with opened(name) as file:
            reader = RecordReader(file, form)
            await asyncio.to_thread(reader.skip, checkpoint.records)
            if reader.digest == checkpoint.digest:
                running = _Import(reader, folder, apply, show, at_once, checkpoint)
                return await running.run(converter)
    with opened(name) as file:
        reader = RecordReader(file, form)
        return await _Import(reader, folder, apply, show, at_once).run(converter)


@dataclass
class _Import:
    """The import of what is left of a file; see `import_file`."""

    reader: RecordReader
    folder: ImportFolder
    apply: Apply
    show: Show
    at_once: int
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    applying: deque[_Applying] = field(default_factory=deque)

    async def run(self, converter: Converter) -> Checkpoint:
        self.folder.begin(self.checkpoint)
        batches = self.reader.batches(converter)
        reading = asyncio.create_task(_next(batches))
        try:
            while (batch := await self._read(reading)) is not None:
                reading = asyncio.create_task(_next(batches))
                await self._begin(batch)
            while self.applying:
                await self._end_first()
        finally:
            # Who is interrupted, or fails, leaves no transaction open.
            begun = (each.outcomes for each in self.applying)
            await asyncio.gather(reading, *begun, return_exceptions=True)
        self.folder.end()
        return self.checkpoint

    async def _read(self, reading: "asyncio.Task[Batch | None]") -> Batch | None:
        """Wait for the next batch, as of a slow pipe; keep how far the file is done meanwhile."""
        while self.applying and not reading.done():
            first = self.applying[0].outcomes
            await asyncio.wait({reading, first}, return_when=asyncio.FIRST_COMPLETED)
            if first.done():
                await self._end_first()
        return await reading

    async def _begin(self, batch: Batch) -> None:
        """Have a batch applied, once there is room and none of its calls is being written."""
        calls = frozenset(item.call for item in batch.items)
        while len(self.applying) >= self.at_once or any(
            not calls.isdisjoint(each.calls) for each in self.applying
        ):
            await self._end_first()
        outcomes = asyncio.create_task(self._apply(batch.items))
        self.applying.append(_Applying(batch, calls, outcomes))

    async def _apply(self, items: Sequence[PreparedItem]) -> Sequence[ItemOutcome]:
        return await self.apply(items) if items else []

    async def _end_first(self) -> None:
        """Wait for the batch that began first, and keep how far the file is done."""
        batch, outcomes = self.applying[0].batch, await self.applying[0].outcomes
        self.applying.popleft()
        checkpoint = _after(self.checkpoint, batch, outcomes)
        rejected = [*batch.rejected, *_refused(batch, outcomes)]
        self.checkpoint = self.folder.save(checkpoint, rejected)
        self.show(batch.position, self.reader.file.size)


async def _next(batches: Iterator[Batch]) -> Batch | None:
    return await asyncio.to_thread(next, batches, None)


def _after(checkpoint: Checkpoint, batch: Batch, outcomes: Sequence[ItemOutcome]) -> Checkpoint:
    """How far it has come with a batch that was applied."""
    counts = Counter(checkpoint.counts)
    counts.update(outcome.status for outcome in outcomes)
    counts[REJECTED] += len(batch.rejected)
    return replace(checkpoint, records=batch.records, digest=batch.digest, counts=dict(counts))


def _refused(batch: Batch, outcomes: Sequence[ItemOutcome]) -> list[Mapping[str, Any]]:
    """What the tables refused, with the record that said so."""
    return [
        rejection(record, outcome.error or "")
        for record, outcome in zip(batch.sources, outcomes, strict=True)
        if outcome.status == REFUSED
    ]
