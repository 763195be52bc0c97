"""Webhook subscriptions: who is told of events, and the deliveries to them.

Webhooks that come in are in `hook.py`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from gql.models.enums import WebhookDeliveryState, one_of
from gql.models.types import (
    BIG,
    bounded_text,
    loose_reference,
    now,
    optional_json,
    organization_key,
    primary_key,
    reference,
)

LONGEST_URL = 2_000

_IS_PENDING = text("state = 'pending'")


class WebhookSubscription(SQLModel, table=True):
    """An address that is told of events.

    Attributes:
        kinds: The `EventKind`s that it is told of; None for all.
        object_ids: Global ids: only of these objects and what belongs to them; None for all.
        document: A GraphQL subscription, which is answered for each event; None for the usual one.
        secret: What deliveries are signed with, encrypted: see `gql/accounts/secret_box.py`. None
            for demo data, to which nothing is sent.
        secret_previous: The one before, which signs too while the receiver changes over.
        is_active: Whether deliveries are made.
        pause_reason: Why the gateway paused it; None where a person did.
        seq: Of the last event that became a delivery or was passed over; see `EventCursor`.
        tag: Of the same event.
        failures: How many attempts have failed since the last that did not.
        failing_since: When the first of these was made.
        succeeded_at: When an attempt succeeded last.
        retry_at: Before it no attempt is made: the receiver has asked for that, or fails.
        lease: Names the process that makes its deliveries.
        leased_until: Until when no other one may.
    """

    __tablename__ = "webhook_subscription"
    __table_args__ = (
        Index("ix_webhook_subscription_organization", "organization_id", "id").ddl_if(
            dialect="sqlite"
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    name: str
    url: str = bounded_text(longest=LONGEST_URL)
    kinds: list[Any] | None = optional_json()
    object_ids: list[Any] | None = optional_json()
    document: str | None = bounded_text(default=None)
    secret: str | None = bounded_text(default=None)
    secret_previous: str | None = bounded_text(default=None)
    is_active: bool = True
    pause_reason: str | None = bounded_text(default=None)
    seq: int = Field(sa_type=BIG)
    tag: int = Field(sa_type=BIG)
    failures: int = 0
    failing_since: datetime | None = None
    succeeded_at: datetime | None = None
    retry_at: datetime | None = None
    lease: str | None = None
    leased_until: datetime | None = None
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class WebhookDelivery(SQLModel, table=True):
    """An event that a subscription is told of, or that some cannot be told any more.

    Deliveries are made in the order of their ids, as far as they have the same `subject`.

    Attributes:
        seq: Of the event; so are the next five.
        subject: The global id of what was written.
        happened_at: When.
        state: See `WebhookDeliveryState`.
        attempts: How often it was tried.
        first_attempt_at: Since when it is tried.
        next_attempt_at: When it is tried next, if it is pending.
        finished_at: When it was delivered, or given up.
        status: The HTTP status of the last answer.
        error: Why the last attempt failed; of a `RESYNC`, what is missing.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(one_of("state", WebhookDeliveryState), name="ck_webhook_delivery_state"),
        Index("ix_webhook_delivery_newest", "organization_id", "id").ddl_if(dialect="sqlite"),
        Index("ix_webhook_delivery_subscription", "organization_id", "subscription_id", "id"),
        Index("ix_webhook_delivery_state", "organization_id", "state", "id"),
        Index("ix_webhook_delivery_subject", "organization_id", "subject", "id"),
        Index(
            "ix_webhook_delivery_pending",
            *("organization_id", "subscription_id", "subject", "id"),
            postgresql_where=_IS_PENDING,
            sqlite_where=_IS_PENDING,
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    subscription_id: int = reference("webhook_subscription")
    seq: int = Field(sa_type=BIG)
    tag: int = Field(sa_type=BIG)
    kind: str
    object_id: int = Field(sa_type=BIG)
    parent_id: int | None = loose_reference()
    subject: str
    happened_at: datetime
    state: str = WebhookDeliveryState.PENDING.value
    attempts: int = 0
    first_attempt_at: datetime | None = None
    next_attempt_at: datetime = Field(default_factory=now)
    finished_at: datetime | None = None
    status: int | None = None
    error: str | None = bounded_text(default=None)
