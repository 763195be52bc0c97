"""Live SMS sessions in the GraphQL schema."""

from typing import Any

import strawberry
from strawberry.types import Info

from gql.domain.sms_sessions import live_sms_sessions


@strawberry.type(description="The live state of SMS conversations, which runs out by itself.")
class SmsSessions:
    """Resolved from `LiveSmsSessions`."""

    active_sessions: int = strawberry.field(
        description="How many pairs of customer and assistant have one."
    )
    ttl_seconds: int = strawberry.field(description="How long one lives after it was last kept.")


async def _sms_sessions(info: Info) -> Any:
    return await live_sms_sessions(info.context)


sms_sessions: Any = strawberry.field(
    resolver=_sms_sessions,
    description="The organization's live SMS sessions; null, with an error, while their store"
    " cannot be reached.",
)
"""The root field."""
