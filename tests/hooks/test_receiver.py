"""The webhook door: what is kept, how it is answered, and what fills no table."""

import zlib

import pytest
from sqlalchemy import Connection, event, select

from gql.accounts.secret_box import SecretBox
from gql.ingest.endpoints import create_endpoint, rotate_secret
from gql.models.hook import HookEndpoint
from gql.models.scope import owned, table_of
from tests.databases import Copy
from tests.hooks.conftest import Platform, Webhooks, webhooks_on
from tests.statements import count

SIGNING = ["vapi", "retell", "elevenlabs", "twilio", "telnyx", "generic"]
TIMED = [source for source in SIGNING if source != "twilio"]
PAYLOAD = {"CallSid": "CA9", "Body": "é & x", "From": "+15550100001"}


@pytest.mark.parametrize("source", [*SIGNING, "burki"])
async def test_what_a_platform_signs_is_kept_and_answered(webhooks: Webhooks, source: str) -> None:
    platform = await webhooks.platform(source)

    response = await platform.deliver(PAYLOAD, query="?x=1")

    is_twilio = source == "twilio"
    assert response.status_code == 200
    assert response.text == ("<Response/>" if is_twilio else "{}")
    kind = "text/xml; charset=utf-8" if is_twilio else "application/json"
    assert response.headers["content-type"] == kind
    [row] = await webhooks.inbox("endpoint_id", "method", "path_query", "body", "size", "headers")
    endpoint_id, method, path_query, body, size, headers = row
    sent = response.request.content
    assert (endpoint_id, method) == (platform.endpoint.id, "POST")
    assert path_query == f"{platform.endpoint.path}?x=1"
    assert (zlib.decompress(body), size) == (sent, len(sent))
    assert headers["content-type"].startswith("application/")


@pytest.mark.parametrize("source", SIGNING)
async def test_a_forged_signature_is_refused_without_detail_and_kept_nowhere(
    webhooks: Webhooks, source: str
) -> None:
    platform = await webhooks.platform(source)
    forged = "whsec_AAAA" if source == "generic" else "another secret"

    refused = [
        await platform.deliver(PAYLOAD, secret=forged),
        await platform.send(b"{}"),
        await platform.send(b"{}", {"X-Retell-Signature": "v=1,d=zz", "X-Signature": "-"}),
    ]

    for response in refused:
        assert response.status_code == 401
        assert response.json() == {"detail": "The signature is not valid."}
    assert await webhooks.inbox("id") == []


@pytest.mark.parametrize("source", TIMED)
async def test_a_stale_signature_is_refused(webhooks: Webhooks, source: str) -> None:
    platform = await webhooks.platform(source)

    late = await platform.deliver(PAYLOAD, age=1_801)
    early = await platform.deliver(PAYLOAD, age=-310)

    assert (late.status_code, early.status_code) == (401, 401)
    assert await webhooks.inbox("id") == []


async def test_vapi_may_send_the_secret_itself_or_sign_as_the_standard_says(
    webhooks: Webhooks,
) -> None:
    platform = await webhooks.platform("vapi")
    standard = Platform(platform.endpoint, platform.secret, webhooks.client)

    answers = [
        await platform.send(b"{}", {"X-Vapi-Secret": platform.secret}),
        await platform.send(b"{}", {"Authorization": f"Bearer {platform.secret}"}),
        await platform.send(b"{}", {"X-Vapi-Secret": platform.secret[:-1]}),
        await standard.send(b"{}", {"webhook-signature": "v1,AAAA"}),
    ]

    assert [each.status_code for each in answers] == [200, 200, 401, 401]
    [first, second] = await webhooks.inbox("headers")
    assert (first[0]["x-vapi-secret"], second[0]["authorization"]) == (None, None)


