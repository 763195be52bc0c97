"""`jackfield import`: files become calls, once, whatever happens on the way."""

import csv
import gzip
import io
import json
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gql.ingest import apply as applying
from gql.ingest.files import importing
from gql.ingest.files.checkpoint import ImportFolder
from tests.cli.conftest import Cli
from tests.conftest import bearer
from tests.databases import Copy

OTHER = "2"


def item(number: int, **fields: Any) -> dict[str, Any]:
    """A finished call, as an item."""
    return {
        "kind": "call",
        "source": "acme",
        "externalId": f"call-{number:04}",
        "occurredAt": f"2026-05-01T10:{number % 60:02}:30Z",
        "startedAt": f"2026-05-01T10:{number % 60:02}:00Z",
        "endedAt": f"2026-05-01T10:{number % 60:02}:30Z",
        "direction": "inbound",
        "customerPhoneNumber": "+15550001111",
        "toPhoneNumber": "+15550002222",
        "status": "completed",
        **fields,
    }


def lines(*items: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in items)


def put(name: str, content: str | bytes) -> None:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def left_over() -> tuple[str, list[dict[str, Any]]]:
    """The only file that an import has left, and the rejected records in it."""
    (path,) = Path("var/imports").iterdir()
    return str(path), [json.loads(line) for line in path.read_text().splitlines()]


async def rows(client: httpx2.AsyncClient, copy: Copy, organization: int = 1) -> dict[str, Any]:
    """The calls of an export, by `call_sid`."""
    response = await client.get(
        "/api/v1/calls/export?format=json", headers=bearer(copy.organizations[organization])
    )
    return {call["call_sid"]: call for call in response.json()}


def counts(text: str) -> dict[str, int]:
    return {word: count for word, count in json.loads(text).items() if count}


async def test_a_table_of_calls_with_costs(
    cli: Cli, fresh: Copy, fresh_client: httpx2.AsyncClient
) -> None:
    put(
        "calls.csv",
        "sid,from,to,direction,status,start_time,end_time,price,price_unit\n"
        "CA1,+15550001111,+15550002222,inbound,completed,2026-05-01 12:00,2026-05-01 12:01,"
        "-0.0085,USD\n"
        "CA2,+15550002222,+15550001111,outbound-api,busy,2026-05-01 12:02,,,\n",
    )
    words = ("import", "calls.csv", "-o", OTHER, "--source", "twilio", "--json")

    result = await cli(*words, "--timezone", "Europe/Berlin", "--database", fresh.url)
    calls = await rows(fresh_client, fresh)

    assert (result.code, counts(result.out)) == (0, {"created": 3})
    chosen = ("customer_phone_number", "status", "duration", "started_at", "total_cost")
    assert [tuple(calls[sid][name] for name in chosen) for sid in ("CA1", "CA2")] == [
        ("+15550001111", "completed", 60, "2026-05-01T10:00:00Z", 0.0085),
        ("+15550001111", "failed", None, "2026-05-01T10:02:00Z", None),
    ]
    assert calls["CA1"]["telephony_cost"] == 0.0085
    assert result.err == "calls.csv: 2 records, of their items 3 created.\n"


async def test_a_file_that_comes_again_changes_nothing(
    cli: Cli, fresh: Copy, fresh_client: httpx2.AsyncClient
) -> None:
    put("items.ndjson.gz", gzip.compress(lines(*map(item, range(30))).encode()))
    words = ("import", "items.ndjson.gz", "-o", OTHER, "--json", "--database", fresh.url)

    first, second = await cli(*words), await cli(*words)

    assert (counts(first.out), counts(second.out)) == ({"created": 30}, {"unchanged": 30})
    assert (await rows(fresh_client, fresh)).keys() >= item_keys(30)


def item_keys(count: int) -> set[str]:
    return {item(number)["externalId"] for number in range(count)}


async def test_standard_input(cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO(lines(item(1), item(2)).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))

    result = await cli("import", "-", "-o", OTHER, "--json", "--database", fresh.url)

    assert (result.code, counts(result.out)) == (0, {"created": 2})


async def test_what_cannot_be_read_is_kept_with_its_line_and_the_rest_is_imported(
    cli: Cli, fresh: Copy
) -> None:
    bad = ["{", json.dumps(item(3, status="lost")), json.dumps({"id": 4})]
    put("items.ndjson", lines(item(1)) + "\n".join(bad) + "\n" + lines(item(2)))

    result = await cli("import", "items.ndjson", "-o", OTHER, "--json", "--database", fresh.url)

    assert (result.code, counts(result.out)) == (1, {"created": 2, "rejected": 3})
    path, rejected = left_over()
    assert path in result.err
    assert [(each["line"], each["record"]) for each in rejected] == list(
        zip((2, 3, 4), bad, strict=True)
    )
    reasons = [each["reason"] for each in rejected]
    assert reasons[0].startswith("the line is not JSON")
    assert reasons[1].startswith("status: Input should be")
    assert "--source twilio" in reasons[2]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--source", "acme"), "No column is a call's id; there are: time, status."),
        ((), "for a row of a table, say which system its calls are from"),
    ],
)
async def test_a_table_whose_rows_cannot_be_read_ends_the_import_at_once(
    cli: Cli, fresh: Copy, options: tuple[str, ...], fault: str
) -> None:
    put("calls.csv", "time,status\n" + "2026-05-01T10:00:00Z,completed\n" * 3)

    result = await cli("import", "calls.csv", "-o", OTHER, *options, "--database", fresh.url)

    assert result.code != 0
    assert result.err.count(fault) == 1
    assert not os.listdir("var/imports")  # noqa: PTH208 -- pathlib's is refused in a coroutine


