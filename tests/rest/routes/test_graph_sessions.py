"""Graph sessions over REST."""

from tests.conftest import Counting
from tests.rest.conftest import Rest

GRAPHS = "/api/v1/assistant-graphs"
KEYS = [
    *("id", "call_sid", "graph_id", "current_node_id", "context", "started_at", "ended_at"),
    *("is_active", "current_assistant_name", "graph_name"),
]
BUSY = 1003
"""A graph of the demo data with many graph sessions."""


async def test_they_come_newest_first_in_documented_shape(rest: Rest) -> None:
    graph_sessions = (await rest("GET", f"{GRAPHS}/{BUSY}/sessions")).json()

    assert len(graph_sessions) > 2
    assert all(list(graph_session) == KEYS for graph_session in graph_sessions)
    assert {graph_session["graph_id"] for graph_session in graph_sessions} == {BUSY}
    started = [(each["started_at"], each["id"]) for each in graph_sessions]
    assert started == sorted(started, reverse=True)


async def test_pages_together_are_the_list(rest: Rest) -> None:
    path = f"{GRAPHS}/{BUSY}/sessions"
    whole = (await rest("GET", path)).json()

    pages = [
        (await rest("GET", f"{path}?skip={skip}&limit=1")).json() for skip in range(len(whole) + 1)
    ]

    assert pages == [*([graph_session] for graph_session in whole), []]


async def test_only_active_ones_when_asked_for(rest: Rest) -> None:
    every = (await rest("GET", f"{GRAPHS}/1/sessions")).json()
    active = (await rest("GET", f"{GRAPHS}/1/sessions?active_only=true")).json()

    assert [each["id"] for each in every] == [501, 500]
    assert active == [each for each in every if each["is_active"]]
    assert len(active) == 1


async def test_one_is_found_by_the_exact_call_sid(rest: Rest) -> None:
    exact = await rest("GET", f"{GRAPHS}/sessions/CA1234567890abcdef")
    missing = [
        await rest("GET", f"{GRAPHS}/sessions/{sid}")
        for sid in ("CA1234567890abcde", "ca1234567890abcdef", "%25", "CA1234567890abcdef%20")
    ]

    assert exact.json()["id"] == 501
    assert [answer.status_code for answer in missing] == [404] * 4
    assert missing[0].json() == {
        "detail": "There is no graph session CA1234567890abcde in your organization."
    }


async def test_another_organization_finds_none_of_them(
    rest: Rest, stranger: dict[str, str]
) -> None:
    answer = await rest("GET", f"{GRAPHS}/sessions/CA1234567890abcdef", headers=stranger)

    assert answer.status_code == 404


async def test_the_graph_must_be_there(rest: Rest) -> None:
    answer = await rest("GET", f"{GRAPHS}/777/sessions")

    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no graph 777 in your organization."}


async def test_a_list_costs_one_statement_and_so_does_one_session(
    rest: Rest, statements: Counting
) -> None:
    await rest("GET", GRAPHS)
    with statements() as listing:
        await rest("GET", f"{GRAPHS}/{BUSY}/sessions?active_only=false")
    with statements() as finding:
        await rest("GET", f"{GRAPHS}/sessions/CA1234567890abcdef")

    assert (listing.count, finding.count) == (1, 1)