async def test_both_secrets_count_while_one_is_replaced(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("retell")
    box = SecretBox.of(webhooks.app.state.settings)

    async def rotate(secret: str) -> None:
        async with webhooks.database.snapshot() as snapshot:
            await rotate_secret(webhooks.database, snapshot, box, 1, platform.endpoint.id, secret)

    statuses = []
    for change in (None, "second", "third"):
        if change:
            await rotate(change)
        for secret in (platform.secret, "second", "third"):
            response = await platform.deliver({}, secret=secret)
            statuses.append(response.status_code)

    assert statuses == [200, 401, 401, 200, 200, 401, 401, 200, 200]


async def test_a_secret_is_stored_encrypted(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("retell")
    table = table_of(HookEndpoint)

    async with webhooks.database.engine.connect() as connection:
        own = (owned(table, 1), table.c.id == platform.endpoint.id)
        stored = str(await connection.scalar(select(table.c.secret).where(*own)))

    assert platform.secret not in stored
    box = SecretBox.of(webhooks.app.state.settings)
    assert box is not None
    assert box.open(stored) == platform.secret


async def test_without_its_secret_an_endpoint_refuses_all(webhooks: Webhooks) -> None:
    box = SecretBox.of(webhooks.app.state.settings)
    platform = await webhooks.platform("telnyx", secret="dGVzdA==")
    bare, shown = await create_endpoint(webhooks.database, box, 1, source="elevenlabs")

    response = await Platform(bare, "any", webhooks.client).deliver(PAYLOAD)
    unusable = await platform.deliver(PAYLOAD)

    assert shown is None
    assert (response.status_code, unusable.status_code) == (401, 401)


@pytest.mark.parametrize(
    "path", ["/hooks/vapi/nowhere", "/hooks/nobody/{id}", "/hooks/retell/{id}"]
)
async def test_an_address_that_is_none_is_404(webhooks: Webhooks, path: str) -> None:
    platform = await webhooks.platform("vapi")

    response = await webhooks.client.post(path.format(id=platform.endpoint.public_id))

    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})


async def test_a_body_that_is_too_long_is_refused(webhooks: Webhooks) -> None:
    platform = await webhooks.platform("burki")

    response = await platform.send(b"x" * 2_000_001)

    assert (response.status_code, await webhooks.inbox("id")) == (413, [])


async def test_audio_is_answered_and_not_kept(webhooks: Webhooks) -> None:
    """ElevenLabs would switch off a webhook that refuses."""
    platform = await webhooks.platform("elevenlabs")
    audio = {"type": "post_call_audio", "data": {"full_audio": "UklGRg=="}}

    short = await platform.deliver(audio)
    long = await platform.send(b"x" * 10_000_001)

    assert (short.status_code, long.status_code) == (200, 200)
    assert await webhooks.inbox("id") == []


async def test_an_endpoint_cannot_flood(fresh: Copy) -> None:
    """A delivery counts once for each 64 KB; other endpoints have limits of their own."""
    async with webhooks_on(fresh, rate_limit_hook_requests=4) as (webhooks, _):
        one, other = await webhooks.platform("burki"), await webhooks.platform("burki")

        answers = [await one.send(b"x" * size) for size in (1, 65_537, 65_537, 65_536)]
        last, free = await one.send(b"x"), await other.send(b"x")

    assert [each.status_code for each in answers] == [200, 200, 429, 200]
    assert answers[2].headers["retry-after"] == "60"
    assert (last.status_code, free.status_code) == (429, 200)


async def test_a_delivery_is_two_statements_and_one_transaction(fresh: Copy) -> None:
    """One finds the endpoint, one stores the delivery, which is committed before the answer."""
    async with webhooks_on(fresh) as (webhooks, running):
        platform = await webhooks.platform("retell")
        commits: list[Connection] = []
        event.listen(webhooks.database.engine.sync_engine, "commit", commits.append)
        with count(running.log) as ran:
            response = await platform.deliver(PAYLOAD)

    assert response.status_code == 200
    assert [text.split()[0] for text in ran.texts] == ["SELECT", "INSERT"]
    assert len(commits) == 1


async def test_without_a_key_no_secret_can_be_read(fresh: Copy) -> None:
    """The platform is told to try again: it is the gateway that lacks something."""
    async with webhooks_on(fresh) as (webhooks, _):
        platform = await webhooks.platform("retell")
    async with webhooks_on(fresh, secrets_key=None) as (webhooks, _):
        keyless = Platform(platform.endpoint, platform.secret, webhooks.client)
        response = await keyless.deliver(PAYLOAD)

    assert response.status_code == 503
    assert "GQL_SECRETS_KEY" in response.json()["detail"]


async def test_twilio_signs_the_public_address(fresh: Copy) -> None:
    async with webhooks_on(fresh, public_url="https://gateway.example.com") as (webhooks, _):
        platform = await webhooks.platform("twilio")
        by_host = await platform.deliver(PAYLOAD)

    assert by_host.status_code == 401
