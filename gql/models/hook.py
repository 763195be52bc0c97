"""Webhooks: the endpoints that platforms send them to, and the inbox that keeps what came."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from gql.models.enums import DeliveryState, HookRole, one_of
from gql.models.index_orders import only
from gql.models.types import (
    bounded_text,
    global_key,
    json_object,
    now,
    organization_key,
    primary_key,
    reference,
)

PENDING = (DeliveryState.NEW, DeliveryState.WAITING)
"""States of deliveries that are yet to be applied."""

_IS_PENDING = text("state IN ('new', 'waiting')")


class HookEndpoint(SQLModel, table=True):
    """An address that a platform sends its webhooks to.

    Attributes:
        public_id: The random word in the address.
        source: The platform: the name of a `Source` in `gql/ingest/sources`.
        role: `primary` makes calls; `carrier` only adds to those of another platform.
        secret: Encrypted: see `gql/accounts/secret_box.py`. None where the platform signs nothing,
            or has not told its secret yet.
        secret_previous: The one before, which counts too while the platform changes over.
        settings: `{"wait_hours": 24, "unlinked": "call" | "dead", "region": "GB"}`; the last one,
            the country of numbers without its code, may be missing.
    """

    __tablename__ = "hook_endpoint"
    __table_args__ = (
        CheckConstraint(one_of("role", HookRole), name="ck_hook_endpoint_role"),
        Index("ix_hook_endpoint_organization", "organization_id", "id"),
    )

    id: int | None = global_key()
    organization_id: int = organization_key()
    public_id: str = Field(unique=True)
    source: str
    name: str
    role: str = HookRole.PRIMARY.value
    secret: str | None = bounded_text(default=None)
    secret_previous: str | None = bounded_text(default=None)
    settings: dict[str, Any] = json_object()
    is_active: bool = True
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class HookDelivery(SQLModel, table=True):
    """A webhook as it came, and what became of it.

    Attributes:
        path_query: The address that was called, as its path and query.
        headers: By name; values that are secrets are left out.
        body: Compressed by zlib.
        size: Of the body, before.
        event_kind: The platform's word, known once the delivery was read; so are the next two.
        event_id: The platform's id of the event, where it has one.
        subject: The key of the call or message that it is about.
        carrier_call_id: Of a carrier's: by what assistant platforms name the call, where that is
            not `subject`.
        state: `new`; `waiting` for the call that it belongs to; `done`; `unknown`, kept though this
            gateway has no place for it; `dead`, refused or failed too often.
        attempts: How often it was tried and failed, or found no call.
        next_attempt_at: When it is tried next.
        error: Why it is where it is.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        CheckConstraint(one_of("state", DeliveryState), name="ck_inbox_state"),
        # PostgreSQL has such an index already: its primary key.
        Index("ix_inbox_newest", "organization_id", "id").ddl_if(dialect="sqlite"),
        Index("ix_inbox_endpoint", "organization_id", "endpoint_id", "id"),
        Index("ix_inbox_state", "organization_id", "state", "id"),
        Index("ix_inbox_subject", "organization_id", "subject", "id"),
        only(
            "carrier_call_id IS NOT NULL",
            *("ix_inbox_carrier_call", "organization_id", "carrier_call_id"),
        ),
        Index("ix_inbox_received", "organization_id", "received_at", "id"),
        # What is the same body again is told by it: see `gql/ingest/inbox.py`.
        Index("ix_inbox_body", "organization_id", "body_sha256", "endpoint_id"),
        Index(
            "ix_inbox_pending",
            *("organization_id", "next_attempt_at", "id"),
            postgresql_where=_IS_PENDING,
            sqlite_where=_IS_PENDING,
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    endpoint_id: int = reference("hook_endpoint")
    received_at: datetime = Field(default_factory=now)
    method: str
    path_query: str = bounded_text()
    headers: dict[str, Any] = json_object()
    body: bytes = Field(sa_type=LargeBinary)
    size: int
    content_type: str | None = None
    body_sha256: str
    event_kind: str | None = None
    event_id: str | None = None
    subject: str | None = None
    carrier_call_id: str | None = None
    occurred_at: datetime | None = None
    state: str = DeliveryState.NEW.value
    attempts: int = 0
    next_attempt_at: datetime = Field(default_factory=now)
    error: str | None = bounded_text(default=None)
    applied_at: datetime | None = None
