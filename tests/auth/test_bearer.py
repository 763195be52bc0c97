"""Bearer tokens over HTTP: claims, people and organizations."""

import time
from datetime import UTC, datetime, tzinfo
from typing import Any

import jwt
import pytest

from gql.auth.bearer import issue_token
from gql.errors import BadInput
from gql.identity import Permission
from gql.models.organization import User
from tests.auth.auth_app import JWT_SECRET, AuthApp, identity_of
from tests.auth.tokens import claims_of, hs256
from tests.databases import settings_for

INVALID = "Invalid bearer token"


async def test_a_token_speaks_for_the_organization_of_its_claims(auth_app: AuthApp) -> None:
    response = await auth_app.ask(hs256(claims_of(auth_app.organization_id)))

    assert (response.status_code, response.json()) == (
        200,
        identity_of(auth_app, "bearer", user_id=None),
    )


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("claim", ["user_id", "sub"])
async def test_only_user_id_names_a_person_whatever_numbers_an_issuer_gives_its_own(
    auth_app: AuthApp, claim: str, *, as_text: bool
) -> None:
    user: Any = str(auth_app.user_id) if as_text else auth_app.user_id

    response = await auth_app.ask(hs256(claims_of(auth_app.organization_id, **{claim: user})))

    user_id = auth_app.user_id if claim == "user_id" else None
    assert (response.status_code, response.json()) == (
        200,
        identity_of(auth_app, "bearer", user_id=user_id),
    )


@pytest.mark.parametrize(
    ("words", "granted"),
    [
        (["read"], ["read"]),
        (["admin", "read", "calls:read", 7, None, {}], ["admin", "read"]),
        ([], []),
    ],
)
async def test_permissions_are_the_known_words_of_the_claim(
    auth_app: AuthApp, words: list[Any], granted: list[str]
) -> None:
    response = await auth_app.ask(hs256(claims_of(auth_app.organization_id, permissions=words)))

    assert response.json()["permissions"] == granted


async def test_a_person_must_be_active_and_of_that_organization(auth_app: AuthApp) -> None:
    elsewhere = await auth_app.add_organization("Elsewhere")
    stranger = await auth_app.add_user(elsewhere, f"eve@{elsewhere}.example")
    deactivated = await auth_app.add_user(
        auth_app.organization_id, f"bob@{auth_app.organization_id}.example", is_active=False
    )

    for user_id in (stranger, deactivated, 2**62):
        response = await auth_app.ask(hs256(claims_of(auth_app.organization_id, user_id=user_id)))
        assert (response.status_code, response.json()) == (
            401,
            {"detail": f"{INVALID}: its user is not active in its organization."},
        )


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": None}, ": it needs the claim exp."),
        ({"exp": int(time.time()) - 60}, ": it has expired."),
        ({"exp": "soon"}, ""),
        ({"nbf": int(time.time()) + 86_400}, ": it is not valid yet."),
        ({"organization_id": None}, ": organization_id must be a positive integer."),
        ({"organization_id": True}, ": organization_id must be a positive integer."),
        ({"organization_id": 0}, ": organization_id must be a positive integer."),
        ({"organization_id": 2**63}, ": organization_id must be a positive integer."),
        ({"organization_id": "²"}, ": organization_id must be a positive integer."),
        ({"organization_id": [1]}, ": organization_id must be a positive integer."),
        ({"organization_id": 2**62}, ": its organization does not exist."),
        ({"sub": None}, ": it needs the claim user_id or sub."),
        ({"sub": ""}, ": it needs the claim user_id or sub."),
        ({"sub": {"id": 1}}, ": it needs the claim user_id or sub."),
        ({"sub": True}, ": it needs the claim user_id or sub."),
        ({"user_id": "ada"}, ": user_id must be a positive integer."),
        ({"user_id": 1.5}, ": user_id must be a positive integer."),
        ({"permissions": "read write"}, ": permissions must be a list of words."),
    ],
)
async def test_claims_that_cannot_be_used_are_refused_with_the_reason(
    auth_app: AuthApp, claims: dict[str, Any], reason: str
) -> None:
    response = await auth_app.ask(hs256(claims_of(auth_app.organization_id, **claims)))

    assert (response.status_code, response.json()) == (401, {"detail": INVALID + reason})
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("exp", [2**80, 10**400, 4e9])
async def test_an_expiry_far_away_is_an_expiry(auth_app: AuthApp, exp: float) -> None:
    assert (
        await auth_app.ask(hs256(claims_of(auth_app.organization_id, exp=exp)))
    ).status_code == 200


