"""Recordings of calls in the GraphQL schema."""

from datetime import datetime

from gql.domain.recordings import RECORDINGS
from gql.engine.declaration import column, entity
from gql.schema.enums import RecordingKind
from gql.schema.inputs.comparators import Comparators, comparators
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of
from gql.schema.node import NumberedNode
from gql.schema.scalars import BigInt

RecordingOrder = order_of(
    "Recording", RECORDINGS, id="By id: the order in which they became known."
)


@comparators(RecordingKind)
class RecordingKindFilter(Comparators):
    """Compares what a file holds."""


@filter_of(RECORDINGS)
class RecordingFilter(FilterInput):
    """Which recordings a list has."""

    kind: RecordingKindFilter | None = criterion("By what they hold.")


@entity(RECORDINGS)
class Recording(NumberedNode):
    """A file about a call, which its source keeps."""

    source: str = column("The system that has it.")
    external_id: str = column("What that system calls it, within its call.")
    kind: RecordingKind = column("What it holds.")
    url: str | None = column("Where it is; null where only the source's own interface gives it.")
    url_expires_at: datetime | None = column("Until when the URL works; null for good.")
    needs_auth: bool = column("Whether the source asks for a credential of its own.")
    duration_ms: BigInt | None = column("Milliseconds.")
    format: str | None = column("Such as `wav`.")
    channels: int | None = column("2 where each side has a channel of its own.")
    status: str | None = column("How far it is, in the source's word.")
    started_at: datetime | None = column("When it begins.")
    occurred_at: datetime | None = column("When the source told of it last.")
