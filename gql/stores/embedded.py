"""Live SMS sessions in the gateway's own database: nothing to install, and no restart ends them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select

from gql.database import DatabaseAccess, Snapshot
from gql.errors import BadInput
from gql.models.call import phone_digits
from gql.models.scope import owned, parameters, table_of
from gql.models.sms_session import SmsSession
from gql.models.types import now
from gql.sql.writes import upsert

_SESSIONS = table_of(SmsSession)
_PAIR = ("organization_id", "customer_phone_digits", "assistant_id")
_SWEPT = 50


class EmbeddedSmsSessions:
    """Implements `SmsSessions` in the table `sms_session`.

    Args:
        database: Where the table is.
        ttl: Seconds that a state lives.
        snapshot: What reads go through; without one, each opens its own.
    """

    joins_transactions = True

    def __init__(
        self, database: DatabaseAccess, ttl: int, *, snapshot: Snapshot | None = None
    ) -> None:
        self.ttl = ttl
        self._database = database
        self._snapshot = snapshot

    def within(self, database: DatabaseAccess, snapshot: Snapshot) -> "EmbeddedSmsSessions":
        """Read through the snapshot, and write in the transaction that the database joins."""
        return EmbeddedSmsSessions(database, self.ttl, snapshot=snapshot)

    async def start(
        self, organization_id: int, phone_number: str, assistant_id: int, state: Mapping[str, Any]
    ) -> None:
        """Insert or replace the pair's row, and sweep some of the organization's old ones."""
        digits = phone_digits(phone_number)
        if not digits:
            raise BadInput(f"{phone_number[:60]!r} is not a phone number: it has no digits.")
        kept = {"state": dict(state), "expires_at": now() + timedelta(seconds=self.ttl)}
        pair = dict(zip(_PAIR, (organization_id, digits, assistant_id), strict=True))
        async with self._database.transaction() as connection:
            await connection.execute(upsert(connection.dialect, _SESSIONS, pair, kept))
            # Rows that another transaction holds are passed over: two never wait crosswise.
            old = (
                select(_SESSIONS.c.id)
                .where(owned(_SESSIONS, organization_id), _SESSIONS.c.expires_at <= now())
                .limit(_SWEPT)
                .with_for_update(skip_locked=True)
            )
            await connection.execute(
                delete(_SESSIONS).where(owned(_SESSIONS, organization_id), _SESSIONS.c.id.in_(old))
            )

    async def find(
        self, organization_id: int, phone_number: str, assistant_id: int
    ) -> dict[str, Any] | None:
        """The pair's state, unless its time has run out."""
        statement = select(_SESSIONS.c.state).where(
            owned(_SESSIONS), *_of_pair(phone_number, assistant_id), _alive(now())
        )
        rows = await self._rows(statement, organization_id)
        return rows[0][0] if rows else None

    async def count(self, organization_id: int) -> int:
        """How many rows of the organization are alive."""
        statement = (
            select(func.count()).select_from(_SESSIONS).where(owned(_SESSIONS), _alive(now()))
        )
        return int((await self._rows(statement, organization_id))[0][0])

    async def end(self, organization_id: int, phone_number: str, assistant_id: int) -> bool:
        """Delete the pair's row, if it is alive; an old one is swept when its turn comes."""
        pair = _of_pair(phone_number, assistant_id)
        return await self._delete(organization_id, *pair, _alive(now())) > 0

    async def clear(self, organization_id: int) -> int:
        """Delete every row of the organization; only those that are alive count."""
        instant = now()
        await self._delete(organization_id, ~_alive(instant))
        return await self._delete(organization_id, _alive(instant))

    async def clean_up(self, organization_id: int) -> int:
        """Delete the organization's rows whose time has run out."""
        return await self._delete(organization_id, ~_alive(now()))

    async def close(self) -> None:
        """Nothing: the database is not ours."""

    async def _rows(self, statement: Select[Any], organization_id: int) -> Any:
        if self._snapshot is not None:
            return await self._snapshot.rows(statement, parameters(organization_id))
        async with self._database.snapshot() as snapshot:
            return await snapshot.rows(statement, parameters(organization_id))

    async def _delete(self, organization_id: int, *which: ColumnElement[bool]) -> int:
        async with self._database.transaction() as connection:
            deleted = await connection.execute(
                delete(_SESSIONS).where(owned(_SESSIONS, organization_id), *which)
            )
        return int(deleted.rowcount)


def _of_pair(phone_number: str, assistant_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        _SESSIONS.c.customer_phone_digits == phone_digits(phone_number),
        _SESSIONS.c.assistant_id == assistant_id,
    )


def _alive(instant: datetime) -> ColumnElement[bool]:
    return _SESSIONS.c.expires_at > instant
