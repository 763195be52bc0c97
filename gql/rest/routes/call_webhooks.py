"""Which webhooks came about a voice call."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from gql.domain.call_deliveries import MOST_DELIVERIES, list_deliveries, shown_payload
from gql.domain.calls import CALLS
from gql.kinds import CLOSED
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.models.enums import DeliveryState
from gql.models.hook import PENDING
from gql.query.context import Context
from gql.query.resource import Record
from gql.query.weights import LIST, OBJECT
from gql.rest.route import Answer, route
from gql.rest.routes.calls import TAG, CallPath

POSTED = "POST"
"""The method of deliveries that a platform sent; others were read from its lists."""


class WebhookLog(BaseModel):
    """One webhook about a call, as it came."""

    id: int
    call_id: int
    assistant_id: int | None
    webhook_url: str = Field(
        description="Where it came, as a path; without the random word that makes the address, but"
        " for administrators."
    )
    webhook_type: str = Field(description="The platform's word; `unknown` until it is read.")
    request_payload: Any = Field(
        description="Null but for administrators: the JSON, or the first 10 KB of what is longer or"
        " no JSON, as text."
    )
    response_status_code: int | None = Field(
        description="Null for what was read from a platform's list."
    )
    response_body: str | None = Field(description="Always null: the answer says nothing.")
    response_time_ms: int | None = Field(description="Always null: it is not kept.")
    attempted_at: datetime = Field(description="When it came.")
    success: bool = Field(description="Whether it was applied.")
    error_message: str | None
    retry_count: int = Field(description="How often it was tried again after it had come.")
    webhook_metadata: dict[str, Any] | None = Field(
        description="`source`, `role` (`primary` or `carrier`), `state` (as in the inbox),"
        " `event_id`, `occurred_at`, `applied_at`, `next_attempt_at` (null when it rests)."
    )


class WebhookLogQuery(BaseModel):
    """Which webhooks."""

    webhook_type: str | None = Field(None, description="The platform's word, exactly.")


@route(
    "GET",
    "/api/v1/calls/{call_id}/webhook-logs",
    tag=TAG,
    kinds=CLOSED,
    summary="Get the webhooks about a call",
    answers={200: Answer("In the order in which they came.", list[WebhookLog])},
    errors=(404,),
    points=LIST.points + MOST_DELIVERIES * OBJECT.points,
)
async def list_webhook_logs(
    context: Context, path: CallPath, query: WebhookLogQuery
) -> list[dict[str, Any]]:
    """What platforms delivered about one call, the newest 500 of the days that the inbox keeps.

    The documents log what the platform sends; this gateway sends no webhooks about calls, and logs
    what it receives. Headers are never shown.
    """
    call = await RecordByKeyLoader.of(context, CALLS).require(path.call_id)
    rows = await list_deliveries(context, call, query.webhook_type)
    return [_printed(row, call) for row in rows]


def _printed(row: Any, call: Record) -> dict[str, Any]:
    is_pending = row.state in PENDING
    return {
        "id": row.id,
        "call_id": call.id,
        "assistant_id": call.assistant_id,
        "webhook_url": "/".join(filter(None, ("/hooks", row.source, row.public_id))),
        "webhook_type": row.event_kind or "unknown",
        "request_payload": shown_payload(row),
        "response_status_code": HTTPStatus.OK.value if row.method == POSTED else None,
        "response_body": None,
        "response_time_ms": None,
        "attempted_at": row.received_at,
        "success": row.state == DeliveryState.DONE,
        "error_message": row.error,
        "retry_count": max(row.attempts - 1, 0),
        "webhook_metadata": {
            "source": row.source,
            "role": row.role,
            "state": row.state,
            "event_id": row.event_id,
            "occurred_at": row.occurred_at,
            "applied_at": row.applied_at,
            "next_attempt_at": row.next_attempt_at if is_pending else None,
        },
    }
