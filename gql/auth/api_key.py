"""API keys: `Authorization: Bearer burki_...`."""

import hmac
import math
from typing import ClassVar

from gql.accounts.api_keys import KEY_START, Holder, StoredKey, find_by_hash, granted, hash_key
from gql.auth.credential import Presented, Verified
from gql.database import Database
from gql.errors import Unauthenticated
from gql.identity import Identity, Method
from gql.models.types import now
from gql.settings import Settings

INVALID = "Invalid API key"
"""The one answer for a key that is unknown, revoked, expired, or of somebody who left."""


class ApiKeyCredential:
    """A key that the organization made; see `gql.accounts.api_keys` for how it is kept."""

    method: ClassVar[Method] = Method.API_KEY

    def __init__(self, database: Database, _settings: Settings) -> None:
        self._database = database

    def presented(self, presented: Presented) -> str | None:
        """A bearer token that looks like a key."""
        token = presented.token
        return token if token is not None and token.startswith(KEY_START) else None

    async def verify(self, secret: str) -> Verified:
        """The owner of the key.

        Every secret takes the same way, one lookup by its hash, so the time of the answer says
        nothing about how near a guess was.
        """
        key_hash = hash_key(secret)
        holder = await find_by_hash(self._database, key_hash)
        if holder is None or not hmac.compare_digest(holder.key.key_hash, key_hash):
            raise Unauthenticated(INVALID)
        seconds = seconds_left(holder)
        if seconds <= 0:
            raise Unauthenticated(INVALID)
        return Verified(_identity(holder.key), holder.organization_name, seconds)


def seconds_left(holder: Holder) -> float:
    """How long the key stays good; 0 when it is revoked, expired, or of somebody who left."""
    if not holder.key.is_active:
        return 0
    if not holder.user_is_active:
        return 0
    if holder.key.expires_at is None:
        return math.inf
    return max(0, (holder.key.expires_at - now()).total_seconds())


def _identity(key: StoredKey) -> Identity:
    return Identity(
        organization_id=key.organization_id,
        method=Method.API_KEY,
        permissions=granted(key.permissions),
        user_id=key.user_id,
        api_key_id=key.id,
    )
