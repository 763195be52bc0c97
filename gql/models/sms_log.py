"""Logs of SMS conversations and of the messages that a provider handled."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gql.models.index_orders import only
from gql.models.types import (
    bounded_text,
    instant_of_writing,
    merge_state_column,
    now,
    optional_json,
    organization_key,
    primary_key,
    reference,
    stamp_column,
)


class SmsAuditLog(SQLModel, table=True):
    """One event in the life of an SMS conversation."""

    __tablename__ = "sms_audit_log"
    __table_args__ = (Index("ix_sms_audit_log_call", "call_id", "id"),)

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_id: int = reference("call")
    event_type: str
    level: str = "info"
    message: str = bounded_text()
    event_data: dict[str, Any] | None = optional_json()
    created_at: datetime = Field(default_factory=now)


class SmsMessageLog(SQLModel, table=True):
    """One SMS as the provider handled it.

    Attributes:
        media_urls: What was sent with it.
        segment_count: How many SMS it took.
        provider_status: The provider's word for `status`; errors are the provider's, too.
        updated_at: When the provider told of it last.
        occurred_at: When it was sent or received.
    """

    __tablename__ = "sms_message_log"
    __table_args__ = (
        Index("ix_sms_message_log_call", "call_id", "id"),
        only(
            "provider_message_id IS NOT NULL",
            *("uq_sms_message_log_provider", "organization_id", "provider", "provider_message_id"),
            unique=True,
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_id: int = reference("call")
    provider: str
    direction: str
    status: str
    from_number: str
    to_number: str
    body: str = bounded_text()
    provider_message_id: str | None = None
    created_at: datetime = instant_of_writing()
    media_urls: list[str] | None = optional_json()
    segment_count: int | None = None
    provider_status: str | None = None
    error_code: str | None = None
    error_message: str | None = bounded_text(default=None)
    updated_at: datetime | None = None
    occurred_at: datetime | None = None
    stamp: str | None = stamp_column()
    merge_state: dict[str, Any] | None = merge_state_column()
