"""Idempotency keys: the answer to a write, kept in case it is sent again."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gql.models.types import now, organization_key, primary_key


class IdempotencyKey(SQLModel, table=True):
    """One key of a credential, and the first answer to the write that came with it.

    The row is written in the transaction of the write, so nobody sees one without an answer.
    `credential` is that of `Identity`.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("organization_id", "credential", "key", name="uq_idempotency_key"),
        Index("ix_idempotency_key_created", "organization_id", "created_at", "id"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    credential: str = ""
    key: str
    fingerprint: str
    status: int | None = None
    answer: str | None = None
    created_at: datetime = Field(default_factory=now)
