"""Counting the uses of keys without a write per request."""

import asyncio

import pytest

from gql.accounts.api_keys import StoredKey, issue_key
from gql.auth.authenticator import Authenticator
from gql.auth.key_usage import KeyUsage
from gql.database import Database
from gql.models.types import now
from tests.auth.auth_app import AuthApp


async def test_uses_are_written_in_one_statement_for_all_keys(auth_app: AuthApp) -> None:
    second, _ = await issue_key(
        auth_app.database, auth_app.organization_id, name="second", permissions=[]
    )
    before = now()
    usage = KeyUsage(auth_app.database)
    for key_id in (second.id, auth_app.key.id, auth_app.key.id, auth_app.key.id):
        usage.record(key_id)
    auth_app.statements.clear()

    await usage.flush()
    await usage.flush()

    assert len(auth_app.statements) == 1
    first, other = await auth_app.keys(auth_app.organization_id)
    assert (first.usage_count, other.usage_count) == (3, 1)
    assert first.last_used_at is not None
    assert before <= first.last_used_at <= now()


async def test_counts_add_up_and_the_last_use_never_goes_back(auth_app: AuthApp) -> None:
    older, newer = KeyUsage(auth_app.database), KeyUsage(auth_app.database)
    older.record(auth_app.key.id)
    newer.record(auth_app.key.id)

    await newer.flush()
    [after_newer] = await auth_app.keys(auth_app.organization_id)
    await older.flush()
    [after_older] = await auth_app.keys(auth_app.organization_id)

    assert (after_newer.usage_count, after_older.usage_count) == (1, 2)
    assert after_older.last_used_at == after_newer.last_used_at


async def test_a_flush_that_fails_keeps_the_counts(
    auth_app: AuthApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = KeyUsage(auth_app.database)
    usage.record(auth_app.key.id)
    with monkeypatch.context() as broken:
        broken.setattr(Database, "transaction", _refuse)
        await usage.flush()
    usage.record(auth_app.key.id)

    await usage.flush()

    assert "the use of 1 API keys is not written yet" in caplog.text
    assert (await _only_key(auth_app)).usage_count == 2


async def test_a_flush_that_fails_is_tried_again_soon_and_then_less_and_less_often(
    auth_app: AuthApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = KeyUsage(auth_app.database)
    usage.record(auth_app.key.id)
    with monkeypatch.context() as broken:
        broken.setattr(Database, "transaction", _refuse)
        waits = [await usage._flush_again() for _ in range(7)]  # noqa: SLF001 -- rounds of the task
    waits += [await usage._flush_again() for _ in range(2)]  # noqa: SLF001 -- the same

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert [record.getMessage() for record in caplog.records] == [
        "the use of 1 API keys is not written yet: OSError('no database')",
        "the use of API keys is written again",
    ]
    assert (await _only_key(auth_app)).usage_count == 1


async def test_the_background_flush_happens_now_and_then(auth_app: AuthApp) -> None:
    usage = KeyUsage(auth_app.database, interval=0.01)
    usage.start()
    usage.record(auth_app.key.id)

    while (await _only_key(auth_app)).usage_count == 0:  # noqa: ASYNC110 (a row has no event)
        await asyncio.sleep(0.01)
    await usage.stop()
    await usage.stop()


async def test_a_refused_key_and_a_cookie_are_no_uses_of_a_key_but_a_login_is(
    auth_app: AuthApp,
) -> None:
    authenticator = Authenticator(auth_app.database, auth_app.settings)
    exchanged = await authenticator.exchange(auth_app.plaintext)
    for headers in (
        [(b"cookie", f"jackfield_dashboard={exchanged.cookie}".encode())],
        [(b"authorization", b"Bearer burki_unknown")],
        [],
    ):
        scope = {"type": "http", "method": "GET", "headers": headers, "state": {}}
        await authenticator.caller_of(scope)
    await authenticator.usage.flush()

    assert (await _only_key(auth_app)).usage_count == 1


async def _only_key(auth_app: AuthApp) -> StoredKey:
    [key] = await auth_app.keys(auth_app.organization_id)
    return key


def _refuse(_database: Database) -> None:
    raise OSError("no database")