@pytest.mark.parametrize(
    ("claim", "seconds", "status"),
    [("exp", -4, 200), ("exp", -5, 401), ("iat", 5, 200), ("iat", 6, 401), ("nbf", 5, 200)],
)
async def test_clocks_may_differ_by_five_seconds(
    auth_app: AuthApp, monkeypatch: pytest.MonkeyPatch, claim: str, seconds: int, status: int
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)

    class StoppedClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return now.astimezone(tz)

    monkeypatch.setattr("jwt.api_jwt.datetime", StoppedClock)
    claims = claims_of(auth_app.organization_id, **{claim: int(now.timestamp()) + seconds})

    assert (await auth_app.ask(hs256(claims))).status_code == status


@pytest.mark.parametrize(
    ("setting", "claim", "reason"),
    [
        ("jwt_audience", "aud", "it is for another audience."),
        ("jwt_issuer", "iss", "it is from another issuer."),
    ],
)
async def test_audience_and_issuer_are_checked_when_set(
    auth_app: AuthApp, setting: str, claim: str, reason: str
) -> None:
    app = auth_app.build(**{setting: "https://matching.example"})
    matching = hs256(claims_of(auth_app.organization_id, **{claim: "https://matching.example"}))
    theirs = hs256(claims_of(auth_app.organization_id, **{claim: "https://theirs.example"}))
    nobodys = hs256(claims_of(auth_app.organization_id))

    assert (await auth_app.ask(matching, app)).status_code == 200
    assert (await auth_app.ask(theirs, app)).json() == {"detail": f"{INVALID}: {reason}"}
    assert (await auth_app.ask(nobodys, app)).json() == {
        "detail": f"{INVALID}: it needs the claim {claim}."
    }
    assert (await auth_app.ask(theirs)).status_code == 200


async def test_a_token_signed_with_another_secret_is_refused_without_a_statement(
    auth_app: AuthApp,
) -> None:
    token = hs256(claims_of(auth_app.organization_id), "some other secret of thirty-two bytes")
    auth_app.statements.clear()

    response = await auth_app.ask(token)

    assert (response.status_code, response.json()) == (401, {"detail": INVALID})
    assert auth_app.statements == []


async def test_an_unsigned_token_is_refused(auth_app: AuthApp) -> None:
    token = jwt.encode(claims_of(auth_app.organization_id), "", algorithm="none")

    assert (await auth_app.ask(token)).json() == {"detail": INVALID}
    assert (await auth_app.ask(token.rstrip("."))).json() == {"detail": INVALID}


async def test_a_known_token_costs_no_statement_and_a_deactivated_person_ends_it(
    auth_app: AuthApp,
) -> None:
    token = hs256(claims_of(auth_app.organization_id, user_id=auth_app.user_id))
    auth_app.statements.clear()
    for _ in range(5):
        assert (await auth_app.ask(token)).status_code == 200
    assert len(auth_app.statements) == 1

    await auth_app.change(User, auth_app.user_id, is_active=False)
    auth_app.clock.seconds += 5

    assert (await auth_app.ask(token)).status_code == 401


async def test_without_a_secret_no_token_is_accepted(auth_app: AuthApp) -> None:
    app = auth_app.build(jwt_secret=None)

    response = await auth_app.ask(hs256(claims_of(auth_app.organization_id)), app)

    assert (response.status_code, response.json()) == (
        401,
        {"detail": f"{INVALID}: this gateway accepts API keys only."},
    )


async def test_a_bad_token_does_not_fall_through_to_a_good_cookie(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()
    assert (await browser.get("/probe")).status_code == 200

    response = await browser.get("/probe", headers={"Authorization": "Bearer a.b.c"})

    assert (response.status_code, response.json()) == (401, {"detail": INVALID})


async def test_an_issued_token_is_accepted_with_issuer_and_audience(auth_app: AuthApp) -> None:
    changes = {"jwt_issuer": "https://issuer.example", "jwt_audience": "gateway"}
    settings = auth_app.settings.model_copy(update=changes)
    app = auth_app.build(**changes)
    personal = issue_token(
        settings,
        auth_app.organization_id,
        user_id=auth_app.user_id,
        permissions=[Permission.ADMIN, Permission.READ],
    )
    impersonal = issue_token(settings, auth_app.organization_id, seconds=60)

    assert (await auth_app.ask(personal, app)).json() == identity_of(
        auth_app, "bearer", permissions=["admin", "read"]
    )
    assert (await auth_app.ask(impersonal, app)).json() == identity_of(
        auth_app, "bearer", user_id=None
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"jwt_secret": None}, "No token can be issued: GQL_JWT_SECRET needs at least 32 bytes."),
        ({"jwt_secret": "short"}, "No token can be issued: GQL_JWT_SECRET needs at least 32"),
        ({"jwt_secret": JWT_SECRET, "jwt_algorithm": "RS256"}, "GQL_JWT_ALGORITHM is RS256: only"),
    ],
)
def test_a_token_cannot_be_issued_without_an_hs256_secret(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        issue_token(settings_for("sqlite:///unused.db", **settings), 1)
