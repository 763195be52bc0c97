"""How much demo data: the set that every organization gets, and what the larger scales add."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Literal

from sqlmodel import SQLModel

from gql.demo.assistants import assistants, numbered_assistants
from gql.demo.budgets import budgets
from gql.demo.calls import CallMix, calls, recent_calls
from gql.demo.documented import ORGANIZATION, documented_rows
from gql.demo.graphs import graphs, numbered_graphs
from gql.demo.hooks import hooks
from gql.demo.organizations import DemoOrganization, customers, organization_rows
from gql.demo.sms import plain_sms, sms
from gql.demo.story import documented_story, live_session
from gql.demo.tenant import NOW, DemoGraph, Ids, Item, Tenant, seeded
from gql.demo.webhooks import webhooks
from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.message import ChatMessage

Scale = Literal["small", "medium", "large"]

_SMALL_CALLS = 200
_SMALL_SMS = 40
_RECENT_CALLS = 7
_SMALL_MIX = CallMix(routed_every=3, has_sessions=True, written_every=4, ongoing=12)

MEDIUM_CALLS = 50_000
_MEDIUM_MIX = CallMix(routed_every=10, has_sessions=False, written_every=0, ongoing=20)


@dataclass(frozen=True)
class Size:
    """How much the large scale adds to the first organization.

    Attributes:
        assistants: Beside those of the small set, which keep to themselves.
        graphs: Each has 10 nodes and 15 edges.
        calls: One in ten is routed through a graph and has a graph session.
        conversations: By SMS.
        messages: In each conversation.
    """

    assistants: int
    graphs: int
    calls: int
    conversations: int
    messages: int


LARGE = Size(assistants=200, graphs=1_000, calls=500_000, conversations=20_000, messages=10)
_LARGE_MIX = CallMix(routed_every=10, has_sessions=True, written_every=0, ongoing=100)


@dataclass(frozen=True)
class Content:
    """The rows of a demo database.

    Attributes:
        items: Parents before children; made while they are read.
        totals: How many rows each table will get.
    """

    items: Iterator[Item]
    totals: Counter[type[SQLModel]]


def content(
    organizations: list[DemoOrganization], scale: Scale, seed: int, now: datetime | None = None
) -> Content:
    """All rows of the demo: the documented examples first, then what is generated.

    Args:
        organizations: Whose.
        scale: How many.
        seed: Of all chance.
        now: When what is generated ends, with a story and calls of the last minutes. Without it
            there are neither, and it ends at `NOW`.
    """
    ids = Ids()
    tenants = [_tenant(organization, ids, seed) for organization in organizations]
    small = [
        item
        for organization, tenant in zip(organizations, tenants, strict=True)
        for item in _small(organization, tenant, now)
    ]
    totals = Counter(model for model, _ in small)
    items: Iterator[Item] = iter(small)
    if scale == "medium":
        totals[Call] += MEDIUM_CALLS
        items = chain(small, moved(_medium(tenants, seed), now))
    elif scale == "large":
        totals.update(_large_totals())
        items = chain(small, moved(_large(tenants[0], seed), now))
    return Content(items, totals)


def _tenant(organization: DemoOrganization, ids: Ids, seed: int) -> Tenant:
    random = seeded(seed, "organization", organization.id)
    return Tenant(
        organization.id,
        ids,
        random,
        customers(random, 60),
        DemoGraph(ids.next(AssistantGraph), "Retired Flow", (), ()),
    )


def _small(organization: DemoOrganization, tenant: Tenant, now: datetime | None) -> Iterator[Item]:
    yield from moved(organization_rows(organization), now)
    if organization.id == ORGANIZATION:
        yield from documented_rows() if now is None else documented_rows(documented_story())
        if now is not None:
            yield live_session(now)
    yield from moved(assistants(tenant), now)
    yield from moved(graphs(tenant), now)
    yield from moved(calls(tenant, _SMALL_CALLS, _SMALL_MIX), now)
    yield from moved(sms(tenant, _SMALL_SMS), now)
    yield from moved(hooks(tenant), now)
    yield from budgets(tenant, NOW if now is None else now)
    yield from moved(webhooks(tenant), now)
    if now is not None:
        yield from moved(recent_calls(tenant, _RECENT_CALLS), now)


def moved(items: Iterator[Item], now: datetime | None) -> Iterator[Item]:
    """The same rows, with `now` in place of `NOW`."""
    if now is None:
        return items
    by = now - NOW
    return (
        (
            model,
            {
                column: value + by if isinstance(value, datetime) else value
                for column, value in row.items()
            },
        )
        for model, row in items
    )


def _medium(tenants: list[Tenant], seed: int) -> Iterator[Item]:
    """50,000 calls, shared evenly; the first organizations get what does not divide."""
    share, rest = divmod(MEDIUM_CALLS, len(tenants))
    for number, tenant in enumerate(tenants):
        yield from calls(_crowded(tenant, seed), share + (number < rest), _MEDIUM_MIX)


def _large(tenant: Tenant, seed: int) -> Iterator[Item]:
    """One large organization; its further calls and conversations use its further graphs."""
    crowded = replace(_crowded(tenant, seed), assistants=[], graphs=[])
    yield from numbered_assistants(crowded, LARGE.assistants)
    yield from numbered_graphs(crowded, LARGE.graphs)
    yield from calls(crowded, LARGE.calls, _LARGE_MIX)
    yield from plain_sms(crowded, LARGE.conversations, LARGE.messages)


def _large_totals() -> Counter[type[SQLModel]]:
    sessions = -(-LARGE.calls // _LARGE_MIX.routed_every)
    return Counter(
        {
            Assistant: LARGE.assistants,
            AssistantGraph: LARGE.graphs,
            GraphNode: 10 * LARGE.graphs,
            GraphEdge: 15 * LARGE.graphs,
            GraphSession: sessions,
            # Sessions take 0, 1, 2, 3, 0, ... steps.
            GraphTransition: sum(number % 4 for number in range(sessions)),
            Call: LARGE.calls + LARGE.conversations,
            ChatMessage: LARGE.conversations * LARGE.messages,
        }
    )


def _crowded(tenant: Tenant, seed: int) -> Tenant:
    """The same organization with its own chance for the larger scales, and many more customers."""
    random = seeded(seed, "crowd", tenant.organization_id)
    return replace(tenant, random=random, customers=customers(random, 5_000, first=500_000))
