"""How far copies of other servers have come, and what is known of what they have."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from gql.models.types import json_object, loose_reference, organization_key, primary_key


class MirrorCursor(SQLModel, table=True):
    """How far one list of one source has been read.

    Attributes:
        collection: The list, as its address names it.
        cursor: What is still to be read of a run that has not ended.
        high_water: Everything that began up to then has been read.
        snapshot_at: When it was read last, by the source's clock.
    """

    __tablename__ = "mirror_cursor"
    __table_args__ = (
        UniqueConstraint("organization_id", "source", "collection", name="uq_mirror_cursor"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    source: str
    collection: str
    cursor: dict[str, Any] = json_object()
    high_water: datetime | None = None
    snapshot_at: datetime | None = None


class MirrorObject(SQLModel, table=True):
    """An object of a source: which row it is here, and whether it is still there.

    Attributes:
        external_id: What the source calls it.
        object_id: The row; None where there is none.
        digest: Of what the source said of it last.
        absent_since: When the source had it no longer.
    """

    __tablename__ = "mirror_object"
    __table_args__ = (
        UniqueConstraint(
            *("organization_id", "source", "collection", "external_id"), name="uq_mirror_object"
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    source: str
    collection: str
    external_id: str
    object_id: int | None = loose_reference()
    digest: str | None = Field(default=None)
    absent_since: datetime | None = None
