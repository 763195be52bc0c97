"""Data that comes in: items, one per line."""

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.types import ASGIApp

from gql.identity import Permission
from gql.ingest.phone_numbers import REGION, checked_region
from gql.kinds import Kind, changing
from gql.query.context import Context
from gql.rest.ingest_answer import IngestAnswer
from gql.rest.route import Answer, route

LONGEST_LINE = 4_000_000
"""Bytes of one item: the messages of a long call are one."""

_EXAMPLE = """\
{"kind":"call","source":"crm","externalId":"42","occurredAt":"2026-11-28T10:00:00Z","status":"ongoing"}
{"kind":"message","source":"crm","call":"42","key":"1","occurredAt":"2026-11-28T10:00:02Z","role":"user"}
"""


class IngestQuery(BaseModel):
    """How items are read."""

    region: str | None = Field(None, description=REGION)


@route(
    "POST",
    "/api/v1/ingest",
    tag="Ingest",
    kinds=changing(*Kind),
    summary="Bring in calls and what belongs to them",
    permission=Permission.INGEST,
    graphql="none: a stream stays REST",
    answers={200: Answer("A line for each line, then a summary.", lines=True)},
    errors=(400, 415),
    takes_lines=True,
    example=_EXAMPLE,
)
async def take_items(context: Context, request: Request, query: IngestQuery) -> ASGIApp:  # noqa: ARG001
    """Take items as NDJSON, of any length, plain or compressed by gzip or zstd.

    Each line is answered once its batch is committed, in the order of the lines of a batch:
    `{"line": 1, "status": "created", "kind": "call", "key": "42", "id": 7}`. `status` is `created`,
    `updated`, `unchanged` (it came before, or newer items have overtaken it), `refused` or
    `waiting`, the last two with an `error`. A broken line is refused by itself. The last line is a
    `summary`, whose `complete` says whether the whole body was taken; where it is missing or false,
    send everything again: items that came before change nothing.
    """
    return IngestAnswer(context, LONGEST_LINE, checked_region(query.region))
