"""Assistants: the voice and SMS agents that an organization configures."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gql.models.types import (
    bounded_text,
    json_object,
    loose_reference,
    now,
    organization_key,
    primary_key,
)


class Assistant(SQLModel, table=True):
    __tablename__ = "assistant"
    __table_args__ = (
        Index("ix_assistant_organization", "organization_id", "id").ddl_if(dialect="sqlite"),
        Index("ix_assistant_name", "organization_id", "name", "id"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    user_id: int | None = loose_reference()
    name: str
    description: str | None = bounded_text(default=None)
    phone_number: str | None = bounded_text(longest=50, default=None)
    llm_provider: str = "openai"
    llm_model: str = "gpt-4o-mini"
    settings: dict[str, Any] = json_object()
    is_active: bool = True
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)
