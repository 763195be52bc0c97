"""Live SMS sessions, as members of their organization see them."""

from dataclasses import dataclass

from gql.errors import Unavailable
from gql.query.context import Context
from gql.stores import SmsSessionStore


@dataclass(frozen=True, slots=True)
class LiveSmsSessions:
    """The live sessions of an organization, counted.

    Attributes:
        active_sessions: How many there are.
        ttl_seconds: Seconds until a session expires after its state was last written.
    """

    active_sessions: int
    ttl_seconds: int


async def live_sms_sessions(context: Context) -> LiveSmsSessions:
    """The caller's live sessions, counted.

    Raises:
        Unavailable: when the store cannot be reached.
    """
    sessions = sms_sessions_of(context)
    return LiveSmsSessions(await sessions.count(context.organization_id), sessions.ttl)


def sms_sessions_of(context: Context) -> SmsSessionStore:
    """The store of SMS sessions, reading in the context's snapshot and writing in its transaction.

    Raises:
        Unavailable: when the context has no store.
    """
    if context.sms_sessions is None:
        raise Unavailable("This server has no store for live SMS sessions.")
    return context.sms_sessions.within(context.database, context.snapshot)
