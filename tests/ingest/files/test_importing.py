"""Batches of a file that are applied at once: in which order they count as done."""

import asyncio
import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gql.ingest.apply import ItemOutcome, ItemStatus, PreparedItem
from gql.ingest.files import importing
from gql.ingest.files.checkpoint import Checkpoint, ImportFolder
from gql.ingest.files.converting import Converter
from gql.ingest.files.importing import Apply, import_file

AT_ONCE = 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImportFolder:
    """Of a file `calls.ndjson` in the working directory, of which two lines make a batch."""
    monkeypatch.setattr(importing, "_FULL", 2)
    monkeypatch.chdir(tmp_path)
    return ImportFolder(tmp_path, "calls.ndjson", ())


def lines_of(*keys: str) -> str:
    """An item for each of these calls."""
    item = {"kind": "call", "source": "acme", "occurredAt": "2026-05-01T10:00:00Z"}
    return "".join(json.dumps({**item, "externalId": key}) + "\n" for key in keys)


def write(*keys: str) -> None:
    Path("calls.ndjson").write_text(lines_of(*keys))


async def run(folder: ImportFolder, apply: Apply) -> tuple[Checkpoint, list[int]]:
    """Import the file; also how far it was after each batch."""
    shown: list[int] = []

    def show(_position: int, _size: int | None) -> None:
        shown.append(folder.load().records)

    done = await import_file(
        "calls.ndjson", None, Converter(None), folder, apply, show, at_once=AT_ONCE
    )
    return done, shown


def outcomes(items: Sequence[PreparedItem]) -> list[ItemOutcome]:
    return [ItemOutcome(ItemStatus.CREATED, "call", key) for item in items for key in keys(item)]


def keys(item: PreparedItem) -> list[str]:
    return [] if item.call is None else [item.call[1]]


@dataclass
class Overlaps:
    """Applies batches, and notes which were applied at once.

    Attributes:
        running: The calls of each batch that is being applied, by its first call.
        pairs: The first calls of two batches that were applied at once.
    """

    running: dict[str, set[str]] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)

    async def __call__(self, items: Sequence[PreparedItem]) -> list[ItemOutcome]:
        calls = {key for item in items for key in keys(item)}
        first = keys(items[0])[0]
        self.pairs |= {(other, first) for other in self.running}
        assert len(self.running) < AT_ONCE
        assert not any(calls & others for others in self.running.values())
        self.running[first] = calls
        # Longer than it takes to read what is left of the file.
        for _ in range(20):
            await asyncio.to_thread(lambda: None)
        del self.running[first]
        return outcomes(items)


async def test_a_batch_counts_as_done_once_those_before_it_are(folder: ImportFolder) -> None:
    write("a", "b", "c", "d", "e", "f")
    second_is_done = asyncio.Event()

    async def apply(items: Sequence[PreparedItem]) -> list[ItemOutcome]:
        if keys(items[0]) == ["a"]:
            await second_is_done.wait()
            assert folder.load().records == 0
        elif keys(items[0]) == ["c"]:
            second_is_done.set()
        return outcomes(items)

    done, shown = await run(folder, apply)

    assert (done.records, dict(done.counts)) == (6, {"created": 6, "rejected": 0})
    assert shown == [2, 4, 6]


async def test_a_batch_that_fails_is_applied_again_with_those_after_it(
    folder: ImportFolder,
) -> None:
    write("a", "b", "c", "d", "e", "f")
    applied: list[list[str]] = []
    third_is_done = asyncio.Event()

    async def apply(items: Sequence[PreparedItem]) -> list[ItemOutcome]:
        if keys(items[0]) == ["c"]:
            await third_is_done.wait()
            raise ConnectionError
        applied.append([key for item in items for key in keys(item)])
        if keys(items[0]) == ["e"]:
            third_is_done.set()
        return outcomes(items)

    with pytest.raises(ConnectionError):
        await run(folder, apply)
    assert (folder.load().records, applied) == (2, [["a", "b"], ["e", "f"]])
    done, shown = await run(folder, Overlaps())
    assert (done.records, shown) == (6, [4, 6])


async def test_batches_about_one_call_are_applied_one_after_another(folder: ImportFolder) -> None:
    write("a", "b", "c", "a", "d", "e", "f", "g")
    overlaps = Overlaps()
    done, _ = await run(folder, overlaps)
    assert done.records == 8
    assert ("a", "c") not in overlaps.pairs
    assert overlaps.pairs <= {("c", "d"), ("d", "f")}


async def test_a_batch_counts_as_done_while_the_file_is_slow(folder: ImportFolder) -> None:
    os.mkfifo("calls.ndjson")
    saved = threading.Event()

    def write_slowly() -> None:
        with Path("calls.ndjson").open("w") as pipe:
            for pair in (("a", "b"), ("c", "d")):
                pipe.write(lines_of(*pair))
                pipe.flush()
                saved.wait()

    async def apply(items: Sequence[PreparedItem]) -> list[ItemOutcome]:
        return outcomes(items)

    def show(_position: int, _size: int | None) -> None:
        saved.set()

    # Not a task: a pipe is opened by both sides at once, and the import opens it in this thread.
    writer = threading.Thread(target=write_slowly)
    writer.start()
    done = await import_file(
        "calls.ndjson", None, Converter(None), folder, apply, show, at_once=AT_ONCE
    )
    writer.join()
    assert done.records == 4
