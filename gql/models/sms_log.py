"""Logs of SMS conversations and of the messages that a provider handled."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gql.models.types import (
    bounded_text,
    now,
    optional_json,
    organization_key,
    primary_key,
    reference,
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
    """One SMS as the provider handled it."""

    __tablename__ = "sms_message_log"
    __table_args__ = (Index("ix_sms_message_log_call", "call_id", "id"),)

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
    created_at: datetime = Field(default_factory=now)
