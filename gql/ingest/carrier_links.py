"""A carrier's part of a call finds the call, once an assistant platform's items name it.

What a carrier below an assistant platform delivers waits in the inbox until a call names it as its
`carrierCallId`: such deliveries are due at once then, whichever way the item came. Where none did
before their deadline, they have become a call of their own; when the platform's call comes late,
what belongs to that one is moved over, and it is deleted. Its bill, which is the same money, then
counts as that of a carrier below the platform.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from gql.accounts.hook_endpoints import list_endpoints
from gql.domain.writes.transaction import WriteContext
from gql.ingest import inbox
from gql.ingest.call_batch import CALL_COLUMNS, CALLS
from gql.ingest.call_move import move_to_owner, read_calls
from gql.models.enums import HookRole
from gql.models.scope import owned
from gql.sql.keys import is_among


async def link_carriers(write: WriteContext, names: Sequence[str], received_at: datetime) -> None:
    """Link what carriers told of calls that items of a batch name, which is written.

    Args:
        write: The transaction.
        names: What the items call the carriers' calls.
        received_at: When the batch came.
    """
    if not names:
        return
    endpoints = await list_endpoints(write.snapshot, write.organization_id)
    carriers = {each.source for each in endpoints if each.role == HookRole.CARRIER}
    if not carriers:
        return
    await inbox.retry_waiting(write.connection, write.organization_id, names)
    subjects = await inbox.subjects_of(write.connection, write.organization_id, names)
    # Where it makes calls by another endpoint, its calls are no left-overs.
    carriers -= {each.source for each in endpoints if each.role == HookRole.PRIMARY}
    statement = (
        select(*CALL_COLUMNS)
        .where(
            owned(CALLS, write.organization_id),
            or_(
                is_among(CALLS.c.carrier_call_id, sorted(set(names))),
                is_among(CALLS.c.source, sorted(carriers))
                & is_among(CALLS.c.external_id, sorted({*names, *subjects})),
            ),
        )
        .order_by(CALLS.c.source, CALLS.c.external_id, CALLS.c.id)
        .with_for_update()
    )
    rows = [dict(row) for row in (await write.run(statement)).mappings()]
    for call_id, owner_id in _late(rows, carriers, subjects):
        call, owner = await read_calls(write, call_id, owner_id)
        await move_to_owner(write, call, owner, received_at)


def _late(
    rows: Sequence[Mapping[str, Any]], carriers: set[str], subjects: Mapping[str, set[str]]
) -> Iterator[tuple[int, int]]:
    """The ids of carriers' own calls, each with that of the only call that names it."""
    for row in rows:
        if row["source"] not in carriers:
            continue
        ids = {row["external_id"], row["carrier_call_id"], *subjects.get(row["external_id"], ())}
        owners = [
            each
            for each in rows
            if each["source"] not in carriers
            and each["external_id"] is not None
            and each["carrier_call_id"] is not None
            and each["carrier_call_id"] in ids
        ]
        if len(owners) == 1:
            yield row["id"], owners[0]["id"]
