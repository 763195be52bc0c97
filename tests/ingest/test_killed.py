"""Whatever was acknowledged before `kill -9` is there, once; the rest can be sent again."""

from pathlib import Path

from gql.ingest.apply import MOST_ITEMS
from gql.rest.ingest_answer import BATCH
from tests.databases import Copy
from tests.ingest.killed import import_with_a_kill, ingest_with_kills, key_of, stored_keys


async def test_a_killed_server_loses_and_doubles_no_acknowledged_item(fresh: Copy) -> None:
    number = BATCH + 100
    findings = await ingest_with_kills(fresh, number, 1)

    assert (findings.kills, findings.lost, findings.doubled) == (1, set(), set())
    assert findings.answers.keys() == {"created", "unchanged"}
    # All lines were sent again; those that had been answered were there.
    assert findings.answers["unchanged"] >= number // 2
    assert await stored_keys(fresh) == dict.fromkeys(map(key_of, range(number)), 1)


async def test_an_import_that_is_killed_goes_on_where_it_was(fresh: Copy, tmp_path: Path) -> None:
    number = MOST_ITEMS + 100
    findings = await import_with_a_kill(fresh, number, MOST_ITEMS, tmp_path)

    assert (findings.lost, findings.doubled) == (set(), set())
    assert findings.answers["created"] + findings.answers["unchanged"] == number
    assert await stored_keys(fresh) == dict.fromkeys(map(key_of, range(number)), 1)
