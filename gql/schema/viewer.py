"""Who is asking, in the GraphQL schema."""

from collections.abc import Callable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import strawberry

from gql.domain.organizations import API_KEYS, ORGANIZATIONS, USERS
from gql.engine.declaration import column, entity, one, viewer, viewer_field, viewer_record
from gql.identity import Identity
from gql.kinds import levels_of
from gql.models.types import now as clock_time
from gql.quota import Unit, Window
from gql.schema.enums import Method, Permission
from gql.schema.node import NumberedNode


@entity(ORGANIZATIONS)
class Organization(NumberedNode):
    """A tenant: everything that a credential can see belongs to one."""

    name: str = column("What it is called.")
    created_at: datetime = column("When it was created.")
    last_event_id: str = column(
        "The `eventId` of the newest event, as of the same instant as all of this answer: what"
        " changes later, `changedSince` finds and `after` tells."
    )


@entity(USERS)
class User(NumberedNode):
    """A person of the organization."""

    email: str = column("Where to write to.")
    name: str = column("What they are called.")
    is_admin: bool = column("Whether they administer the organization.")
    is_active: bool = column("Whether they may log in.")
    created_at: datetime = column("When the account was created.")


@entity(API_KEYS)
class ApiKey(NumberedNode):
    """An API key, without the secret."""

    name: str = column("What it is for.")
    key_prefix: str = column("How the key begins, to tell keys apart.")
    is_active: bool = column("False once it was revoked.")
    expires_at: datetime | None = column("When it stops working; null for never.")
    parent: "ApiKey | None" = one(
        "The key that it was made with, and ends with; null for none, and for one that is deleted.",
        API_KEYS,
        "parent_id",
    )
    last_used_at: datetime | None = column("When it was last used, give or take half a minute.")
    created_at: datetime = column("When it was created.")


def _permissions(identity: Identity) -> list[Any]:
    return [permission for permission in Permission if permission in identity.permissions]


def _kinds(identity: Identity) -> dict[str, str] | None:
    return None if identity.kinds is None else levels_of(identity.kinds)


def _of_quota(unit: Unit, value: Callable[[Window, float], Any]) -> Callable[[Identity], Any]:
    """Reads a value of the quota that has least left; null where there is none of its unit."""

    def read(identity: Identity) -> Any:
        allowance = identity.allowance
        now = allowance.now()
        windows = [each.window for each in allowance.limits if each.unit == unit]
        if not windows:
            return None
        return value(min(windows, key=lambda each: each.remaining(now)), now)

    return read


def _remaining(window: Window, now: float) -> int:
    return max(0, window.remaining(now))


def _resets_at(window: Window, now: float) -> datetime:
    return clock_time() + timedelta(seconds=window.seconds_left(now))


@strawberry.type(
    description="What the caller may do in a window of time. Where several limits hold, each field"
    " is of the one with least left; the header `RateLimit` has them all."
)
class RateLimit:
    """Resolved from the operation's identity."""

    limit: int | None = viewer_field(
        "How many requests; null for any number.", _of_quota(Unit.REQUESTS, Window.most)
    )
    remaining: int | None = viewer_field(
        "How many of them are left, this one counted.",
        _of_quota(Unit.REQUESTS, _remaining),
    )
    reset_at: datetime | None = viewer_field(
        "When all of them are free again.", _of_quota(Unit.REQUESTS, _resets_at)
    )
    points_limit: int | None = viewer_field(
        "How many points operations may cost together; null for any number.",
        _of_quota(Unit.POINTS, Window.most),
    )
    points_remaining: int | None = viewer_field(
        "How many of them are left, those of this operation counted.",
        _of_quota(Unit.POINTS, _remaining),
    )
    points_reset_at: datetime | None = viewer_field(
        "When all of them are free again.", _of_quota(Unit.POINTS, _resets_at)
    )


@strawberry.type(description="Who is asking.")
class Viewer:
    """Resolved from the operation's identity."""

    method: Method = viewer_field("How they proved who they are.", attrgetter("method"))
    permissions: list[Permission] = viewer_field(
        "What they may do, in a fixed order.", _permissions
    )
    kinds: strawberry.scalars.JSON | None = viewer_field(
        "What they may do with objects of each kind, for an API key that is limited to kinds:"
        ' `{"assistants": "read_write", "calls": "read"}`; null for objects of all kinds.',
        _kinds,
    )
    rate_limit: RateLimit = viewer("What they may do in a window of time, and what is left.")
    organization: Organization = viewer_record(
        "Whose data they see.", ORGANIZATIONS, attrgetter("organization_id"), required=True
    )
    user: User | None = viewer_record(
        "The person behind the credential, when known.", USERS, attrgetter("user_id")
    )
    api_key: ApiKey | None = viewer_record(
        "The API key that was presented, when one was.", API_KEYS, attrgetter("api_key_id")
    )
