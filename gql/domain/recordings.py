"""Recordings of calls, as readers see them."""

from dataclasses import replace

from sqlalchemy import Double, cast, func

from gql.models.recording import Recording
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Order, Resource

RECORDINGS = Resource(
    "recording",
    table_of(Recording),
    filters={"kind": compare("kind")},
    orders={"id": Order("id", "integer")},
)

DATED_RECORDINGS = replace(
    RECORDINGS,
    computed={
        "duration": lambda recording: cast(recording.c.duration_ms / 1000, Double),
        "created_at": lambda recording: func.coalesce(
            recording.c.started_at, recording.c.occurred_at
        ),
    },
)
"""Recordings with their duration in seconds, and with the instant of which is known."""
