"""Where the key of a JWT comes from, and the attacks on that."""

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gql.auth.signing_keys import signing_keys
from gql.settings import Settings
from tests.auth.auth_app import AuthApp, identity_of
from tests.auth.tokens import (
    PRIVATE_KEYS,
    claims_of,
    damage,
    hs256,
    jwk,
    private_pem,
    public_pem,
    remove,
    signed,
    write_jwks,
)
from tests.databases import settings_for

INVALID = {"detail": "Invalid bearer token"}
UNKNOWN_KEY = {"detail": "Invalid bearer token: its kid is unknown; get a new token."}


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
async def test_a_public_key_verifies_tokens_of_its_algorithm_only(
    auth_app: AuthApp, algorithm: str
) -> None:
    app = auth_app.build(jwt_algorithm=algorithm, jwt_public_key=public_pem(algorithm))
    claims = claims_of(auth_app.organization_id)

    good = await auth_app.ask(signed(claims, algorithm), app)
    assert (good.status_code, good.json()) == (200, identity_of(auth_app, "bearer", user_id=None))
    for other in (*(set(PRIVATE_KEYS) - {algorithm}), "HS256"):
        token = hs256(claims) if other == "HS256" else signed(claims, other)
        assert (await auth_app.ask(token, app)).json() == INVALID


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
async def test_a_public_key_used_as_an_hmac_secret_signs_nothing(
    auth_app: AuthApp, algorithm: str
) -> None:
    app = auth_app.build(jwt_algorithm=algorithm, jwt_public_key=public_pem(algorithm))
    for alg in ("HS256", algorithm, "none", "hs256"):
        token = _forged(claims_of(auth_app.organization_id), alg, public_pem(algorithm))
        response = await auth_app.ask(token, app)
        assert (response.status_code, response.json()) == (401, INVALID), alg


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
async def test_a_jwks_file_is_searched_by_kid(
    auth_app: AuthApp, jwks: Path, algorithm: str
) -> None:
    write_jwks(jwks, jwk(algorithm, "one"), *(jwk(other, other) for other in PRIVATE_KEYS))
    app = auth_app.build(jwt_algorithm=algorithm, jwt_jwks_file=jwks)
    claims = claims_of(auth_app.organization_id)

    assert (await auth_app.ask(signed(claims, algorithm, "one"), app)).status_code == 200
    assert (await auth_app.ask(signed(claims, algorithm, "two"), app)).json() == UNKNOWN_KEY
    assert (await auth_app.ask(signed(claims, algorithm), app)).json() == UNKNOWN_KEY
    assert (await auth_app.ask("no.token.atall", app)).json() == INVALID


async def test_a_jwks_file_that_changes_is_read_again(auth_app: AuthApp, jwks: Path) -> None:
    app = auth_app.build(jwt_algorithm="ES256", jwt_jwks_file=jwks, credential_ttl=0.0)
    token = signed(claims_of(auth_app.organization_id), "ES256", "new")
    assert (await auth_app.ask(token, app)).json() == UNKNOWN_KEY

    write_jwks(jwks, jwk("ES256", "old"))
    assert (await auth_app.ask(token, app)).json() == UNKNOWN_KEY
    write_jwks(jwks, jwk("ES256", "new"))
    _touch(jwks)
    assert (await auth_app.ask(token, app)).status_code == 200

    damage(jwks)
    assert (await auth_app.ask(token, app)).status_code == 200, "a broken file changes nothing"
    remove(jwks)
    assert (await auth_app.ask(token, app)).status_code == 200, "a missing file changes nothing"
    write_jwks(jwks)
    _touch(jwks)
    assert (await auth_app.ask(token, app)).json() == UNKNOWN_KEY


async def test_keys_of_a_jwks_for_other_uses_are_passed_over(auth_app: AuthApp, jwks: Path) -> None:
    usable = jwk("RS256", "good", use="sig", alg="RS256")
    write_jwks(
        jwks,
        "not a key",
        {"kid": "no type"},
        {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"k" * 32).decode()},
        jwk("RS256", "encryption", use="enc"),
        jwk("RS256", "other", alg="RS512"),
        {name: value for name, value in usable.items() if name != "kid"},
        usable,
    )
    app = auth_app.build(jwt_algorithm="RS256", jwt_jwks_file=jwks)
    claims = claims_of(auth_app.organization_id)

    for kid in ("encryption", "other", "shared", "no type"):
        assert (await auth_app.ask(signed(claims, "RS256", kid), app)).json() == UNKNOWN_KEY
    assert (await auth_app.ask(signed(claims, "RS256", "good"), app)).status_code == 200
    shared = _forged(claims, "HS256", "k" * 32, kid="shared")
    assert (await auth_app.ask(shared, app)).json() == UNKNOWN_KEY


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"jwt_secret": "x" * 31}, "GQL_JWT_SECRET needs at least 32 bytes."),
        ({"jwt_secret": public_pem("RS256")}, "GQL_JWT_SECRET cannot be used: The specified key"),
        (
            {"jwt_algorithm": "RS256", "jwt_public_key": "rubbish"},
            "GQL_JWT_PUBLIC_KEY is not a PEM public key for RS256.",
        ),
        (
            {"jwt_algorithm": "ES256", "jwt_public_key": public_pem("RS256")},
            "GQL_JWT_PUBLIC_KEY is not a PEM public key for ES256.",
        ),
        (
            {"jwt_algorithm": "RS256", "jwt_public_key": private_pem("RS256")},
            "GQL_JWT_PUBLIC_KEY is not a PEM public key for RS256.",
        ),
    ],
)
def test_a_key_that_cannot_be_used_stops_the_start(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        signing_keys(_settings(**settings))


def test_without_any_key_there_are_none() -> None:
    assert signing_keys(_settings()) is None
    assert signing_keys(_settings(jwt_algorithm="EdDSA")) is None


def _settings(**changes: Any) -> Settings:
    return settings_for("sqlite:///unused.db", **{"jwt_secret": None, **changes})


def _forged(claims: dict[str, Any], alg: str, secret: str, **header: str) -> str:
    """A token signed with HMAC whatever its header says; PyJWT refuses to make one."""
    parts = [{"alg": alg, "typ": "JWT", **header}, claims]
    text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{_base64(signature)}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _touch(path: Path) -> None:
    """Move the file's time on, past the coarse clock of the file system."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10_000_000))
