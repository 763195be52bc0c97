"""Live SMS sessions: counted, cleared, cleaned up and ended."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from gql.domain.sms_sessions import live_sms_sessions
from gql.domain.writes import sms_sessions as writes
from gql.kinds import Kind, changing, reading
from gql.query.context import Context
from gql.rest.parameters import id_of
from gql.rest.route import Answer, route

TAG = "SMS sessions"
BASE = "/api/v1/sms-sessions"


class LiveCount(BaseModel):
    """How many live sessions there are."""

    active_sessions: int
    ttl_seconds: int = Field(description="How long one lives after it was last kept.")


class LiveCounted(BaseModel):
    """The live sessions of the organization, counted."""

    success: bool
    data: LiveCount


class Cleared(BaseModel):
    """Sessions were cleared."""

    success: bool
    message: str
    cleared_count: int


class CleanedUp(BaseModel):
    """Sessions whose time had run out were removed."""

    success: bool
    message: str
    cleaned_count: int = Field(description="Always 0 with Redis, which removes them by itself.")


class Ended(BaseModel):
    """A session was ended."""

    success: bool
    message: str


class PairPath(BaseModel):
    """Whose session."""

    phone_number: Annotated[str, Field(description="The customer's, with or without `+`.")]
    assistant_id: Annotated[int, id_of("assistant")]


@route(
    "GET",
    BASE,
    tag=TAG,
    kinds=reading(Kind.SMS),
    summary="Count live SMS sessions",
    graphql="{ smsSessions { activeSessions ttlSeconds } }",
    answers={
        200: Answer(
            "How many there are.",
            LiveCounted,
            {"success": True, "data": {"active_sessions": 12, "ttl_seconds": 86_400}},
        )
    },
)
async def count_sms_sessions(context: Context) -> dict[str, Any]:
    """How many conversations of the organization have a live state, and how long one lives."""
    live = await live_sms_sessions(context)
    counted = {"active_sessions": live.active_sessions, "ttl_seconds": live.ttl_seconds}
    return {"success": True, "data": counted}


@route(
    "DELETE",
    BASE,
    tag=TAG,
    kinds=changing(Kind.SMS),
    summary="Clear live SMS sessions",
    graphql="mutation { clearSmsSessions(input: {}) { userErrors { message path } } }",
    answers={
        200: Answer(
            "All are gone.",
            Cleared,
            {"success": True, "message": "SMS sessions cleared", "cleared_count": 12},
        )
    },
)
async def clear_sms_sessions(context: Context) -> dict[str, Any]:
    """Forget every live state of the organization; conversations and messages stay."""
    cleared = await writes.clear_sms_sessions(context)
    return {"success": True, "message": "SMS sessions cleared", "cleared_count": cleared}


@route(
    "POST",
    BASE + "/cleanup",
    tag=TAG,
    kinds=changing(Kind.SMS),
    summary="Clean up SMS sessions",
    graphql="mutation { cleanUpSmsSessions(input: {}) { userErrors { message path } } }",
    answers={
        200: Answer(
            "What had run out is removed.",
            CleanedUp,
            {"success": True, "message": "Expired SMS sessions cleaned up", "cleaned_count": 3},
        )
    },
)
async def clean_up_sms_sessions(context: Context) -> dict[str, Any]:
    """Remove states whose time has run out and that nobody can see any more."""
    cleaned = await writes.clean_up_sms_sessions(context)
    return {
        "success": True,
        "message": "Expired SMS sessions cleaned up",
        "cleaned_count": cleaned,
    }


@route(
    "DELETE",
    BASE + "/{phone_number}/{assistant_id}",
    tag=TAG,
    kinds=changing(Kind.SMS),
    summary="End an SMS session",
    graphql=(
        'mutation { endSmsSession(input: {customerPhoneNumber: "+15559876543", assistantId: '
        "124}) { ended userErrors { message path } } }"
    ),
    answers={
        200: Answer("It is gone.", Ended, {"success": True, "message": "SMS session cleared"})
    },
    errors=(404,),
)
async def end_sms_session(context: Context, path: PairPath) -> dict[str, Any]:
    """Forget the live state of one customer and assistant; 404 when there is none."""
    await writes.end_sms_session(context, path.phone_number, path.assistant_id)
    return {"success": True, "message": "SMS session cleared"}
