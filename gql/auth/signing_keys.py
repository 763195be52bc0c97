"""Where the key that verifies a JWT comes from: a shared secret, one public key, or a JWKS file."""

import logging
from pathlib import Path
from typing import Any, Protocol

import jwt
import orjson

from gql.errors import Unauthenticated
from gql.settings import Settings

INVALID = "Invalid bearer token"

_MIN_SECRET_BYTES = 32
_log = logging.getLogger(__name__)


class SigningKeys(Protocol):
    """Knows the key for a token."""

    def find(self, token: str) -> Any:
        """The key to verify `token` with, prepared for PyJWT.

        Raises:
            Unauthenticated: when there is none for it.
        """
        ...


class OneKey:
    """The same key for every token: an HS256 secret or a PEM public key."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def find(self, _token: str) -> Any:
        return self._key


class JwksFile:
    """A JSON Web Key Set in a file, which is read again whenever it changes.

    https://www.rfc-editor.org/rfc/rfc7517
    """

    def __init__(self, path: Path, algorithm: str) -> None:
        self._path = path
        self._algorithm = algorithm
        self._state: tuple[int, int] | None = None
        self._keys: dict[str, jwt.PyJWK] = {}

    def find(self, token: str) -> Any:
        self._refresh()
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise Unauthenticated(INVALID) from error
        key = self._keys.get(kid) if kid is not None else None
        if key is None:
            raise Unauthenticated("Invalid bearer token: its kid is unknown; get a new token.")
        return key

    def _refresh(self) -> None:
        """Read the file if it changed; one that cannot be read leaves the keys as they were."""
        try:
            status = self._path.stat()
            state = (status.st_mtime_ns, status.st_size)
            if state == self._state:
                return
            self._state = state
            self._keys = _usable(orjson.loads(self._path.read_bytes()), self._algorithm)
        except (OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("GQL_JWT_JWKS_FILE cannot be read: %s", error)


def signing_keys(settings: Settings) -> SigningKeys | None:
    """The keys that the settings name, or None when they name none.

    Raises:
        ValueError: when the secret is short or the public key is not one of the algorithm.
    """
    algorithm = settings.jwt_algorithm
    if algorithm == "HS256":
        return None if settings.jwt_secret is None else OneKey(shared_secret(settings))
    if settings.jwt_jwks_file is not None:
        return JwksFile(settings.jwt_jwks_file, algorithm)
    if settings.jwt_public_key is None:
        return None
    return OneKey(_public_key(settings.jwt_public_key, algorithm))


def shared_secret(settings: Settings) -> bytes:
    """The HS256 secret.

    Raises:
        ValueError: when it is missing, short, or a public key by mistake.
    """
    secret = settings.jwt_secret.get_secret_value().encode() if settings.jwt_secret else b""
    if len(secret) < _MIN_SECRET_BYTES:
        raise ValueError(f"GQL_JWT_SECRET needs at least {_MIN_SECRET_BYTES} bytes.")
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(secret)
    except jwt.InvalidKeyError as error:
        raise ValueError(f"GQL_JWT_SECRET cannot be used: {error}") from error
    return secret


def _public_key(pem: str, algorithm: str) -> Any:
    wrong = f"GQL_JWT_PUBLIC_KEY is not a PEM public key for {algorithm}."
    try:
        key = jwt.get_algorithm_by_name(algorithm).prepare_key(pem)
    except (jwt.InvalidKeyError, ValueError, TypeError) as error:
        raise ValueError(wrong) from error
    if hasattr(key, "private_bytes"):  # it would verify, but a secret does not belong here
        raise ValueError(wrong)
    return key


def _usable(document: Any, algorithm: str) -> dict[str, jwt.PyJWK]:
    """The keys of a JWKS that may verify a signature of this algorithm, by `kid`."""
    keys: dict[str, jwt.PyJWK] = {}
    for key in (key for key in document["keys"] if isinstance(key, dict)):
        if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
            continue
        try:
            keys[str(key["kid"])] = jwt.PyJWK(key, algorithm)
        except (jwt.PyJWTError, KeyError):
            _log.warning("GQL_JWT_JWKS_FILE has a key that cannot be used; it is passed over.")
    return keys
