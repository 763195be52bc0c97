"""What every filter of calls costs: a page of 100, the total, and the last page by offset."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.growth import Say, milliseconds
from benchmarks.installed import newest_binaries, running
from benchmarks.population import Ask, asking
from benchmarks.process import answering_anew
from benchmarks.servers import UNCACHED
from benchmarks.tables import table
from benchmarks.target import Scale, Target, on_postgresql

_FIELDS = "id callSid status duration startedAt cost { total } assistant { id name }"
_CALLS = "query Q($filter: CallFilter, $offset: Int) { calls(%s, filter: $filter) { %s } }"
_PAGE = _CALLS % ("first: 100, offset: $offset", f"nodes {{ {_FIELDS} }}")
_TOTAL = _CALLS.replace(", $offset: Int", "") % ("first: 0", "totalCount")
_SAMPLE = """query($offset: Int) { calls(first: 1, offset: $offset) {
  nodes { callSid customerPhoneNumber startedAt endedAt assistant { databaseId name } } } }"""
_PAGE_SIZE = 100


def filters(target: Target, scale: Scale, scratch: Path, *, say: Say) -> Iterator[tuple[str, str]]:
    """Titles and Markdown tables: on the benchmark's server, and on one with pg_trgm."""
    say("filters")
    yield _series(target, scratch, "the benchmark's PostgreSQL, without pg_trgm")
    binaries = newest_binaries()
    if binaries is None:
        return
    say("filters: an installed PostgreSQL")
    with running(binaries, scratch / "trigrams" / "postgresql") as server:
        other = on_postgresql(server, scale, fresh=False, say=say)
        yield _series(other, scratch, f"PostgreSQL {binaries.parent.name} with pg_trgm")


def _series(target: Target, scratch: Path, where: str) -> tuple[str, str]:
    asyncio.run(_vacuum(target.url))
    with answering_anew(UNCACHED, target, scratch) as running:
        ask = asking(running.url, target.api_key)
        calls: int = ask(_TOTAL, filter={})["calls"]["totalCount"]
        rows = [_row(ask, name, criteria) for name, criteria in _filters(ask, calls).items()]
    head = ("filter", "calls", "page", "totalCount", "last page by offset")
    return f"Every filter on {calls:,} calls, milliseconds, {where}", table(head, rows)


async def _vacuum(url: str) -> None:
    """Vacuum as autovacuum would, which is off here: only then can an index answer alone."""
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.close()


def _row(ask: Ask, name: str, criteria: dict[str, Any]) -> list[str]:
    total: int = ask(_TOTAL, filter=criteria)["calls"]["totalCount"]
    figures = (
        milliseconds(ask, _PAGE, filter=criteria),
        milliseconds(ask, _TOTAL, filter=criteria),
        milliseconds(ask, _PAGE, filter=criteria, offset=max(0, total - _PAGE_SIZE)),
    )
    return [name, f"{total:,}", *(f"{each:,.1f}" for each in figures)]


def _filters(ask: Ask, calls: int) -> dict[str, dict[str, Any]]:
    """Every field with few, with many and with no calls behind it, where that makes a difference.

    The values are those of a call in the middle of the list.
    """
    middle = ask(_SAMPLE, offset=calls // 2)["calls"]["nodes"][0]
    late = ask(_SAMPLE, offset=calls // 10)["calls"]["nodes"][0]
    assistant = middle["assistant"] or {"databaseId": 1, "name": "x"}
    number, sid, name = middle["customerPhoneNumber"], middle["callSid"], assistant["name"]
    between = {"gte": middle["startedAt"], "lt": late["startedAt"]}
    own = {"eq": str(assistant["databaseId"])}
    return {
        "none": {},
        "status": {"status": {"eq": "COMPLETED"}},
        "assistantId": {"assistantId": own},
        "status, assistantId": {"status": {"eq": "COMPLETED"}, "assistantId": own},
        "direction": {"direction": {"eq": "OUTBOUND"}},
        "startedAt, between": {"startedAt": between},
        "startedAt, status": {"startedAt": between, "status": {"eq": "FAILED"}},
        "endedAt, since": {"endedAt": {"gte": late["startedAt"]}},
        "customerPhoneNumber, all of it": {"customerPhoneNumber": {"eq": number}},
        "customerPhoneNumber, 6 digits": {"customerPhoneNumber": {"contains": number[-6:]}},
        "customerPhoneNumber, 4 digits": {"customerPhoneNumber": {"contains": number[-4:]}},
        "customerPhoneNumber, 2 digits": {"customerPhoneNumber": {"contains": number[1:3]}},
        "callSid, 8 letters": {"callSid": {"contains": sid[8:16]}},
        "callSid, every call": {"callSid": {"contains": sid[:2]}},
        "callSid, start": {"callSid": {"startsWith": sid[:5]}},
        "callSid, no call": {"callSid": {"contains": "no such call"}},
        "assistantName, one": {"assistantName": {"eq": name}},
        "assistantName, part of one": {"assistantName": {"contains": name}},
        "assistantName, part of many": {"assistantName": {"contains": name[:3]}},
        "assistantName, nobody": {"assistantName": {"contains": "nobody at all"}},
        "duration, few": {"duration": {"gte": 1_490}},
        "duration, a quarter": {"duration": {"gte": 60, "lte": 300}},
        "totalCost, few": {"totalCost": {"gte": "90"}},
        "totalCost, a quarter": {"totalCost": {"gte": "0.01", "lte": "0.10"}},
        "meta": {"meta": {"key": "campaign", "eq": "winter_outreach"}},
        "meta, no call": {"meta": {"key": "campaign", "eq": "none like this"}},
    }
