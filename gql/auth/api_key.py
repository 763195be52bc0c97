"""API keys: `Authorization: Bearer burki_...`."""

import hmac
from typing import ClassVar

from gql.accounts.api_keys import KEY_START, find_key_by_hash, hash_key
from gql.accounts.logins import Login
from gql.auth.credential import Presented, Verified
from gql.database import Database
from gql.errors import Unauthenticated
from gql.identity import Identity, Method
from gql.settings import Settings

INVALID = "Invalid API key"
"""The one answer for a key that is unknown, revoked, expired, or of a deactivated person.

A key that was made with such a key gets it too.
"""


class ApiKeyCredential:
    """A key that the organization issued; see `gql.accounts.api_keys` for how it is stored."""

    method: ClassVar[Method] = Method.API_KEY

    def __init__(self, database: Database, _settings: Settings) -> None:
        self._database = database

    def presented(self, presented: Presented) -> str | None:
        token = presented.token
        return token if token is not None and token.startswith(KEY_START) else None

    async def verify(self, secret: str) -> Verified:
        """See `Credential`.

        Every secret costs one lookup by its hash, so the time of the answer says nothing about how
        near a guess was.
        """
        key_hash = hash_key(secret)
        holder = await find_key_by_hash(self._database, key_hash)
        if holder is None or not hmac.compare_digest(holder.key.key_hash, key_hash):
            raise Unauthenticated(INVALID)
        seconds = holder.seconds_left()
        if seconds <= 0:
            raise Unauthenticated(INVALID)
        identity = Identity(
            organization_id=holder.key.organization_id,
            method=Method.API_KEY,
            permissions=holder.permissions,
            kinds=holder.kinds,
            user_id=holder.key.user_id,
            api_key_id=holder.key.id,
        )
        return Verified(identity, holder.organization_name, seconds, holder.rate_limits)

    def login_of(self, _secret: str) -> Login | None:
        return None
