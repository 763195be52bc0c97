"""Every row of a list is read, whatever happens to the list while it is read."""

import random
from datetime import timedelta
from typing import Any

import pytest

from gql.mirror.lists import (
    CallsPage,
    FamilyAbsent,
    PageSizes,
    UnreadCalls,
    read_calls_page,
    read_list,
    server_instant,
)
from tests.mirror.documented_server import (
    BEGIN,
    DocumentedServer,
    Organization,
    Shape,
    add_call,
    make_organization,
)
from tests.mirror.faults import Clock, FaultyTransport, client_of

CALLS = "/api/v1/calls"
CONVERSATIONS = "/api/v1/sms-conversations/"

SHAPES = [
    Shape(most=7),
    Shape(most=60, string_ids=True),
    Shape(most=3, refuses_more=False, fractions=True),
    Shape(),
]


async def calls_of(transport: FaultyTransport, clock: Clock) -> list[CallsPage]:
    client, sizes = client_of(transport, clock), PageSizes()
    pages: list[CallsPage] = []
    rest: UnreadCalls | None = UnreadCalls()
    while rest is not None:
        pages.append(await read_calls_page(client, sizes, CALLS, rest))
        rest = pages[-1].rest
    return pages


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_every_call_is_on_a_page(shape: Shape) -> None:
    organization = make_organization(calls=200)
    shape = Shape(**{**shape.__dict__, "most": max(shape.most, 50) if shape.refuses_more else 9})
    server = DocumentedServer(organization, shape)

    pages = await calls_of(FaultyTransport(server.app), Clock(organization.now))

    read = {row["call_sid"] for page in pages for row in page.rows}
    assert read == {row["call_sid"] for row in organization.calls}


async def test_more_calls_of_one_second_than_a_page_has_are_read() -> None:
    organization = Organization()
    rng = random.Random(3)  # noqa: S311
    for number in range(1, 31):
        add_call(organization, number, BEGIN + timedelta(milliseconds=number), rng)
    server = DocumentedServer(organization, Shape(most=4, refuses_more=False))

    pages = await calls_of(FaultyTransport(server.app), Clock(organization.now))

    assert len({row["id"] for page in pages for row in page.rows}) == 30


@pytest.mark.parametrize("seed", range(8))
async def test_calls_that_arrive_and_vanish_meanwhile_hide_no_other(seed: int) -> None:
    organization = make_organization(calls=120, seed=seed)
    stay = {row["call_sid"] for row in organization.calls if row["id"] % 3}
    rng = random.Random(seed)  # noqa: S311

    def change(number: int) -> None:
        organization.now += timedelta(seconds=1)
        add_call(organization, 1000 + number, organization.now, rng)
        removable = [row for row in organization.calls if row["call_sid"] not in stay]
        organization.calls.remove(rng.choice(removable))

    server = DocumentedServer(organization, Shape(most=8, refuses_more=False))
    transport = FaultyTransport(server.app, rate=0.2, rng=rng, before=change)

    pages = await calls_of(transport, Clock(organization.now))

    assert stay <= {row["call_sid"] for page in pages for row in page.rows}


async def test_a_page_says_which_instants_it_covers() -> None:
    """What is stored of these instants and not on the page is removable."""
    organization = make_organization(calls=100)
    server = DocumentedServer(organization, Shape(most=9, refuses_more=False, fractions=True))

    pages = await calls_of(FaultyTransport(server.app), Clock(organization.now))

    covered: dict[str, int] = {}
    for page in pages:
        if page.covers is None:
            continue
        after, until = page.covers
        of_page = {row["call_sid"] for row in page.rows}
        for row in organization.calls:
            within = (after is None or row["started_at"] > after) and (
                until is None or row["started_at"] <= until
            )
            if within:
                covered[row["call_sid"]] = covered.get(row["call_sid"], 0) + 1
                assert row["call_sid"] in of_page
    assert set(covered.values()) == {1}
    assert len(covered) > 80


async def rows_read(transport: FaultyTransport, clock: Clock) -> dict[str, Any]:
    client = client_of(transport, clock)
    pages = read_list(client, PageSizes(), CONVERSATIONS)
    return {str(row["id"]): row async for rows, _ in pages for row in rows}


@pytest.mark.parametrize("shape", SHAPES[2:], ids=str)
async def test_every_row_of_a_list_without_a_total_is_read(shape: Shape) -> None:
    organization = make_organization(calls=0, conversations=61)

    read = await rows_read(
        FaultyTransport(DocumentedServer(organization, shape).app), Clock(organization.now)
    )

    assert {str(row["id"]) for row in organization.conversations} == read.keys()


@pytest.mark.parametrize("seed", range(16))
async def test_rows_that_move_and_vanish_meanwhile_hide_no_other(seed: int) -> None:
    """Conversations are listed by their last message: whoever writes moves to the first page."""
    organization = make_organization(calls=0, conversations=60, seed=seed)
    organization.now = BEGIN + timedelta(days=30)
    stay = {str(row["id"]) for row in organization.conversations if row["id"] % 2}
    rng = random.Random(seed)  # noqa: S311

    def change(number: int) -> None:
        if number > 60:
            return
        organization.now += timedelta(seconds=1)
        moving = rng.choice(organization.conversations)
        moving.update(last_activity=organization.now, message_count=moving["message_count"] + 1)
        removable = [row for row in organization.conversations if str(row["id"]) not in stay]
        for row in rng.sample(removable, min(len(removable), rng.randrange(3))):
            organization.conversations.remove(row)

    server = DocumentedServer(
        organization, Shape(most=10, refuses_more=False, string_ids=seed % 2 == 0)
    )
    transport = FaultyTransport(server.app, rate=0.1, rng=rng, before=change)

    read = await rows_read(transport, Clock(organization.now))

    assert stay <= read.keys()


async def test_a_family_that_a_server_has_not_is_told_apart_from_an_empty_one() -> None:
    organization = make_organization(calls=0, conversations=0)
    empty = FaultyTransport(DocumentedServer(organization).app)
    absent = FaultyTransport(
        DocumentedServer(organization, Shape(absent=frozenset({"sms-conversations"}))).app
    )

    assert await rows_read(empty, Clock(organization.now)) == {}
    with pytest.raises(FamilyAbsent):
        await rows_read(absent, Clock(organization.now))


def test_instants_are_read_in_every_form_that_servers_print() -> None:
    assert server_instant("2026-03-01T09:00:00Z") == server_instant("2026-03-01T09:00:00") == BEGIN
    assert server_instant("2026-03-01T10:00:00+01:00") == BEGIN
    assert server_instant(None) is server_instant("soon") is server_instant(5) is None
