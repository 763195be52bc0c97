"""A process that ends answers what runs over WebSockets, and closes them with a code and why."""

import asyncio
import json
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import text
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gql.database import Database
from gql.http.running_requests import STOPPED
from gql.settings import Settings
from tests.abuse.test_sigterm import serve
from tests.conftest import GraphQL
from tests.databases import Copy
from tests.events.spoken import SID, SpokenCall
from tests.http_server import listening
from tests.live import free_port, until_ready

LISTENERS = 5
STOPPING = (1012, STOPPED)
GRAPHQL = Subprotocol("graphql-transport-ws")
RENAME = 'mutation { updateGraph(input: {id: "1", name: "After"}) { graph { name } } }'
EVENTS = "subscription { events { eventId } }"


async def listen(client: ClientConnection, *, until: str) -> list[str]:
    """What is said in a call, up to this."""
    contents: list[str] = []
    while not contents or contents[-1] != until:
        message = json.loads(await client.recv())
        if message["type"] == "transcript":
            contents.append(message["data"]["content"])
    return contents


async def rest_of(client: ClientConnection) -> tuple[list[Any], tuple[int | None, str | None]]:
    """The messages up to the end, and with which code and reason it is closed."""
    messages: list[Any] = []
    with suppress(ConnectionClosed):
        while True:
            messages.append(json.loads(await client.recv()))
    return messages, (client.close_code, client.close_reason)


async def follow(client: ClientConnection, key: str) -> None:
    """Begin GraphQL over a WebSocket with a subscription."""
    await client.send(json.dumps({"type": "connection_init", "payload": {"apiKey": key}}))
    assert json.loads(await client.recv())["type"] == "connection_ack"
    await subscribe(client, "live", EVENTS)


async def subscribe(client: ClientConnection, id: str, query: str) -> None:
    message: dict[str, Any] = {"id": id, "type": "subscribe", "payload": {"query": query}}
    await client.send(json.dumps(message))


async def test_sigterm_closes_them_and_they_go_on_at_another_process(
    fresh: Copy,
    fresh_app: Starlette,
    fresh_graphql: GraphQL,
    settings: Settings,
    tmp_path: Path,
) -> None:
    key, port, output = fresh.organizations[0].api_key, free_port(), tmp_path / "output"
    call = SpokenCall(fresh_graphql)
    await call.begin()
    await call.say("Good morning.")
    process = serve(fresh.url, port, output, workers=1)
    address = f"/live-transcript/{SID}?token={key}"
    try:
        is_alive = lambda: process.poll() is None  # noqa: E731
        await asyncio.to_thread(until_ready, is_alive, f"http://127.0.0.1:{port}", output)
        async with AsyncExitStack() as stack:
            listeners = [
                await stack.enter_async_context(connect(f"ws://127.0.0.1:{port}{address}"))
                for _ in range(LISTENERS)
            ]
            url = f"ws://127.0.0.1:{port}/graphql"
            graphql = await stack.enter_async_context(connect(url, subprotocols=[GRAPHQL]))
            await follow(graphql, key)
            spoken = [await listen(each, until="Good morning.") for each in listeners]
            process.send_signal(signal.SIGTERM)
            closings = [(await rest_of(each))[1] for each in (*listeners, graphql)]
            code = await asyncio.to_thread(process.wait)
    finally:
        process.kill()
        process.wait()
    await call.say("Are you there?", first=1)
    async with (
        listening(fresh_app, settings) as server,
        connect(f"ws://127.0.0.1:{server.port}{address}") as again,
    ):
        replayed = await listen(again, until="Are you there?")

    assert closings == [STOPPING] * (LISTENERS + 1)
    assert spoken == [["Good morning."]] * LISTENERS
    assert replayed == ["Good morning.", "Are you there?"]
    assert "by force" not in output.read_text()
    assert code == -signal.SIGTERM


async def test_a_mutation_that_runs_is_answered_before_its_socket_is_closed(
    fresh: Copy, fresh_app: Starlette, fresh_database: Database, settings: Settings
) -> None:
    key = fresh.organizations[0].api_key
    lock = text("UPDATE assistant_graph SET name = 'Before' WHERE organization_id = 1 AND id = 1")
    async with listening(fresh_app, settings) as server:
        url = f"ws://127.0.0.1:{server.port}/graphql"
        async with connect(url, subprotocols=[GRAPHQL]) as client:
            await follow(client, key)
            async with fresh_database.transaction() as connection:
                await connection.execute(lock)
                await subscribe(client, "write", RENAME)
                await subscribe(client, "read", "{ __typename }")
                read = [json.loads(await client.recv()) for _ in range(2)]
                for each in tuple(server.state.connections):
                    each.shutdown()
            messages, closing = await rest_of(client)

    written = [each for each in messages if each["id"] == "write"]
    assert [(each["id"], each["type"]) for each in read] == [("read", "next"), ("read", "complete")]
    assert [each["type"] for each in written] == ["next", "complete"]
    assert written[0]["payload"]["data"] == {"updateGraph": {"graph": {"name": "After"}}}
    assert closing == STOPPING