@pytest.mark.parametrize("is_committed", [True, False])
async def test_an_import_that_was_killed_goes_on_and_nothing_is_there_twice(
    cli: Cli,
    fresh: Copy,
    fresh_client: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    is_committed: bool,
) -> None:
    """It dies in the third batch: before its commit, or after it and before the checkpoint."""
    monkeypatch.setattr(importing, "_FULL", 10)
    records = [*map(item, range(15)), {"id": "no item"}, *map(item, range(15, 45))]
    put("items.ndjson", lines(*records))
    words = ("import", "items.ndjson", "-o", OTHER, "--json", "--database", fresh.url)
    dies_at = 3
    target, name = (ImportFolder, "save") if is_committed else (applying, "apply_prepared")
    original, calls = getattr(target, name), []

    def dying(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == dies_at:
            raise KeyboardInterrupt
        return original(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(target, name, dying)
        killed = await cli(*words)
    again = await cli(*words)
    there = await rows(fresh_client, fresh)

    assert killed.code != 0
    done = counts(again.out)
    repeated = done.pop("unchanged", 0)
    # PostgreSQL may have committed later batches too, whose turn had not come.
    assert repeated >= (10 if is_committed else 0)
    assert (again.code, done) == (1, {"created": 45 - repeated, "rejected": 1})
    assert there.keys() >= item_keys(45)
    _, rejected = left_over()
    assert [each["line"] for each in rejected] == [16]


async def test_a_file_that_was_changed_in_between_is_read_from_its_beginning(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_FULL", 10)
    monkeypatch.setattr(importing, "AT_ONCE", 1)  # so that two batches are done when it dies
    put("items.ndjson", lines(*map(item, range(30))))
    words = ("import", "items.ndjson", "-o", OTHER, "--json", "--database", fresh.url)
    original, calls = applying.apply_prepared, []

    async def dying(context: Any, items: Sequence[Any]) -> Any:
        calls.append(items)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return await original(context, items)

    with monkeypatch.context() as patched:
        patched.setattr(applying, "apply_prepared", dying)
        await cli(*words)
    put("items.ndjson", lines(item(100), *map(item, range(30))))
    again = await cli(*words)

    assert counts(again.out) == {"created": 11, "unchanged": 20}


async def test_an_export_comes_back_as_it_was(
    cli: Cli, fresh: Copy, fresh_client: httpx2.AsyncClient
) -> None:
    """From one organization into another one, which has none of these calls.

    Where the export has an end and no duration, this follows from the times; where it has a total
    and not what no service explains, this follows from the costs.
    """
    response = await fresh_client.get(
        "/api/v1/calls/export", headers=bearer(fresh.organizations[0])
    )
    exported = {call["Call SID"]: call for call in csv.DictReader(io.StringIO(response.text))}
    put("export.csv", response.text)

    result = await cli(
        *("import", "export.csv", "-o", OTHER, "--source", "elsewhere", "--json"),
        *("--database", fresh.url),
    )
    again = await fresh_client.get("/api/v1/calls/export", headers=bearer(fresh.organizations[1]))
    imported = {call["Call SID"]: call for call in csv.DictReader(io.StringIO(again.text))}

    assert result.code == 0
    assert counts(result.out)["created"] > len(exported)
    for sid, call in exported.items():
        derived = {"Call ID": imported[sid]["Call ID"]}
        if call["Ended At"] and not call["Duration (seconds)"]:
            derived["Duration (seconds)"] = imported[sid]["Duration (seconds)"]
        if call["Total Cost"] and not call["Unattributed Cost"]:
            services = (call[f"{name} Cost"] for name in ("LLM", "TTS", "STT", "Telephony"))
            unattributed = Decimal(call["Total Cost"]) - sum(
                Decimal(cost or 0) for cost in services
            )
            derived["Unattributed Cost"] = str(float(unattributed))
        assert imported[sid] == {**call, **derived}


async def test_a_dry_run_needs_no_database(cli: Cli) -> None:
    put("calls.csv", "id,time,status,note\n1,2026-05-01,completed,x\n2,later,,\n")

    result = await cli("import", "calls.csv", "-o", "1", "--source", "acme", "--dry-run")

    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "callId = id",
        "status = status",
        "startedAt = time",
        "not read: note",
        "# record 2",
        (
            '{"source":"acme","occurredAt":"2026-05-01T00:00:00Z","producer":"file","kind":"call",'
            '"externalId":"1","channel":"voice","status":"completed",'
            '"startedAt":"2026-05-01T00:00:00Z"}'
        ),
        "# record 3",
        (
            "rejected: time is 'later': write times like 2026-11-28T09:30:00Z, or say how they are"
            " written, for example --time-format '%m/%d/%Y %H:%M'"
        ),
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("nowhere.csv",), "nowhere.csv: No such file or directory."),
        (("calls.csv", "--map", "id"), "--map is 'id'."),
        (("calls.csv", "--status", "x=y"), "--status has 'y'."),
        (("calls.csv", "--direction", "up"), "--direction has 'up'."),
        (("calls.csv", "--format", "xml"), "--format has 'xml'."),
        (("calls.csv", "--timezone", "Mars/North", "--source", "x"), "--timezone is 'Mars/North'."),
        (("calls.csv", "--source", "x", "--map", "callId=x"), "There is no column 'x'"),
    ],
)
async def test_what_is_wrong_is_said_in_a_sentence(
    cli: Cli, words: Sequence[str], problem: str
) -> None:
    put("calls.csv", "id,time\n1,2026-05-01\n")

    result = await cli("import", *words, "-o", "1", "--dry-run")

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(problem)
