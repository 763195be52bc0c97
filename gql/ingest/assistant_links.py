"""Which assistant another system means by an id of its own.

Items that name an assistant by `externalId` are on the linked one, whatever its name. A mirror
links what it copies; links to other systems are made by hand.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from gql.domain.writes.transaction import transaction
from gql.errors import BadInput, NotFound
from gql.identity import Permission
from gql.ingest.named_rows import ASSISTANT_LINKS, OWN_SOURCES
from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.mirror import MirrorObject
from gql.models.scope import owned, parameters, table_of
from gql.query.context import Context
from gql.sql.keys import is_among
from gql.sql.writes import upsert

AT_ONCE = 1_000
"""Most calls that are changed in one transaction, and most links that are listed."""

_ASSISTANTS = table_of(Assistant)
_CALLS = table_of(Call)
_LINKS = table_of(MirrorObject)


async def link_assistant(context: Context, source: str, external_id: str, assistant_id: int) -> int:
    """Link an assistant to a source's id of it, and put the calls there that had no assistant.

    Args:
        context: Of the organization.
        source: The name of the system, as its items have it.
        external_id: What it calls the assistant.
        assistant_id: Of the assistant here.

    Returns:
        How many calls were put there.

    Raises:
        NotFound: when the organization has no such assistant.
        BadInput: for a source whose ids are ours.
    """
    if source in OWN_SOURCES:
        raise BadInput(f"Ids of {source!r} are those of Jackfield: there is nothing to link.")
    own = context.organization_id
    async with transaction(context, Permission.WRITE) as write:
        of_id = select(_ASSISTANTS.c.name).where(
            owned(_ASSISTANTS, own), _ASSISTANTS.c.id == assistant_id
        )
        name = (await write.run(of_id)).scalar_one_or_none()
        if name is None:
            raise NotFound("assistant", assistant_id)
        key = {
            "organization_id": own,
            "source": source,
            "collection": ASSISTANT_LINKS,
            "external_id": external_id,
        }
        # Without a digest, a mirror writes what the source says of it when it comes there next.
        values = {"object_id": assistant_id, "digest": None, "absent_since": None}
        await write.run(upsert(write.connection.dialect, _LINKS, key, values))
    moved, after = 0, 0
    while ids := await _unlinked_calls(context, source, external_id, after):
        async with transaction(context, Permission.WRITE) as write:
            statement = update(_CALLS).where(owned(_CALLS, own), is_among(_CALLS.c.id, ids))
            linked = {"assistant_id": assistant_id, "assistant_name": name}
            await write.run(statement.values(**linked))
        moved, after = moved + len(ids), ids[-1]
        await context.refresh()
    return moved


async def list_links(context: Context) -> Sequence[Any]:
    """The first links: `source`, `external_id`, `object_id` and `name` of the assistant."""
    statement = (
        select(_LINKS.c.source, _LINKS.c.external_id, _LINKS.c.object_id, _ASSISTANTS.c.name)
        .join_from(_LINKS, _ASSISTANTS, _ASSISTANTS.c.id == _LINKS.c.object_id)
        .where(owned(_LINKS), owned(_ASSISTANTS), _LINKS.c.collection == ASSISTANT_LINKS)
        .order_by(_LINKS.c.source, _LINKS.c.external_id)
        .limit(AT_ONCE)
    )
    links: Sequence[Any] = await context.snapshot.rows(
        statement, parameters(context.organization_id)
    )
    return links


async def _unlinked_calls(context: Context, source: str, external_id: str, after: int) -> list[int]:
    """The next calls of the source's assistant that have none here, in the order of their ids."""
    statement = (
        select(_CALLS.c.id)
        .where(
            owned(_CALLS),
            _CALLS.c.id > after,
            _CALLS.c.source == source,
            _CALLS.c.external_assistant_id == external_id,
            _CALLS.c.assistant_id.is_(None),
        )
        .order_by(_CALLS.c.id)
        .limit(AT_ONCE)
    )
    rows = await context.snapshot.rows(statement, parameters(context.organization_id))
    return [row[0] for row in rows]
