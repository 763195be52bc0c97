"""An organization is copied whole from a server of the documented shapes, and compared with it."""

import pytest

from gql.mirror.statement import MirrorStatement
from tests.mirror.conftest import EmptyOrganization
from tests.mirror.documented_server import DocumentedServer, Shape, make_organization
from tests.mirror.faults import FaultyTransport

SHAPES = [
    Shape(),
    Shape(string_ids=True, usual_limit=20, most=50, fractions=True),
    Shape(most=11, refuses_more=False),
]


def wrong(statement: MirrorStatement) -> list[str]:
    """What differs, as it is printed."""
    return [
        f"{each.collection} {each.key} ({each.day}) {each.why}: {each.fields}"
        for each in statement.differences
    ]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_a_copy_is_the_same_and_a_second_run_changes_nothing(
    empty: EmptyOrganization, shape: Shape
) -> None:
    server = DocumentedServer(make_organization(), shape)
    network = FaultyTransport(server.app)

    first = await empty.copy(network)
    statement = await empty.verify(network)
    second = await empty.copy(network)
    again = await empty.verify(network)

    assert first.objects["calls"] == 40
    assert wrong(statement) == []
    assert [finding[:19] for finding in first.findings] == ["flow 7, node greet:"]
    assert second.findings == []
    assert second.items["created"] == second.items["refused"] == 0
    assert again.theirs == statement.theirs == statement.stored == again.stored


async def test_families_that_a_server_has_not_are_skipped_and_named(
    empty: EmptyOrganization,
) -> None:
    absent = frozenset(
        {"assistant-graphs", "flows", "recordings", "costs", "sms-logs", "sms-conversations"}
    )
    server = DocumentedServer(make_organization(calls=5), Shape(absent=absent))
    network = FaultyTransport(server.app)

    report = await empty.copy(network)
    statement = await empty.verify(network)

    assert sorted(report.absent_families) == [
        "assistant-graphs",
        "costs of calls",
        "flows",
        "graph-sessions",
        "recordings of calls",
        "sms-conversations",
    ]
    assert report.objects == {"assistants": 3, "calls": 5}
    assert statement.is_clean
    assert "The server has no recordings of calls." in statement.notes
