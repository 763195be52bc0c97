"""Bearer tokens: `Authorization: Bearer <JWT>`, and those that the gateway issues itself."""

import hashlib
import json
import re
import time
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import jwt

from gql.accounts.api_keys import KEY_START
from gql.accounts.logins import Login
from gql.accounts.people import find_by_login, find_member
from gql.auth.credential import Presented, Verified
from gql.auth.signing_keys import INVALID, shared_secret, signing_keys
from gql.database import Database
from gql.errors import BadInput, Unauthenticated
from gql.identity import DEFAULT_PERMISSIONS, GRANTABLE, Identity, Method, Permission
from gql.models.types import MAX_ID
from gql.settings import Settings

LEEWAY = 5
"""Seconds by which the issuer's clock may differ from ours."""

STAMP = "jackfield_login"
"""The claim of a token from a login: the stamp of the password, whose change ends the token."""

_LOGIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_DIGITS = len(str(MAX_ID))


class BearerCredential:
    """A JWT, verified with the one algorithm and the keys of the settings."""

    method: ClassVar[Method] = Method.BEARER

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._keys = signing_keys(settings)

    def presented(self, presented: Presented) -> str | None:
        """A bearer token that does not look like an API key."""
        token = presented.token
        return None if token is None or token.startswith(KEY_START) else token

    async def verify(self, secret: str) -> Verified:
        """Whom the token's claims name: an organization that exists, and no deactivated person."""
        claims = self._claims(secret)
        organization_id = _id(claims.get("organization_id"))
        if organization_id is None:
            raise Unauthenticated(f"{INVALID}: organization_id must be a positive integer.")
        user_id = _user_id(claims)
        subject = _subject(claims) if user_id is None else None
        permissions = _permissions(claims)
        if STAMP in claims and user_id is not None:
            return await self._logged_in(claims, organization_id, user_id)
        member = await find_member(self._database, organization_id, user_id)
        if member is None:
            raise Unauthenticated(f"{INVALID}: its organization does not exist.")
        if user_id is not None and not member.user_is_active:
            raise Unauthenticated(f"{INVALID}: its user is not active in its organization.")
        identity = Identity(organization_id, Method.BEARER, permissions, user_id, subject=subject)
        return Verified(identity, member.organization_name, self._seconds(claims))

    async def _logged_in(
        self, claims: Mapping[str, Any], organization_id: int, user_id: int
    ) -> Verified:
        """The person who got this token for their password, with what they may still do."""
        login_id = _login_id(claims)
        person = None
        if login_id is not None:
            person = await find_by_login(
                self._database,
                organization_id,
                user_id,
                login_id=login_id,
                stamp=str(claims[STAMP]),
            )
        if person is None:
            raise Unauthenticated(f"{INVALID}: the login has ended. Log in again.")
        permissions = _permissions(claims) & person.permissions
        identity = Identity(organization_id, Method.BEARER, permissions, user_id)
        return Verified(identity, person.organization_name, self._seconds(claims))

    def login_of(self, secret: str) -> Login | None:
        claims = self._claims(secret)
        organization_id, login_id = _id(claims.get("organization_id")), _login_id(claims)
        if organization_id is None or login_id is None or STAMP not in claims:
            return None
        seconds = int(claims["exp"]) + LEEWAY - int(time.time())
        return Login(organization_id, login_id, seconds)

    def _seconds(self, claims: Mapping[str, Any]) -> float:
        """How long the token may be cached."""
        # Integers, because a far `exp` may be too large for a float.
        return min(int(claims["exp"]) + LEEWAY - int(time.time()), self._settings.credential_ttl)

    def _claims(self, token: str) -> Mapping[str, Any]:
        if self._keys is None:
            raise Unauthenticated(f"{INVALID}: this gateway accepts API keys only.")
        key = self._keys.find(token)
        try:
            return jwt.decode(
                token,
                key,
                # Never the token's own `alg`: it could name HS256 and use our public key as secret.
                algorithms=[self._settings.jwt_algorithm],
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                leeway=LEEWAY,
                options={
                    "require": ["exp"],
                    "verify_aud": self._settings.jwt_audience is not None,
                    "verify_sub": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(_refusal(error)) from error


def can_issue(settings: Settings) -> bool:
    """Whether `issue_token` has what it signs with."""
    return settings.jwt_algorithm == "HS256" and settings.jwt_secret is not None


def issue_token(
    settings: Settings,
    organization_id: int,
    *,
    user_id: int | None = None,
    permissions: Collection[Permission] = DEFAULT_PERMISSIONS,
    seconds: int = 3_600,
    login_id: str | None = None,
    stamp: str | None = None,
) -> str:
    """A JWT for development or for a login, signed with the HS256 secret of the settings.

    Args:
        settings: Issuer and audience are taken from here, when set.
        organization_id: The tenant.
        user_id: The person; without one the subject is `development`.
        permissions: What it may do.
        seconds: How long it is good.
        login_id: Of a login: see `new_login_id`; the token ends when its person logs out.
        stamp: Of the person's password; the token ends when that changes.

    Raises:
        BadInput: when the settings do not verify HS256 tokens, or no token may carry a permission.
    """
    for word in permissions:
        if word not in GRANTABLE[Method.BEARER]:
            raise BadInput(f"A token cannot carry the {word} permission; an API key can.")
    if settings.jwt_algorithm != "HS256":
        raise BadInput(
            f"GQL_JWT_ALGORITHM is {settings.jwt_algorithm}: only whoever holds the private key "
            "can issue tokens. Set it to HS256 to issue them here."
        )
    try:
        secret = shared_secret(settings)
    except ValueError as error:
        raise BadInput(f"No token can be issued: {error}") from error
    issued = int(time.time())
    claims: dict[str, Any] = {
        "sub": "development" if user_id is None else str(user_id),
        "organization_id": organization_id,
        "permissions": sorted(permissions),
        "iat": issued,
        "exp": issued + seconds,
    }
    if user_id is not None:
        claims["user_id"] = user_id
    if login_id is not None:
        claims["jti"] = login_id
    if stamp is not None:
        claims[STAMP] = stamp
    if settings.jwt_issuer is not None:
        claims["iss"] = settings.jwt_issuer
    if settings.jwt_audience is not None:
        claims["aud"] = settings.jwt_audience
    return jwt.encode(claims, secret, algorithm="HS256")


_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired."),
    (jwt.ImmatureSignatureError, "it is not valid yet."),
    (jwt.InvalidAudienceError, "it is for another audience."),
    (jwt.InvalidIssuerError, "it is from another issuer."),
)
"""What the refusal may tell: these are checked only after the signature has been verified."""


def _refusal(error: jwt.PyJWTError) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"{INVALID}: it needs the claim {error.claim}."
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return f"{INVALID}: {reason}"
    return INVALID


def _user_id(claims: Mapping[str, Any]) -> int | None:
    """The person that `user_id` names; without it the bearer is nobody of ours.

    A `sub` never names one of our people, even when it is a number: its issuer numbers its own
    people (https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2), and the fifth of theirs is not
    the fifth of ours. What they may do is what the signed claims say.
    """
    if "user_id" not in claims:
        return None
    user_id = _id(claims["user_id"])
    if user_id is None:
        raise Unauthenticated(f"{INVALID}: user_id must be a positive integer.")
    return user_id


def _subject(claims: Mapping[str, Any]) -> str:
    """A digest of the issuer and of whom it names, of whatever length."""
    subject = claims.get("sub")
    if isinstance(subject, bool) or not isinstance(subject, str | int) or subject == "":
        raise Unauthenticated(f"{INVALID}: it needs the claim user_id or sub.")
    names = json.dumps([claims.get("iss"), str(subject)])
    return hashlib.sha256(names.encode()).hexdigest()


def _login_id(claims: Mapping[str, Any]) -> str | None:
    """The login in the claim `jti` (https://www.rfc-editor.org/rfc/rfc7519#section-4.1.7)."""
    login_id = claims.get("jti")
    return login_id if isinstance(login_id, str) and _LOGIN_ID.fullmatch(login_id) else None


def _permissions(claims: Mapping[str, Any]) -> frozenset[Permission]:
    words = claims.get("permissions", list(DEFAULT_PERMISSIONS))
    if not isinstance(words, list):
        raise Unauthenticated(f"{INVALID}: permissions must be a list of words.")
    return frozenset(word for word in Permission if word in words)


def _id(value: Any) -> int | None:
    """A database id, from an integer or from its digits; None for anything else."""
    if (
        isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
        and len(value) <= _MAX_DIGITS
    ):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= MAX_ID else None
