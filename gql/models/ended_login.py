"""Logins that somebody has logged out of."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from gql.models.types import organization_key, primary_key


class EndedLogin(SQLModel, table=True):
    """A login whose cookie and token are refused, although they have not expired.

    The row is of no use after `expires_at`, when they have.
    """

    __tablename__ = "ended_login"
    __table_args__ = (
        UniqueConstraint("organization_id", "login_id", name="uq_ended_login"),
        Index("ix_ended_login_expiry", "organization_id", "expires_at", "id"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    login_id: str
    expires_at: datetime
