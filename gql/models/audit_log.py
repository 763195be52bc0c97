"""The audit log: who changed what."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gql.models.types import (
    loose_reference,
    now,
    optional_json,
    organization_key,
    primary_key,
)


class AuditLog(SQLModel, table=True):
    """Who changed what: one row per write."""

    __tablename__ = "audit_log"
    __table_args__ = (
        # PostgreSQL has such an index already: its primary key.
        Index("ix_audit_log_newest", "organization_id", "id").ddl_if(dialect="sqlite"),
        *(
            Index(f"ix_audit_log_{name}", "organization_id", column, "id")
            for name, column in {
                "action": "action",
                "object": "object_type",
                "user": "user_id",
                "key": "api_key_id",
                "request": "request_id",
                "created": "created_at",
            }.items()
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    user_id: int | None = loose_reference()
    api_key_id: int | None = loose_reference()
    method: str
    action: str
    object_type: str
    object_id: int | None = loose_reference()
    before: dict[str, Any] | None = optional_json()
    after: dict[str, Any] | None = optional_json()
    request_id: str
    created_at: datetime = Field(default_factory=now)
