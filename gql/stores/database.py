"""Live SMS sessions in the table `sms_session`: nothing to install, and no restart ends them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, delete, func, select, true

from gql.database import DatabaseAccess, Snapshot
from gql.errors import BadInput
from gql.models.call import phone_digits
from gql.models.scope import owned, parameters, table_of
from gql.models.sms_session import SmsSession
from gql.models.types import BIG, now
from gql.sql.row_lists import row_columns, row_parameter
from gql.sql.writes import insert_of, upsert
from gql.stores.sms_sessions import CONVERSATION, SmsActivity, newest_of_pairs

_SESSIONS = table_of(SmsSession)
_PAIR = ("organization_id", "customer_phone_digits", "assistant_id")
_MAX_SWEPT = 50


class DatabaseSmsSessions:
    """Implements `SmsSessionStore`.

    Args:
        database: Where the table is.
        ttl: Seconds until a state expires.
        snapshot: For reads; without one, each opens its own.
    """

    joins_transactions = True

    def __init__(
        self, database: DatabaseAccess, ttl: int, *, snapshot: Snapshot | None = None
    ) -> None:
        self.ttl = ttl
        self._database = database
        self._snapshot = snapshot

    def within(self, database: DatabaseAccess, snapshot: Snapshot) -> "DatabaseSmsSessions":
        return DatabaseSmsSessions(database, self.ttl, snapshot=snapshot)

    async def start(
        self, organization_id: int, phone_number: str, assistant_id: int, state: Mapping[str, Any]
    ) -> None:
        """Insert or replace the row, and delete some of the organization's expired ones."""
        digits = phone_digits(phone_number)
        if not digits:
            raise BadInput(f"{phone_number[:60]!r} is not a phone number: it has no digits.")
        values = {"state": dict(state), "expires_at": now() + timedelta(seconds=self.ttl)}
        pair = dict(zip(_PAIR, (organization_id, digits, assistant_id), strict=True))
        async with self._database.transaction() as connection:
            await connection.execute(upsert(connection.dialect, _SESSIONS, pair, values))
            # Without `SKIP LOCKED` two transactions could each wait for a row of the other.
            expired = (
                select(_SESSIONS.c.id)
                .where(owned(_SESSIONS, organization_id), _SESSIONS.c.expires_at <= now())
                .limit(_MAX_SWEPT)
                .with_for_update(skip_locked=True)
            )
            await connection.execute(
                delete(_SESSIONS).where(
                    owned(_SESSIONS, organization_id), _SESSIONS.c.id.in_(expired)
                )
            )

    async def refresh(self, organization_id: int, activities: Sequence[SmsActivity]) -> None:
        instant, lifetime = now(), timedelta(seconds=self.ttl)
        rows = [
            {
                "customer_phone_digits": phone_digits(each.phone_number),
                "assistant_id": each.assistant_id,
                "state": {CONVERSATION: each.conversation_id},
                "expires_at": each.at + lifetime,
            }
            for each in newest_of_pairs(activities)
            if each.at + lifetime > instant
        ]
        if not rows:
            return
        async with self._database.transaction() as connection:
            dialect = connection.dialect
            columns = row_columns(dialect.name, [_SESSIONS.c[name] for name in rows[0]])
            owner = bindparam("organization_id", organization_id, type_=BIG)
            # SQLite would take ON CONFLICT for the condition of a join, but for WHERE before it.
            new_rows = select(owner, *columns.values()).where(true())
            statement = insert_of(dialect, _SESSIONS).from_select(
                ["organization_id", *columns], new_rows, include_defaults=False
            )
            new, old = statement.excluded, _SESSIONS.c
            is_same = new.state[CONVERSATION].as_string() == old.state[CONVERSATION].as_string()
            refreshed = statement.on_conflict_do_update(
                index_elements=_PAIR,
                set_={
                    "expires_at": new.expires_at,
                    "state": case((_alive(instant) & is_same, old.state), else_=new.state),
                },
                where=new.expires_at > old.expires_at,
            )
            await connection.execute(refreshed, row_parameter(dialect.name, rows, tuple(rows[0])))

    async def find(
        self, organization_id: int, phone_number: str, assistant_id: int
    ) -> dict[str, Any] | None:
        statement = select(_SESSIONS.c.state).where(
            owned(_SESSIONS), *_of_pair(phone_number, assistant_id), _alive(now())
        )
        rows = await self._rows(statement, organization_id)
        return rows[0][0] if rows else None

    async def count(self, organization_id: int) -> int:
        statement = (
            select(func.count()).select_from(_SESSIONS).where(owned(_SESSIONS), _alive(now()))
        )
        return int((await self._rows(statement, organization_id))[0][0])

    async def end(self, organization_id: int, phone_number: str, assistant_id: int) -> bool:
        pair = _of_pair(phone_number, assistant_id)
        return await self._delete(organization_id, *pair, _alive(now())) > 0

    async def clear(self, organization_id: int) -> int:
        """Delete every row of the organization; only those that have not expired count."""
        instant = now()
        await self._delete(organization_id, ~_alive(instant))
        return await self._delete(organization_id, _alive(instant))

    async def clean_up(self, organization_id: int) -> int:
        return await self._delete(organization_id, ~_alive(now()))

    async def close(self) -> None:
        """Does nothing: the database is closed where it was opened."""

    async def _rows(self, statement: Select[Any], organization_id: int) -> Any:
        if self._snapshot is not None:
            return await self._snapshot.rows(statement, parameters(organization_id))
        async with self._database.snapshot() as snapshot:
            return await snapshot.rows(statement, parameters(organization_id))

    async def _delete(self, organization_id: int, *conditions: ColumnElement[bool]) -> int:
        async with self._database.transaction() as connection:
            deleted = await connection.execute(
                delete(_SESSIONS).where(owned(_SESSIONS, organization_id), *conditions)
            )
        return int(deleted.rowcount)


def _of_pair(phone_number: str, assistant_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        _SESSIONS.c.customer_phone_digits == phone_digits(phone_number),
        _SESSIONS.c.assistant_id == assistant_id,
    )


def _alive(instant: datetime) -> ColumnElement[bool]:
    return _SESSIONS.c.expires_at > instant
