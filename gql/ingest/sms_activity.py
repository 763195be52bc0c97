"""Live SMS sessions go on with the messages that items bring."""

import logging
from collections.abc import Sequence

from sqlalchemy import select

from gql.database.failures import translate_write_failures
from gql.domain.writes.transaction import WriteContext
from gql.ingest.call_batch import CALLS
from gql.ingest.merge import instant_of
from gql.models.enums import CallStatus
from gql.models.scope import owned
from gql.sql.keys import is_among
from gql.stores import SmsActivity

_log = logging.getLogger(__name__)

_COLUMNS = [
    CALLS.c[name] for name in ("id", "customer_phone_number", "assistant_id", "last_activity")
]


async def refresh_sms_sessions(write: WriteContext, newest: dict[int, int]) -> None:
    """Start the sessions of conversations that new messages came into, or have them live longer.

    A message that is not the newest of its conversation comes late, and changes nothing.

    Args:
        write: The transaction, in which conversations and messages are written.
        newest: By the id of a conversation: when the newest of its new messages was written, in
            microseconds since 1970.
    """
    sessions = write.sms_sessions
    if sessions is None or not newest:
        return
    statement = select(*_COLUMNS).where(
        owned(CALLS, write.organization_id),
        is_among(CALLS.c.id, sorted(newest)),
        CALLS.c.assistant_id.is_not(None),
        CALLS.c.status == CallStatus.ACTIVE,
    )
    activities = [
        SmsActivity(row.customer_phone_number, row.assistant_id, row.id, row.last_activity)
        for row in await write.run(statement)
        if row.last_activity <= instant_of(newest[row.id])
    ]
    if not sessions.joins_transactions:
        write.on_commit(lambda: _refresh_later(write, activities))
    elif activities:
        joined = sessions.within(write.database, write.snapshot)
        with translate_write_failures():
            await joined.refresh(write.organization_id, activities)


async def _refresh_later(write: WriteContext, activities: Sequence[SmsActivity]) -> None:
    """Refresh sessions of a store that has no part in the transaction, which is committed.

    The messages are kept whether that store can be reached or not; without a session, the next
    message starts one.
    """
    try:
        if write.sms_sessions is not None:
            await write.sms_sessions.refresh(write.organization_id, activities)
    except Exception:  # noqa: BLE001 -- whatever a store may raise
        _log.warning("%d live SMS sessions could not be refreshed", len(activities), exc_info=True)
