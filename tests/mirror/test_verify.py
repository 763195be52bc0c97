"""Verify names every object that differs, and nothing else."""

# ruff: noqa: S608 -- statements made of nothing but what stands here

import pytest
from sqlalchemy import text

from gql.mirror.statement import MirrorStatement
from tests.mirror.conftest import EmptyOrganization
from tests.mirror.documented_server import BEGIN, DocumentedServer, make_organization
from tests.mirror.faults import FaultyTransport
from tests.mirror.test_copy import wrong

_OF = "organization_id = {id}"
_MESSAGE = (
    f"{_OF} AND id = (SELECT max(m.id) FROM chat_message m JOIN call c ON c.id = m.call_id"
    f" WHERE m.{_OF} AND c.{_OF} AND c.channel = "
)


def _last(table: str, condition: str = "true") -> str:
    return f"{_OF} AND id = (SELECT max(id) FROM {table} WHERE {_OF} AND {condition})"


_CENT = f"UPDATE call SET total_cost = total_cost + 10000 WHERE {_last('call', 'total_cost > 0')}"
_SECOND = f"UPDATE call SET duration = duration + 1 WHERE {_last('call', 'duration > 0')}"
_SMS = f"UPDATE chat_message SET content = 'x' WHERE {_MESSAGE} 'sms')"
_SEGMENT = f"UPDATE transcript SET content = 'x' WHERE {_last('transcript')}"
_REPORT = "{} sms_message_log{} WHERE organization_id = {{id}} AND id = (SELECT {}(id) FROM"
_REPORT += " sms_message_log WHERE organization_id = {{id}})"
_EDGE = f"UPDATE graph_edge SET handoff_sentence = 'x' WHERE {_OF} AND handoff_sentence > ''"
_MODEL = f"UPDATE assistant SET llm_model = 'x' WHERE {_OF} AND name = 'Assistant 2'"

PLANTED: list[tuple[str, str, list[str] | None]] = [
    (_CENT, "calls", ["total_cost"]),
    (_SECOND, "calls", ["duration"]),
    (f"DELETE FROM chat_message WHERE {_MESSAGE} 'voice')", "messages", None),
    (_SMS, "sms messages", ["content"]),
    (_SEGMENT, "transcripts", ["content"]),
    (f"DELETE FROM recording WHERE {_last('recording')}", "recordings", None),
    (f"DELETE FROM cost_entry WHERE {_last('cost_entry')}", "costs", None),
    (_REPORT.format("UPDATE", " SET error_code = '30005'", "max"), "sms-logs", ["error_code"]),
    (_REPORT.format("DELETE FROM", "", "min"), "sms-logs", None),
    (_EDGE, "assistant-graphs", ["edges"]),
    (_MODEL, "assistants", ["llm_model"]),
]
"""A statement, and the collection and the fields where it is seen; None: the whole object."""


def _fields(statement: MirrorStatement) -> dict[str, set[str]]:
    return {f"{each.collection} {each.key}": set(each.fields) for each in statement.differences}


async def test_each_planted_difference_is_named_and_nothing_else(
    empty: EmptyOrganization,
) -> None:
    """All stay planted, so that there is one more each time."""
    network = FaultyTransport(DocumentedServer(make_organization()).app)
    await empty.copy(network)
    planted: dict[str, set[str]] = {}
    for statement, collection, fields in PLANTED:
        async with empty.database.database.transaction() as connection:
            await connection.execute(text(statement.format(id=empty.id)))

        shown = _fields(await empty.verify(network))

        fresh = [key for key in shown if shown[key] != planted.get(key)]
        assert [key.startswith(f"{collection} ") for key in fresh] == [True]
        if fields is not None:
            assert shown[fresh[0]] - planted.get(fresh[0], set()) == set(fields)
        planted = shown


async def test_sums_of_the_day_show_the_cent(empty: EmptyOrganization) -> None:
    organization = make_organization(calls=3)
    network = FaultyTransport(DocumentedServer(organization).app)
    await empty.copy(network)
    call = next(row for row in organization.calls if row["total_cost"] is not None)
    call["total_cost"] = round(call["total_cost"] + 0.01, 6)
    day = f"{call['started_at']:%Y-%m-%d}"

    statement = (await empty.verify(network)).to_json()

    (difference,) = statement["differences"]
    (sums,) = [
        each for each in statement["days"] if (each["collection"], each["day"]) == ("calls", day)
    ]
    there, here = (float(sums[side]["money"]["USD"]) for side in ("server", "database"))
    assert difference["key"] == call["call_sid"]
    assert there - here == pytest.approx(0.01)
    assert sums["server"]["digest"] != sums["database"]["digest"]
    assert statement["clean"] is False


async def test_what_is_missing_is_explained(empty: EmptyOrganization) -> None:
    organization = make_organization(calls=8)
    network = FaultyTransport(DocumentedServer(organization).app)
    nothing = wrong(await empty.verify(network))
    await empty.copy(network)
    deleted = organization.calls.pop(3)

    before = wrong(await empty.verify(network))
    unseen = await empty.copy(network)
    report = await empty.copy(network, since=BEGIN)
    after = await empty.verify(network)

    assert unseen.findings == []
    assert any("nothing was mirrored yet" in each for each in nothing)
    assert [
        deleted["call_sid"] in each and "no longer at the source" in each for each in before
    ] == [True]
    assert report.findings == [
        f"call {deleted['call_sid']} is no longer at the source; it stays here."
    ]
    assert wrong(after) == []
    assert after.notes == [
        f"Call {deleted['call_sid']} was deleted at the source, which the mirror has noticed."
    ]
