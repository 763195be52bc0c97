"""Decides who is asking: tries each kind of credential, caches the answer, counts and logs."""

import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from cachetools import LRUCache
from starlette.types import Scope

from gql.accounts.logins import end_login
from gql.auth import CREDENTIALS
from gql.auth.api_key import ApiKeyCredential
from gql.auth.credential import Credential, Verified
from gql.auth.credential_cache import MAX_VERIFIED, CredentialCache, Key
from gql.auth.credential_source import all_presented, misplaced_key_hint, read_presented
from gql.auth.dashboard import DashboardCredential
from gql.auth.key_usage import KeyUsage
from gql.database import Database
from gql.errors import GatewayError, RateLimited, Unauthenticated, Unavailable
from gql.http.identify import CALLER
from gql.http.loop_task import charge_to_organization
from gql.http.rate_limit_headers import show_rate_limits
from gql.http.request_log import log_fields
from gql.identity import Identity, Method
from gql.settings import Settings
from gql.stores.credential_changes import CredentialChanges
from gql.stores.rate_limits import RateLimits

NO_CREDENTIAL = "Authentication required. Provide a valid API key or login session."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A dashboard cookie, whom it stands for, and its life in seconds."""

    verified: Verified
    cookie: str
    seconds: int


class _Caller(NamedTuple):
    """Who sends an Authorization header, until an instant or a change of credentials."""

    identity: Identity
    expires: float
    changes: int


class Authenticator:
    """One per process: the credentials with their settings, and their cache.

    Args:
        database: Where keys, organizations and people are looked up.
        settings: Which tokens and cookies are accepted.
        rate_limits: What each caller may use; by default those of the settings, in this process.
        usage: Where the uses of API keys are counted; by default a count that nobody writes.
        changes: Says whose credentials are to be verified anew.
        timer: Measures the seconds of the cache.

    Raises:
        ValueError: when a secret or key of the settings cannot be used.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        rate_limits: RateLimits | None = None,
        usage: KeyUsage | None = None,
        changes: CredentialChanges | None = None,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        if rate_limits is None:
            rate_limits = RateLimits(settings, timer=timer)
        self._rate_limits = rate_limits
        self.usage = usage or KeyUsage(database)
        self.cache = CredentialCache(settings.credential_ttl, timer)
        if changes is not None:
            changes.forget_by(self.cache.forget)
        self._timer = timer
        self._keys: LRUCache[bytes | None, Key] = LRUCache(MAX_VERIFIED)
        self._callers: dict[bytes, _Caller] = {}
        self._credentials = tuple(kind(database, settings) for kind in CREDENTIALS)
        self._api_key = ApiKeyCredential(database, settings)
        self._dashboard = DashboardCredential(database, settings)

    async def caller_of(self, scope: Scope) -> Identity | GatewayError:
        """Who sent this request, or why they are refused; decided at the first call, then kept.

        The refusal is `Unauthenticated`, `Unavailable`, `RateLimited`, or `Forbidden`: a cookie
        that another site could have made the browser send.
        """
        state = scope["state"]
        caller: Identity | GatewayError | None = state.get(CALLER)
        if caller is None:
            caller = state[CALLER] = await self._caller(scope)
        return caller

    def cached_caller(self, authorization: bytes) -> Identity | None:
        """Who sends this Authorization header, where that needs no verification now.

        It is good as long as the entry of the credential, and is looked up at once: the two caches
        behind it keep an order, which takes longer than all else of it.
        """
        header_hash = hashlib.sha256(authorization).digest()
        caller = self._callers.get(header_hash)
        changes = self.cache.changes
        if caller is not None and caller.changes == changes and self._timer() < caller.expires:
            return caller.identity
        key = self._keys.get(header_hash)
        verified = None if key is None else self.cache.get(key)
        if key is None or verified is None:
            return None
        if len(self._callers) >= MAX_VERIFIED:
            self._callers.clear()
        self._callers[header_hash] = _Caller(verified.identity, self.cache.expiry(key), changes)
        return verified.identity

    async def admit(
        self, scope: Scope, identity: Identity, log: dict[str, Any]
    ) -> RateLimited | None:
        """Count a request of a caller, or say why it is refused; ends when it may go on.

        Args:
            scope: Of the request, whose steps are the organization's from now on.
            identity: The caller.
            log: The fields of its line in the log.
        """
        await charge_to_organization(scope, identity.organization_id)
        log.update(organization=identity.organization_id, credential=identity.credential)
        try:
            identity.allowance.use_request()
        except RateLimited as refusal:
            return refusal.with_traceback(None)
        self._count(identity)
        return None

    async def exchange(self, api_key: str) -> Exchanged:
        """A dashboard cookie in place of an API key.

        Raises:
            Unauthenticated: when the key is not good.
            Unavailable: when there is no key to sign cookies with, or no database.
        """
        self._dashboard.require_signer()
        verified = await self._api_key.verify(api_key)
        self._count(verified.identity)
        cookie = self._dashboard.seal(verified.identity)
        return Exchanged(verified, cookie, self._dashboard.ttl)

    async def log_out(self, scope: Scope) -> None:
        """End the logins whose cookies and tokens a request brings.

        It does nothing for API keys and for what is not valid.

        Raises:
            Unavailable: when the database cannot be reached: then a login runs on.
        """
        for presented in all_presented(scope):
            for credential in self._credentials:
                secret = credential.presented(presented)
                if secret is None:
                    continue
                with suppress(Unauthenticated):
                    login = credential.login_of(secret)
                    if login is not None:
                        await end_login(self._database, login)

    async def _caller(self, scope: Scope) -> Identity | GatewayError:
        try:
            identity = await self._identify(scope)
        except GatewayError as refusal:
            if not refusal.message.startswith(NO_CREDENTIAL):
                level = logging.WARNING if isinstance(refusal, Unavailable) else logging.INFO
                _log.log(level, "refused a credential: %s", refusal.message)
            # It is kept for the whole request, and its frames would keep the request alive.
            return refusal.with_traceback(None)
        show_rate_limits(scope, identity.allowance)
        return await self.admit(scope, identity, log_fields(scope)) or identity

    async def _identify(self, scope: Scope) -> Identity:
        header_hash = _authorization_hash(scope)
        key = self._keys.get(header_hash)
        cached = None if key is None else self.cache.get(key)
        if cached is not None:
            return cached.identity
        presented = read_presented(scope)
        for credential in self._credentials:
            secret = credential.presented(presented)
            if secret is None:
                continue
            key = _cache_key(credential, secret)
            verified = await self.cache.verify(key, partial(self._verify, credential, secret))
            if header_hash is not None:
                self._keys[header_hash] = key
            return verified.identity
        raise Unauthenticated(NO_CREDENTIAL + misplaced_key_hint(scope))

    async def _verify(self, credential: Credential, secret: str) -> Verified:
        """Whom the secret stands for, with what they may use."""
        verified = await credential.verify(secret)
        identity = verified.identity
        allowance = self._rate_limits.allowance(
            identity.organization_id, identity.api_key_id, verified.key_limits
        )
        return replace(verified, identity=replace(identity, allowance=allowance))

    def _count(self, identity: Identity) -> None:
        if identity.method is Method.API_KEY and identity.api_key_id is not None:
            self.usage.record(identity.api_key_id)


def _cache_key(credential: Credential, secret: str) -> Key:
    return credential.method, hashlib.sha256(secret.encode()).digest()


def _authorization_hash(scope: Scope) -> bytes | None:
    """The sha-256 of the Authorization header; None unless there is exactly one.

    Equal headers present equal secrets, so that the header need not be parsed again. That does not
    hold for cookies: whether one counts depends on the rest of the request too.
    """
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    return hashlib.sha256(values[0]).digest() if len(values) == 1 else None
