"""Files of every form and compression, as records; what cannot be read is named with its line."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from gql.errors import BadInput
from gql.ingest.files import reading
from gql.ingest.files.converting import Converter
from gql.ingest.files.opening import opened
from gql.ingest.files.reading import Form, Record, detected, records_of
from gql.ingest.files.rows import RowOptions

CSV = 'id,note\n1,"two\nlines"\n\n2,x\n3\n'
OBJECTS = [{"id": "1", "n": 0.1}, {"id": "2", "n": 2}]


def read(text: str | bytes, form: Form | None = None) -> list[Record]:
    content = text.encode() if isinstance(text, str) else text
    return list(records_of(io.BufferedReader(io.BytesIO(content)), form))


def test_rows_have_the_line_on_which_they_end() -> None:
    assert read(CSV) == [
        Record(3, {"id": "1", "note": "two\nlines"}),
        Record(5, {"id": "2", "note": "x"}),
        Record(6, {"id": "3"}, "the row has 1 cells, and the header 2"),
    ]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_recognized(delimiter: str) -> None:
    assert read(f"id{delimiter}note\n1{delimiter}a,b\n") == [Record(2, {"id": "1", "note": "a,b"})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The file has no header"),
        ("id,id\n1,2\n", "The header names a column twice: id."),
        (b"id,note\n1,\xff\n", "Line 2 is not CSV"),
        ('id,note\n1,"x\n', "is not CSV"),
    ],
)
def test_what_is_no_table(text: str | bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(text, Form.CSV)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(OBJECTS),
        json.dumps({"count": 2, "calls": OBJECTS}),
        json.dumps({"items": OBJECTS, "has_more": False}, indent=2),
        json.dumps({"page": {"a": [1]}, "data": OBJECTS}, indent=2),
    ],
)
def test_objects_of_a_list_and_of_what_a_list_api_answers(text: str) -> None:
    assert read(text) == [Record(1, OBJECTS[0]), Record(2, OBJECTS[1])]


def test_one_object_over_several_lines_is_one_record() -> None:
    assert read(json.dumps(OBJECTS[0], indent=2)) == [Record(1, OBJECTS[0])]


def test_lines_are_kept_as_they_are() -> None:
    lines = [json.dumps(each).encode() + b"\n" for each in OBJECTS]

    assert read(b"\n".join(lines)) == [Record(1, lines[0]), Record(3, lines[1])]


def test_a_document_that_ends_in_the_middle_says_after_what() -> None:
    with pytest.raises(BadInput, match="not JSON after object 1"):
        read('[{"id": 1}, {"id"')


def test_a_line_that_is_too_long_is_one_bad_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_RECORD", 10)

    first, second = read(b'{"a": "' + b"x" * 35 + b'"}\n{}\n', Form.NDJSON)

    assert first.problem == "the line has over 10 bytes"
    assert second.content == b"{}\n"


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b'{"kind": "call"}\n{"kind": "call"}', Form.NDJSON),
        (b'{"kind": "call"}', Form.NDJSON),
        (b' [{"a": 1', Form.JSON),
        (b'{\n "calls": [{', Form.JSON),
        (b"id,time\n", Form.CSV),
    ],
)
def test_the_form_is_detected(head: bytes, form: Form) -> None:
    assert detected(head) is form


def compressions() -> Iterator[tuple[str, Any]]:
    yield "plain", bytes
    yield "with a byte order mark", lambda content: b"\xef\xbb\xbf" + content
    yield "gzip", gzip.compress
    yield (
        "gzip in two members",
        lambda content: gzip.compress(content[:5]) + gzip.compress(content[5:]),
    )
    yield "zstd", zstandard.compress
    yield (
        "zstd in two frames",
        lambda content: zstandard.compress(content[:5]) + zstandard.compress(content[5:]),
    )


@pytest.mark.parametrize(
    "compress", [each for _, each in compressions()], ids=[name for name, _ in compressions()]
)
def test_compressed_files_are_read_alike(tmp_path: Path, compress: Any) -> None:
    path = tmp_path / "calls"
    path.write_bytes(compress(CSV.encode()))

    with opened(str(path)) as file:
        records = list(records_of(file.stream, None))
        position = file.position

    assert records == read(CSV)
    assert position == file.size == path.stat().st_size


def test_utf_16_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(CSV, encoding="utf-16")

    with pytest.raises(BadInput, match="save it as UTF-8"), opened(str(path)):
        pass


def items(*records: Any, options: RowOptions | None = None) -> list[dict[str, Any]]:
    converter = Converter(options)
    return [
        item.model_dump(by_alias=True, exclude_unset=True, mode="json")
        for record in records
        for item in converter.items(
            Record(1, record if isinstance(record, bytes) else json.dumps(record).encode())
        )
    ]


def test_an_item_is_itself() -> None:
    item = {"kind": "call", "source": "x", "externalId": "1", "occurredAt": "2026-06-01T00:00:00Z"}

    assert items(item) == [item]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "the line is not JSON"),
        (b"[1]", "the line is not a JSON object"),
        (
            b'{"kind": "call", "source": "x"}',
            "occurredAt: the field is missing; externalId: the field is missing",
        ),
        (b'{"kind": "fax"}', "'fax'"),
        (b'{"id": "1"}', "--source twilio"),
    ],
)
def test_a_line_that_is_no_item_says_why(line: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        items(line)


def test_calls_as_platforms_list_them() -> None:
    vapi = {
        "id": "v1",
        "type": "inboundPhoneCall",
        "status": "ended",
        "endedReason": "customer-ended-call",
        "startedAt": "2026-06-01T10:00:00.000Z",
        "endedAt": "2026-06-01T10:01:00.000Z",
        "updatedAt": "2026-06-01T10:01:05.000Z",
        "customer": {"number": "+15550001111"},
        "cost": 0.1,
        "costs": [{"type": "model", "cost": 0.06}],
        "metadata": {"kind": "test"},
    }
    retell = {
        "call_id": "r1",
        "call_type": "web_call",
        "call_status": "ended",
        "start_timestamp": 1795867200000,
        "end_timestamp": 1795867260000,
        "disconnection_reason": "agent_hangup",
        "transcript_object": [{"role": "agent", "content": "Hello"}],
    }
    bland = {
        "call_id": "b1",
        "c_id": "b1",
        "to": "+15550002222",
        "from": "+15550001111",
        "inbound": False,
        "created_at": "2026-06-01T10:00:00Z",
        "call_length": 0.5,
        "completed": True,
        "price": 0.09,
        "transcripts": [{"id": 5, "text": "Hi", "user": "user"}],
    }

    all_items = items(vapi, retell, bland)

    assert [(item["source"], item["kind"], item["producer"]) for item in all_items] == [
        ("vapi", "call", "file"),
        ("vapi", "costs", "file"),
        ("retell", "call", "file"),
        ("retell", "transcript", "file"),
        ("bland", "call", "file"),
        ("bland", "costs", "file"),
        ("bland", "transcript", "file"),
    ]
    calls = [item for item in all_items if item["kind"] == "call"]
    assert [(call["externalId"], call["status"], call["endedAt"]) for call in calls] == [
        ("v1", "completed", "2026-06-01T10:01:00Z"),
        ("r1", "completed", "2026-11-28T12:01:00Z"),
        ("b1", "completed", "2026-06-01T10:00:30Z"),
    ]
    assert (calls[2]["customerPhoneNumber"], all_items[5]["total"]) == ("+15550002222", "0.09")


def test_a_flat_object_is_a_row() -> None:
    (call,) = items({"call_sid": "CA1", "started_at": "2026-06-01"}, options=RowOptions("burki"))

    assert (call["externalId"], call["startedAt"]) == ("CA1", "2026-06-01T00:00:00Z")
