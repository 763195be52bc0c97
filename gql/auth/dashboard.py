"""The dashboard cookie: a signed JSON object of who logged in, by API key or by password."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from gql.accounts.api_keys import find_key
from gql.accounts.logins import Login, new_login_id
from gql.accounts.people import Person, find_by_login
from gql.auth.credential import Presented, Verified
from gql.database import Database
from gql.errors import Forbidden, Unauthenticated, Unavailable
from gql.identity import Identity, Method
from gql.kinds import Access, access_of, levels_of
from gql.settings import Settings

_MIN_KEY_LENGTH = 32
_NO_KEY = "Dashboard logins are off: set GQL_SECRET_KEY on the gateway to allow them."
_ENDED = "The dashboard login has ended. Log in again."
_KINDS = "kinds"
"""The member of the payload with the levels of a key that is limited to kinds of objects."""
_SALT = "jackfield.dashboard.2"
"""The domain of the signature. When the payload changes its form, change the number: old cookies
are then no longer valid."""


class DashboardCredential:
    """A cookie in place of an API key or a password.

    It ends when they do, and when its person logs out.
    """

    method: ClassVar[Method] = Method.DASHBOARD

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self.ttl = settings.dashboard_ttl
        self._remembered_ttl = settings.remembered_ttl
        self._signer = _signer(settings)

    def presented(self, presented: Presented) -> str | None:
        """The cookie, unless another site could have made the browser send it."""
        if presented.cookie is not None and presented.forgeable:
            raise Forbidden(
                "A request with the dashboard cookie needs an Origin header of this site, or the "
                "header X-Requested-With."
            )
        return presented.cookie

    async def verify(self, secret: str) -> Verified:
        """The person at the dashboard, with what both the cookie and its source still permit."""
        payload, age = self._open(secret)
        if payload["api_key"] is None:
            return await self._verify_person(payload, self._life(payload) - age)
        holder = await find_key(
            self._database,
            payload["organization"],
            payload["api_key"],
            login_id=payload["login"],
        )
        seconds = 0.0 if holder is None else min(holder.seconds_left(), self.ttl - age)
        if holder is None or seconds <= 0:
            raise Unauthenticated(_ENDED)
        identity = Identity(
            organization_id=holder.key.organization_id,
            method=Method.DASHBOARD,
            permissions=holder.permissions.intersection(payload["permissions"]),
            kinds=_common_kinds(holder.kinds, payload.get(_KINDS)),
            user_id=payload["user"],
            api_key_id=holder.key.id,
        )
        return Verified(identity, holder.organization_name, seconds, holder.rate_limits)

    def login_of(self, secret: str) -> Login | None:
        payload, age = self._open(secret)
        return Login(payload["organization"], payload["login"], self._life(payload) - age)

    def seal(self, identity: Identity) -> str:
        """The cookie for the owner of an API key.

        Raises:
            Unavailable: when there is no key to sign with.
        """
        payload: dict[str, Any] = {
            "organization": identity.organization_id,
            "user": identity.user_id,
            "api_key": identity.api_key_id,
            "permissions": sorted(identity.permissions),
            "login": new_login_id(),
        }
        if identity.kinds is not None:
            payload[_KINDS] = levels_of(identity.kinds)
        return self.require_signer().dumps(payload)

    @property
    def can_seal(self) -> bool:
        """Whether there is a key to sign with."""
        return self._signer is not None

    def seal_person(self, person: Person, *, login_id: str, remember_me: bool) -> str:
        """The cookie for somebody who entered their password; valid until they change it.

        Raises:
            Unavailable: when there is no key to sign with.
        """
        return self.require_signer().dumps(
            {
                "organization": person.organization_id,
                "user": person.id,
                "api_key": None,
                "permissions": sorted(person.permissions),
                "login": login_id,
                "stamp": person.stamp,
                "remembered": remember_me,
            }
        )

    def require_signer(self) -> URLSafeTimedSerializer:
        """What signs cookies, or `Unavailable` when there is no key."""
        if self._signer is None:
            raise Unavailable(_NO_KEY)
        return self._signer

    async def _verify_person(self, payload: dict[str, Any], seconds: float) -> Verified:
        person = await find_by_login(
            self._database,
            payload["organization"],
            payload["user"],
            login_id=payload["login"],
            stamp=payload["stamp"],
        )
        if person is None or seconds <= 0:
            raise Unauthenticated(_ENDED)
        identity = Identity(
            organization_id=person.organization_id,
            method=Method.DASHBOARD,
            permissions=person.permissions.intersection(payload["permissions"]),
            user_id=person.id,
        )
        return Verified(identity, person.organization_name, seconds)

    def _life(self, payload: dict[str, Any]) -> int:
        """How many seconds a cookie lives."""
        return self._remembered_ttl if payload.get("remembered") else self.ttl

    def _open(self, secret: str) -> tuple[dict[str, Any], float]:
        """The payload inside a cookie, and its age in seconds."""
        if self._signer is None:
            raise Unauthenticated(_NO_KEY)
        try:
            payload, sealed = self._signer.loads(secret, return_timestamp=True)
            self._signer.loads(secret, max_age=self._life(payload))
        except SignatureExpired as error:
            raise Unauthenticated(_ENDED) from error
        except BadData as error:
            raise Unauthenticated("The dashboard cookie is not valid. Log in again.") from error
        return payload, time.time() - sealed.timestamp()


def _common_kinds(
    of_key: frozenset[Access] | None, sealed: Mapping[Any, Any] | None
) -> frozenset[Access] | None:
    """What both the key and the levels of its cookie allow; None where neither names kinds."""
    if sealed is None:
        return of_key
    of_cookie = access_of(sealed)
    return of_cookie if of_key is None else of_cookie & of_key


def _signer(settings: Settings) -> URLSafeTimedSerializer | None:
    if settings.secret_key is None:
        return None
    key = settings.secret_key.get_secret_value()
    if len(key) < _MIN_KEY_LENGTH:
        raise ValueError(f"GQL_SECRET_KEY needs at least {_MIN_KEY_LENGTH} characters.")
    return URLSafeTimedSerializer(
        key,
        salt=_SALT,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
