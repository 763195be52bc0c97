"""Idempotency keys: a write that is sent again is not done again, and its first answer is replayed.

A caller that sends a write and gets no answer does not know whether it was done. With a key of its
own choosing it may send it again: the write is done once, whichever process each request reaches.
The idea is that of the `Idempotency-Key` header:
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import Conflict, IdempotencyKeyReused, Problem
from gql.identity import Permission
from gql.models.idempotency import IdempotencyKey
from gql.models.scope import owned, table_of
from gql.models.types import now
from gql.query.context import Context

RETENTION = timedelta(hours=24)
"""How long an answer is replayed."""

LONGEST_KEY = 255
"""Characters of a key."""

_KEYS = table_of(IdempotencyKey)
_SWEEP_LIMIT = 50


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to a write.

    Attributes:
        status: Of HTTP.
        body: JSON; it is stored as it is, so it must not hold a secret.
    """

    status: int
    body: str


@dataclass(slots=True)
class Replay:
    """A write that may have been done before.

    Attributes:
        context: The open transaction: write with it, and read the answer with it.
        answer: The first answer, when the write was done before. Otherwise None, and the caller
            sets it once the write is done; without an answer the key stays free.
    """

    context: WriteContext
    answer: StoredAnswer | None = None


def fingerprint(*parts: Any) -> str:
    """A hash that differs when two requests differ: in the operation or in what steers it.

    It takes any JSON, also such as is refused later: half a surrogate pair, a number of any size.
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@asynccontextmanager
async def idempotent(
    context: Context,
    key: str | None,
    request: str,
    *,
    permission: Permission = Permission.WRITE,
) -> AsyncIterator[Replay]:
    """A write, and the answer to it, in one transaction.

        async with idempotent(context, key, fingerprint("createGraph", body)) as replay:
            if replay.answer is None:
                graph = await create_graph(replay.context, values)
                replay.answer = StoredAnswer(201, await render(replay.context, graph.id))
        return replay.answer

    The obvious order is to write, commit, answer, and then store the answer. A process that dies
    before the last step has done the write and will do it again. Storing the key first, by itself,
    is no better: a process that dies after that step never does the write, and the caller who sends
    it again waits for an answer that will never come. So the key is claimed, the write done and its
    answer stored in one transaction, and there is no state in between. The unique index makes a
    second request with the key wait inside its INSERT until the first has committed or rolled back,
    on whichever process it is; then it reads the answer, or does the write itself. The price is
    that the transaction stays open while the answer is put together: reads by id, some
    milliseconds.

    A write that is refused leaves nothing, its key neither: it can be corrected and sent again.

    Args:
        context: Of the caller.
        key: Of their credential; without one nothing is looked up or stored. The same key of
            another credential is another key: its answer may hold what this one must not see.
        request: The fingerprint of the request.
        permission: What the write needs; a stored answer needs it too.

    Raises:
        Invalid: when the key is empty, too long or has characters that cannot be stored.
        IdempotencyKeyReused: when the key came with another request before.
    """
    async with transaction(context, permission) as write:
        replay = Replay(write)
        if key is None:
            yield replay
            return
        _check(key)
        claim = await _claim(write, key, request)
        if isinstance(claim, StoredAnswer):
            replay.answer = claim
            yield replay
            return
        yield replay
        own_row = (_KEYS.c.id == claim, owned(_KEYS, write.organization_id))
        if replay.answer is None:
            await write.run(delete(_KEYS).where(*own_row))
            return
        values = {"status": replay.answer.status, "answer": replay.answer.body}
        await write.run(update(_KEYS).where(*own_row).values(values))


async def _claim(write: WriteContext, key: str, request: str) -> StoredAnswer | int:
    """The first answer, or the id of a new row that the answer goes into."""
    await _sweep(write, key)
    row = {
        "organization_id": write.organization_id,
        "credential": write.identity.credential,
        "key": key,
        "fingerprint": request,
        "created_at": now(),
    }
    try:
        # A statement that fails poisons a transaction of PostgreSQL, but for a savepoint.
        async with write.connection.begin_nested():
            claimed = await write.run(insert(_KEYS).values(row).returning(_KEYS.c.id))
            return int(claimed.scalar_one())
    except IntegrityError:
        return await _first_answer(write, key, request)


async def _first_answer(write: WriteContext, key: str, request: str) -> StoredAnswer:
    statement = select(_KEYS.c.fingerprint, _KEYS.c.status, _KEYS.c.answer).where(
        _is_key(write, key), owned(_KEYS, write.organization_id)
    )
    stored = (await write.run(statement)).one_or_none()
    if stored is None:
        raise Conflict("The idempotency key has just expired; send the request again.")
    if stored.fingerprint != request:
        raise IdempotencyKeyReused(
            "This idempotency key came with another request before; use a new key for each write."
        )
    return StoredAnswer(stored.status, stored.answer)


def _is_key(write: WriteContext, key: str) -> ColumnElement[bool]:
    return and_(_KEYS.c.key == key, _KEYS.c.credential == write.identity.credential)


async def _sweep(write: WriteContext, key: str) -> None:
    """Delete answers that are too old: the key's own, and some others of the organization.

    Rows that another transaction is deleting are skipped: otherwise two such transactions could
    deadlock.
    """
    expired = (
        select(_KEYS.c.id)
        .where(owned(_KEYS, write.organization_id), _KEYS.c.created_at < now() - RETENTION)
        .order_by(_is_key(write, key).desc(), _KEYS.c.id)
        .limit(_SWEEP_LIMIT)
        .with_for_update(skip_locked=True)
    )
    own = owned(_KEYS, write.organization_id)
    await write.run(delete(_KEYS).where(own, _KEYS.c.id.in_(expired)))


def _check(key: str) -> None:
    problems = ProblemList()
    path = ("idempotency_key",)
    if not key.strip() or not key.isprintable():
        text = "idempotency_key must have at least one character, all of them printable"
        problems.items.append(Problem(path, text))
    problems.check_text(path, key, longest=LONGEST_KEY)
    problems.raise_if_any()
