"""Whatever bytes are presented, the answer is a refusal or a success, never an accident."""

import base64
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gql.errors import Forbidden, Unauthenticated
from gql.identity import Identity
from tests.auth.auth_app import AuthApp
from tests.auth.bare_middleware import decided_by, guard_of
from tests.auth.tokens import claims_of, hs256

EXAMPLES = settings(max_examples=100)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
CLAIM = st.sampled_from(
    ["organization_id", "user_id", "sub", "permissions", "exp", "nbf", "iat", "aud", "iss", "jti"]
)
HEADER = st.sampled_from(["alg", "typ", "kid", "crit", "b64", "cty", "jwk", "jku", "x5u"])


@EXAMPLES
@given(value=st.binary(max_size=200), bearer=st.booleans())
async def test_any_bytes_in_the_authorization_header_are_refused(
    auth_app: AuthApp, value: bytes, *, bearer: bool
) -> None:
    authorization = b"Bearer " * bearer + value

    caller = await _decide(auth_app, [(b"authorization", authorization)])

    assert isinstance(caller, Unauthenticated)


@EXAMPLES
@given(header=st.dictionaries(HEADER, JSON, max_size=4), body=JSON, signature=st.binary(max_size=9))
async def test_any_token_that_was_not_signed_here_is_refused(
    auth_app: AuthApp, header: dict[str, Any], body: Any, signature: bytes
) -> None:
    token = ".".join(map(_base64, (json.dumps(header).encode(), json.dumps(body).encode())))

    authorization = f"Bearer {token}.{_base64(signature)}".encode()

    assert isinstance(await _decide(auth_app, [(b"authorization", authorization)]), Unauthenticated)


@EXAMPLES
@given(changes=st.dictionaries(CLAIM, JSON, max_size=4))
async def test_any_claims_with_a_good_signature_are_refused_or_make_an_identity(
    auth_app: AuthApp, changes: dict[str, Any]
) -> None:
    claims = {**claims_of(auth_app.organization_id), **changes}
    if not isinstance(claims.get("iss", ""), str):
        del claims["iss"]  # PyJWT does not sign such a token

    authorization = f"Bearer {hs256(claims)}".encode()
    caller = await _decide(auth_app, [(b"authorization", authorization)])

    assert isinstance(caller, Identity | Unauthenticated)
    if isinstance(caller, Identity):
        assert caller.organization_id == int(claims["organization_id"])


@EXAMPLES
@given(cookie=st.binary(max_size=200), origin=st.binary(max_size=40), host=st.binary(max_size=40))
async def test_any_bytes_in_cookie_origin_and_host_are_refused(
    auth_app: AuthApp, cookie: bytes, origin: bytes, host: bytes
) -> None:
    headers = [(b"cookie", b"jackfield_dashboard=" + cookie), (b"origin", origin), (b"host", host)]

    reading = await _decide(auth_app, headers)
    writing = await _decide(auth_app, headers, method="POST")

    assert isinstance(reading, Unauthenticated)
    assert isinstance(writing, Unauthenticated | Forbidden)


async def _decide(
    auth_app: AuthApp, headers: list[tuple[bytes, bytes]], method: str = "GET"
) -> Any:
    return await decided_by(
        guard_of(auth_app), {"type": "http", "method": method, "headers": headers}
    )


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
