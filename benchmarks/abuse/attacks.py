"""What one caller can try: each attack goes on until its task is cancelled."""

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from benchmarks.abuse.requests import connect, exchange, get, graphql, post

GATEWAY_CLOSED = (ConnectionError, asyncio.IncompleteReadError, OSError)
"""What an attacker sees when it is cut off; it connects again."""

KIBIBYTE, MEBIBYTE = 2**10, 2**20


@dataclass(frozen=True)
class Gateway:
    """Whom to attack.

    Attributes:
        port: Of this machine.
        api_key: Of the attacker's organization.
    """

    port: int
    api_key: str


Run = Callable[[Gateway], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """A way to take more than one's share.

    Attributes:
        name: As `--attacks` takes it.
        title: What is done, for people.
        run: Does it until it is cancelled.
    """

    name: str
    title: str
    run: Run


async def at_once(number: int, one: Run, gateway: Gateway) -> None:
    """The same by many connections, each of which begins again when it is cut off."""

    async def forever() -> None:
        while True:
            with suppress(*GATEWAY_CLOSED):
                await one(gateway)
            await asyncio.sleep(0.05)  # reconnecting in a tight loop would measure the attacker

    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            group.create_task(forever())


def asking(requests: Callable[[Gateway], Iterator[bytes]]) -> Run:
    """One connection, which sends a request after each answer."""

    async def run(gateway: Gateway) -> None:
        async with connect(gateway.port) as connection:
            for request in requests(gateway):
                status, _ = await exchange(connection, request)
                if status in {429, 503}:
                    await asyncio.sleep(0.02)

    return run


def documents(text: Callable[[int], str]) -> Run:
    """GraphQL documents without end, of a number that never repeats."""
    numbers = itertools.count(random.randrange(10**6))  # noqa: S311 -- no secret
    return asking(lambda gateway: (graphql(text(number), gateway.api_key) for number in numbers))


async def unread_downloads(gateway: Gateway) -> None:
    async with connect(gateway.port, receive_buffer=4 * KIBIBYTE) as (_, writer):
        writer.write(get("/api/v1/calls/export?format=json", gateway.api_key))
        await asyncio.sleep(3600)


def nested_totals(number: int) -> str:
    condition = f'{{callSid: {{contains: "zz{number}"}}}}'
    totals = " ".join(
        f"a{each}: calls(first: 0, filter: {condition}) {{ totalCount }}" for each in range(6)
    )
    return (
        "{ calls(first: 100) { nodes { assistant { calls(first: 100) { nodes { assistant {"
        f" {totals} }} }} }} }} }} }} }}"
    )


def nested_sorts(number: int) -> str:
    lists = " ".join(
        f'a{each}: calls(first: 1, filter: {{assistantName: {{contains: "e"}}, callSid:'
        f' {{contains: "{number % 10}"}}}}, orderBy: {{field: DURATION}}) {{ nodes {{ id }} }}'
        for each in range(45)
    )
    return f"{{ assistants(first: 100) {{ nodes {{ {lists} }} }} }}"


def admitted_scans(number: int) -> str:
    """As much as an operation may cost: ten totals that read every call."""
    totals = " ".join(
        f'a{each}: calls(filter: {{callSid: {{contains: "q{number}x{each}"}}}}) {{ totalCount }}'
        for each in range(10)
    )
    return f"{{ {totals} }}"


async def vanishing_clients(gateway: Gateway) -> None:
    async with connect(gateway.port) as (_, writer):
        number = random.randrange(10**9)  # noqa: S311 -- no secret
        writer.write(graphql(admitted_scans(number), gateway.api_key))
        await writer.drain()
        await asyncio.sleep(0.1)


async def repeated_settings(gateway: Gateway) -> None:
    """Twenty kilobytes of settings, printed 10,000 times."""
    settings = {"text": "x" * 20_000}
    inner = "calls(first: 100) { nodes { assistant { settings } } }"
    query = f"{{ calls(first: 100) {{ nodes {{ assistant {{ {inner} }} }} }} }}"
    async with connect(gateway.port) as connection:
        change = json.dumps({"settings": settings}).encode()
        head = (
            f"PATCH /api/v1/assistants/1 HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {gateway.api_key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(change)}\r\n\r\n"
        )
        await exchange(connection, head.encode() + change)
        while True:
            status, _ = await exchange(connection, graphql(query, gateway.api_key))
            if status in {429, 503}:
                await asyncio.sleep(0.02)


def introspections(number: int) -> str:
    fields = "types { name fields { name type { name ofType { name } } args { name } } }"
    return "{ " + " ".join(f"a{number}_{i}: __schema {{ {fields} }}" for i in range(20)) + " }"


def long_context_paths(number: int) -> str:
    steps = "/".join(f"s{number}x{each}" for each in range(33))
    return (
        "{ graphs(first: 20) { nodes { sessions(first: 50) { nodes {"
        f' contextValue(path: "/{steps}") }} }} }} }} }}'
    )


def long_filters(number: int) -> str:
    text = f"{number}" + "y" * 60_000
    return (
        f'{{ calls(first: 1, filter: {{callSid: {{contains: "{text}"}}}}) {{ nodes {{ id }} }} }}'
    )


async def endless_headers(gateway: Gateway) -> None:
    async with connect(gateway.port) as (_, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        while True:
            writer.write(b"X-Filler: " + b"a" * 8 * KIBIBYTE + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)


async def pipelined(gateway: Gateway) -> None:
    async with connect(gateway.port) as (reader, writer):
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(request * (MEBIBYTE // len(request)))
        while await reader.read(64 * KIBIBYTE):
            pass


async def half_requests(gateway: Gateway) -> None:
    """Three connections: one silent, one with half a head, one with half a body."""
    async with AsyncExitStack() as stack:
        for sent in (
            b"",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Half: ",
            b'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"query":',
        ):
            _, writer = await stack.enter_async_context(connect(gateway.port))
            writer.write(sent)
        await asyncio.sleep(3600)


def wrong_passwords(_gateway: Gateway) -> Iterator[bytes]:
    for number in itertools.count():
        account = f"nobody{number}@example.com"
        yield post("/api/auth/login", {"email": account, "password": f"wrong-{number}"})


def small_requests(gateway: Gateway) -> Iterator[bytes]:
    for number in itertools.count(1):
        yield graphql(
            "query ($id: ID!) { call(id: $id) { id status } }", gateway.api_key, id=f"{number}"
        )


def many(number: int, one: Run) -> Run:
    async def run(gateway: Gateway) -> None:
        await at_once(number, one, gateway)

    return run


ATTACKS = (
    Attack("downloads", "24 downloads that nobody reads", many(24, unread_downloads)),
    Attack("totals", "4 documents of nested totals", many(4, documents(nested_totals))),
    Attack("sorts", "24 documents of nested filters and sorts", many(24, documents(nested_sorts))),
    Attack(
        "scans",
        "50 documents of ten scans, as dear as is admitted",
        many(50, documents(admitted_scans)),
    ),
    Attack("vanishing", "20 clients that ask for scans and vanish", many(20, vanishing_clients)),
    Attack("bytes", "4 answers of 200 MB", many(4, repeated_settings)),
    Attack("introspection", "8 documents of 20 introspections", many(8, documents(introspections))),
    Attack(
        "context",
        "8 documents of long `contextValue` paths",
        many(8, documents(long_context_paths)),
    ),
    Attack("filters", "8 filters of 60,000 characters", many(8, documents(long_filters))),
    Attack("headers", "10 heads without end, no key", many(10, endless_headers)),
    Attack("pipelining", "4 times 1 MB of pipelined requests, no key", many(4, pipelined)),
    Attack("halves", "300 half requests, no key", many(100, half_requests)),
    Attack("passwords", "20 guessers of passwords, no key", many(20, asking(wrong_passwords))),
    Attack("flood", "200 connections of small requests", many(200, asking(small_requests))),
)
