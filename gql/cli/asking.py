"""Asks the GraphQL endpoint within this process, as an operator who may read and explain."""

import asyncio
from typing import Any

import orjson
from starlette.types import Message, Scope

from gql.accounts.people import find_member
from gql.cli.console import Failure
from gql.database import Database
from gql.identity import Identity, Method, Permission
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.explaining import HEADER
from gql.schema.schema import schema
from gql.settings import Settings
from gql.stores import open_sms_sessions


async def ask(
    database: Database, settings: Settings, asked: dict[str, Any], organization: int
) -> Any:
    """The answer to a request of an organization, with its explanation.

    Raises:
        Failure: when there is no such organization.
    """
    if await find_member(database, organization, None) is None:
        raise Failure(
            f"There is no organization {organization}.", "Name another: --organization ID"
        )
    operator = Identity(
        organization, Method.API_KEY, frozenset({Permission.READ, Permission.EXPLAIN})
    )

    async def identify(_scope: Scope) -> Identity:
        return operator

    sms_sessions = open_sms_sessions(database, settings)
    endpoint = GraphQLEndpoint(
        schema, database, settings, identify=identify, sms_sessions=sms_sessions
    )
    try:
        return orjson.loads(await _post(endpoint, orjson.dumps(asked)))
    finally:
        await sms_sessions.close()


async def _post(endpoint: GraphQLEndpoint, body: bytes) -> bytes:
    answer = bytearray()
    bodies = iter((body,))

    async def receive() -> Message:
        for whole in bodies:
            return {"type": "http.request", "body": whole}
        return await asyncio.Future()  # nobody goes away

    async def send(message: Message) -> None:
        answer.extend(message.get("body", b""))

    headers = [(b"content-type", b"application/json"), (HEADER, b"1")]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}
    await endpoint(scope, receive, send)
    return bytes(answer)
