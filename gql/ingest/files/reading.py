"""Records of a file: lines of NDJSON, rows of CSV, objects of a JSON document."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from io import BufferedReader
from typing import Any, ClassVar, NamedTuple, Protocol

import ijson  # type: ignore[import-untyped]
import orjson

from gql.errors import BadInput

LONGEST_RECORD = 16 * 2**20
"""Most bytes of a line: a longer one is refused, since it has to fit in memory."""

CONTAINERS = ("calls", "items", "data", "results", "conversations")
"""Where the answers of list APIs have their records."""

_HEAD = 1 << 16


class Form(StrEnum):
    """How records are written."""

    NDJSON = "ndjson"
    CSV = "csv"
    JSON = "json"


class Record(NamedTuple):
    """One record of a file.

    Attributes:
        number: Of its last line, from 1; in a JSON document, of the object.
        content: A line as it is, or a row's or an object's values by name.
        problem: Why it cannot be read; None when it can.
    """

    number: int
    content: bytes | Mapping[str, Any]
    problem: str | None = None


class Records(Protocol):
    """Reads records.

    Attributes:
        digest: The SHA-256 of those that were read.
        has_header: Whether all have the same columns.
    """

    digest: Any
    has_header: ClassVar[bool]

    def __iter__(self) -> Iterator[Record]:
        """The records that are left."""
        ...


def records_of(stream: BufferedReader, form: Form | None) -> Records:
    """What reads the records of a stream, in the form that it has when none is named."""
    head = stream.peek(_HEAD)[:_HEAD]
    if form is None:
        form = detected(head)
    match form:
        case Form.NDJSON:
            return Lines(stream)
        case Form.CSV:
            return Rows(stream)
        case Form.JSON:
            return Objects(stream, _prefix(head))


def detected(head: bytes) -> Form:
    """The form of a text that begins so."""
    start = head.lstrip()
    if start.startswith(b"["):
        return Form.JSON
    if not start.startswith(b"{"):
        return Form.CSV
    first_line, newline, _ = start.partition(b"\n")
    is_whole_line = newline and _is_json(first_line)
    if _prefix(head) or (newline and not is_whole_line):
        return Form.JSON
    return Form.NDJSON


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _prefix(head: bytes) -> str:
    """Where the records of a JSON document are, in ijson's words; empty for one record alone."""
    if head.lstrip().startswith(b"["):
        return "item"
    try:
        for prefix, event, _ in ijson.parse(head):
            if event == "start_map" and prefix.removesuffix(".item") in CONTAINERS:
                return str(prefix)
            if event == "end_map" and prefix == "":
                return ""
    except ijson.JSONError:
        pass  # the head ends in the middle
    return ""


@dataclass
class Lines:
    """Lines of NDJSON; empty ones are no records."""

    has_header: ClassVar[bool] = False
    stream: BufferedReader
    digest: Any = field(default_factory=hashlib.sha256)
    number: int = 0

    def __iter__(self) -> Iterator[Record]:
        """The records that are left."""
        while line := self.stream.readline(LONGEST_RECORD):
            self.number += 1
            self.digest.update(line)
            if len(line) == LONGEST_RECORD and not line.endswith(b"\n"):
                self._skip_line()
                yield Record(self.number, line[:200], f"the line has over {LONGEST_RECORD} bytes")
            elif not line.isspace():
                yield Record(self.number, line)

    def _skip_line(self) -> None:
        while (rest := self.stream.readline(LONGEST_RECORD)) and not rest.endswith(b"\n"):
            pass


@dataclass
class Rows:
    """Rows of CSV under a header; commas, semicolons or tabs are told apart by the header."""

    has_header: ClassVar[bool] = True
    stream: BufferedReader
    digest: Any = field(default_factory=hashlib.sha256)
    number: int = 0

    def __iter__(self) -> Iterator[Record]:
        """The records that are left."""
        header = self._header()
        delimiter = max(",;\t", key=header.count)
        rows = csv.reader(self._lines(header), delimiter=delimiter, strict=True)
        columns = [column.strip() for column in next(rows)]
        _require_names(columns)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except (csv.Error, UnicodeDecodeError) as error:
                raise BadInput(f"Line {self.number} is not CSV: {error}.") from error
            if not row:
                continue
            values = dict(zip(columns, row, strict=False))
            problem = None
            if len(row) != len(columns):
                problem = f"the row has {len(row)} cells, and the header {len(columns)}"
            yield Record(self.number, values, problem)

    def _header(self) -> str:
        line = self.stream.readline(LONGEST_RECORD)
        if not line.strip():
            raise BadInput("The file has no header: its first line should name the columns.")
        return self._decoded(line)

    def _lines(self, header: str) -> Iterator[str]:
        """The lines, which the CSV reader takes as it needs them."""
        yield header
        while line := self.stream.readline(LONGEST_RECORD):
            yield self._decoded(line)

    def _decoded(self, line: bytes) -> str:
        self.number += 1
        self.digest.update(line)
        return line.decode()


@dataclass
class Objects:
    """Objects of a JSON document, read one at a time."""

    has_header: ClassVar[bool] = False
    stream: BufferedReader
    prefix: str
    digest: Any = field(default_factory=hashlib.sha256)
    number: int = 0

    def __iter__(self) -> Iterator[Record]:
        """The records that are left."""
        try:
            for value in ijson.items(self.stream, self.prefix, use_float=True):
                self.number += 1
                self.digest.update(orjson.dumps(value, default=str))
                if isinstance(value, dict):
                    yield Record(self.number, value)
                else:
                    yield Record(self.number, {"value": value}, "it is not an object")
        except ijson.JSONError as error:
            position = f"after object {self.number}" if self.number else "at its beginning"
            raise BadInput(f"The document is not JSON {position}: {error}.") from error


def _require_names(columns: list[str]) -> None:
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise BadInput(f"The header names a column twice: {', '.join(twice)}.")
