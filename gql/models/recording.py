"""Recordings of calls, and other files about them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from gql.models.enums import RecordingKind, one_of
from gql.models.types import (
    BIG,
    bounded_text,
    organization_key,
    primary_key,
    reference,
    stamp_column,
)


class Recording(SQLModel, table=True):
    """A file about a call, which its source keeps.

    Attributes:
        source: The system that has it.
        external_id: What that system calls it, within its call.
        url: Where it is, until `url_expires_at`.
        needs_auth: Whether the source asks who wants it.
        format: Such as `wav`.
        channels: 2 where each side has its own.
        status: The source's word for how far it is.
        occurred_at: When the source told of it last.
    """

    __tablename__ = "recording"
    __table_args__ = (
        Index(
            "uq_recording_external_id",
            *("organization_id", "call_id", "source", "external_id"),
            unique=True,
        ),
        CheckConstraint(one_of("kind", RecordingKind), name="ck_recording_kind"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_id: int = reference("call")
    source: str = "manual"
    external_id: str
    url: str | None = bounded_text(default=None)
    url_expires_at: datetime | None = None
    needs_auth: bool = False
    duration_ms: int | None = Field(default=None, sa_type=BIG)
    format: str | None = None
    kind: str = RecordingKind.FULL
    channels: int | None = None
    status: str | None = None
    started_at: datetime | None = None
    occurred_at: datetime | None = None
    stamp: str | None = stamp_column()
