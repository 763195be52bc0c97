"""Key pairs, JWKS files and tokens of an issuer, for the bearer tests."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import get_default_algorithms

from tests.auth.auth_app import JWT_SECRET

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

PRIVATE_KEYS: dict[str, PrivateKey] = {
    "RS256": rsa.generate_private_key(public_exponent=65_537, key_size=2_048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def claims_of(organization_id: int, /, **changes: Any) -> dict[str, Any]:
    """Claims of a good token; a change to None leaves the claim out."""
    claims = {
        "organization_id": organization_id,
        "sub": "auth|ada",
        "exp": int(time.time()) + 600,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def hs256(claims: dict[str, Any], secret: str = JWT_SECRET) -> str:
    """A token signed with a shared secret."""
    return jwt.encode(claims, secret, algorithm="HS256")


def signed(claims: dict[str, Any], algorithm: str, kid: str | None = None) -> str:
    """A token signed with the issuer's private key."""
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims, private_pem(algorithm), algorithm=algorithm, headers=headers)


def private_pem(algorithm: str) -> str:
    """The issuer's private key."""
    key = PRIVATE_KEYS[algorithm]
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(algorithm: str) -> str:
    """The issuer's public key, as `GQL_JWT_PUBLIC_KEY` holds it."""
    public = PRIVATE_KEYS[algorithm].public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def jwk(algorithm: str, kid: str, **members: str) -> dict[str, Any]:
    """The issuer's public key, as a JWKS holds it."""
    public: Any = PRIVATE_KEYS[algorithm].public_key()
    handler: Any = get_default_algorithms()[algorithm]
    return {**handler.to_jwk(public, as_dict=True), "kid": kid, **members}


def damage(path: Path) -> None:
    """Leave half a JWKS file."""
    path.write_text('{"keys": [', encoding="utf-8")


def remove(path: Path) -> None:
    """Remove a JWKS file."""
    path.unlink()


def write_jwks(path: Path, *keys: Any) -> None:
    """Write a JWKS file."""
    path.write_text(json.dumps({"keys": keys}), encoding="utf-8")
