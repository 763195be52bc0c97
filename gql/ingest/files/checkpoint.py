"""How far an import of a file has come, so that one that was killed goes on where it was.

A checkpoint is written after the commit of its batch. Who is killed between the two does that batch
again, which changes nothing, as items that come twice do not.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from gql.ingest.files.opening import STANDARD_INPUT


@dataclass(frozen=True)
class Checkpoint:
    """What has been done of a file.

    Attributes:
        records: How many of its records.
        digest: The SHA-256 of these, so that a file that was changed since is noticed.
        rejected_bytes: How long the file of rejected records was.
        counts: How many items had which outcome.
    """

    records: int = 0
    digest: str = field(default_factory=lambda: hashlib.sha256().hexdigest())
    rejected_bytes: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


class ImportFolder:
    """The files beside the import of one file: its checkpoint, and the records that were rejected.

    Args:
        folder: Where they are.
        name: The path of the file.
        purpose: What else decides whether an import is the same: organization, database, options.
    """

    def __init__(self, folder: Path, name: str, purpose: Sequence[Any]) -> None:
        self._is_pipe = name == STANDARD_INPUT
        path = Path("standard-input" if self._is_pipe else name)
        identity = repr((str(path.absolute()), *purpose)).encode()
        stem = f"{path.name}-{hashlib.sha256(identity).hexdigest()[:12]}"
        self._checkpoint = folder / f"{stem}.json"
        self.rejected = folder / f"{stem}.rejected.ndjson"
        self._folder = folder

    def load(self) -> Checkpoint:
        """Where the import that was interrupted stood; the beginning, when there was none.

        What came by a pipe cannot be read again, to see whether it is the same.
        """
        if self._is_pipe:
            return Checkpoint()
        try:
            return Checkpoint(**json.loads(self._checkpoint.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return Checkpoint()

    def begin(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint: what was rejected after it is rejected again."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.rejected.exists():
            os.truncate(self.rejected, checkpoint.rejected_bytes)

    def save(self, checkpoint: Checkpoint, rejected: Sequence[Mapping[str, Any]]) -> Checkpoint:
        """Keep what was rejected since, and then the checkpoint, safe from a loss of power."""
        if rejected:
            with self.rejected.open("ab") as file:
                file.write(b"".join(orjson.dumps(each, default=str) + b"\n" for each in rejected))
                _to_disk(file)
                checkpoint = replace(checkpoint, rejected_bytes=file.tell())
        new = self._checkpoint.with_suffix(".new")
        with new.open("w") as file_of_checkpoint:
            json.dump(asdict(checkpoint), file_of_checkpoint)
            _to_disk(file_of_checkpoint)
        new.replace(self._checkpoint)
        return checkpoint

    def end(self) -> None:
        """Forget the checkpoint: the file is done. An empty file of rejected records goes too."""
        self._checkpoint.unlink(missing_ok=True)
        if self.rejected.exists() and self.rejected.stat().st_size == 0:
            self.rejected.unlink()


def _to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
