"""Kinds of objects: what an API key may be limited to, with a level for each.

A key that is limited to kinds may do nothing that its levels do not name. What needs which of them
is declared of the types of the schema in `gql/schema/kinds.py`, and of each route of REST beside
it.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """A kind of object, with what belongs to such objects."""

    ASSISTANTS = "assistants"
    GRAPHS = "graphs"
    CALLS = "calls"
    SMS = "sms"
    COSTS = "costs"


class Level(StrEnum):
    """What an API key may do with the objects of one kind."""

    NONE = "none"
    READ = "read"
    READ_WRITE = "read_write"


Access = tuple[Kind, Level]
"""A level of a kind, which a caller has or lacks; who has `read_write` has `read` as well."""

Needed = frozenset[Access | None]
"""What a caller who is limited to kinds needs; None among it is what no level gives."""

CLOSED: Needed = frozenset({None})
"""Of what only callers who are not limited may see or do."""

OPEN: Needed = frozenset()
"""Of what is the caller's own, or says nothing beyond that by which it is reached."""


def reading(*kinds: Kind) -> Needed:
    """Reading objects of all of these kinds."""
    return frozenset((kind, Level.READ) for kind in kinds)


def changing(*kinds: Kind) -> Needed:
    """Changing objects of all of these kinds."""
    return frozenset((kind, Level.READ_WRITE) for kind in kinds)


def access_of(levels: Mapping[Kind, Level]) -> frozenset[Access]:
    """What levels allow; a kind without one allows nothing."""
    return frozenset(
        (kind, allowed)
        for kind, level in levels.items()
        for allowed in (Level.READ, Level.READ_WRITE)
        if level in {allowed, Level.READ_WRITE}
    )


def levels_of(access: Collection[Access]) -> dict[str, str]:
    """The level of each kind of which something is allowed, as JSON, in the order of `Kind`."""
    return {
        kind.value: (Level.READ_WRITE if (kind, Level.READ_WRITE) in access else Level.READ).value
        for kind in Kind
        if (kind, Level.READ) in access
    }


class MissingAccess(NamedTuple):
    """Why a caller who is limited to kinds may not do something.

    Attributes:
        message: One sentence for the caller.
        extensions: `missing`: the level of the kind that is lacking; nothing where no level helps.
    """

    message: str
    extensions: Mapping[str, Any]

    @classmethod
    def of(cls, access: Access | None) -> "MissingAccess":
        """What to tell a caller who lacks this."""
        if access is None:
            return cls(
                "An API key with permissions per kind of object may not do this: use one that has"
                " read, write or admin for objects of all kinds.",
                {},
            )
        kind, level = access
        return cls(
            f"This needs the permission {kind}: {level}, which your API key lacks.",
            {"missing": {kind.value: level.value}},
        )
