"""Opens a file or standard input, compressed or not, to be read once and in bounded memory."""

import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from gql.errors import BadInput

STANDARD_INPUT = "-"

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
_BUFFER = 1 << 20


@dataclass(frozen=True)
class OpenFile:
    """A file that is being read.

    Attributes:
        name: As the user wrote it.
        stream: Its content, decompressed, without a byte order mark.
        size: Bytes of the file itself; None for a pipe.
    """

    name: str
    stream: io.BufferedReader
    size: int | None
    _raw: BinaryIO

    @property
    def position(self) -> int:
        """Bytes of the file itself that have been read."""
        return self._raw.tell() if self.size is not None else 0


@contextmanager
def opened(name: str) -> Iterator[OpenFile]:
    """Open a file, or standard input for `-`, and close it after the block.

    Raises:
        OSError: when it cannot be read.
        BadInput: when it is text in another encoding than UTF-8.
    """
    if name == STANDARD_INPUT:
        yield _decompressed("standard input", sys.stdin.buffer, None)
        return
    with Path(name).open("rb", buffering=_BUFFER) as raw:
        size = os.fstat(raw.fileno()).st_size if raw.seekable() else None
        yield _decompressed(name, raw, size)


def _decompressed(name: str, raw: BinaryIO, size: int | None) -> OpenFile:
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(_raw_of(raw))
    head = buffered.peek(4)[:4]
    stream: io.BufferedReader
    if head.startswith(_GZIP):
        stream = io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=buffered)), _BUFFER)
    elif head == _ZSTD:
        reader = zstandard.ZstdDecompressor().stream_reader(buffered, read_across_frames=True)
        stream = io.BufferedReader(cast("io.RawIOBase", reader), _BUFFER)
    else:
        stream = buffered
    start = stream.peek(3)[:3]
    if start.startswith(_UTF16):
        raise BadInput(f"{name} is UTF-16 text: save it as UTF-8, as `iconv -f utf-16` does.")
    if start == _UTF8_MARK:
        stream.read(3)
    return OpenFile(name, stream, size, buffered)


def _raw_of(stream: BinaryIO) -> io.RawIOBase:
    return cast("io.RawIOBase", stream)
