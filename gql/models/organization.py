"""Tenants, their people and their API keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gql.models.types import (
    BIG,
    global_key,
    json_object,
    loose_reference,
    now,
    optional_json,
    organization_key,
    reference,
)


class Organization(SQLModel, table=True):
    """A tenant: everything below belongs to exactly one."""

    __tablename__ = "organization"

    id: int | None = global_key()
    name: str
    created_at: datetime = Field(default_factory=now)


class User(SQLModel, table=True):
    """A person of an organization."""

    __tablename__ = "user"
    __table_args__ = (Index("ix_user_organization", "organization_id", "id"),)

    id: int | None = global_key()
    organization_id: int = organization_key()
    email: str = Field(unique=True)
    name: str
    password_hash: str | None = None
    is_admin: bool = False
    is_active: bool = True
    created_at: datetime = Field(default_factory=now)


class ApiKey(SQLModel, table=True):
    """A key of an organization; only its sha-256 is stored.

    A key that was made with another one names it as `parent_id`. That may be deleted: then the key
    names a parent that is gone, and is refused.
    """

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_organization", "organization_id", "id"),)

    id: int | None = global_key()
    organization_id: int = organization_key()
    user_id: int | None = reference("user", nullable=True)
    parent_id: int | None = loose_reference()
    name: str
    key_hash: str = Field(unique=True)
    key_prefix: str
    permissions: dict[str, Any] = json_object()
    rate_limit: dict[str, Any] | None = optional_json()
    is_active: bool = True
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    usage_count: int = Field(default=0, sa_type=BIG)
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)
