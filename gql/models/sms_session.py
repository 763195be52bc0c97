"""Live SMS sessions, when they are kept in the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gql.models.types import BIG, json_object, organization_key, primary_key


class SmsSession(SQLModel, table=True):
    """The state of one live conversation, until `expires_at`.

    `assistant_id` has no foreign key, as in Redis: a state may outlive its assistant by a day.
    """

    __tablename__ = "sms_session"
    __table_args__ = (
        UniqueConstraint(
            *("organization_id", "customer_phone_digits", "assistant_id"), name="uq_sms_session"
        ),
        Index("ix_sms_session_expiry", "organization_id", "expires_at", "id"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    customer_phone_digits: str
    assistant_id: int = Field(sa_type=BIG)
    state: dict[str, Any] = json_object()
    expires_at: datetime
