"""Which store the settings open, and what they refuse."""

import sys

import pytest
from pydantic import ValidationError

from gql.database import Database
from gql.domain.sms_sessions import live_sms_sessions
from gql.errors import Unavailable
from gql.identity import Identity, Method, Permission
from gql.query.context import Context
from gql.stores import open_sms_sessions
from gql.stores.database import DatabaseSmsSessions
from gql.stores.redis import RedisSmsSessions
from tests.databases import settings_for
from tests.redis_server import unused_url


async def test_without_an_address_the_database_keeps_them(database: Database) -> None:
    sessions = open_sms_sessions(database, settings_for("sqlite:///unused.db"))

    assert isinstance(sessions, DatabaseSmsSessions)
    assert (sessions.ttl, sessions.joins_transactions) == (86_400, True)


async def test_an_address_opens_redis_and_asks_it_nothing(database: Database) -> None:
    settings = settings_for("sqlite:///x.db", redis_url=unused_url(), sms_session_ttl=60)

    sessions = open_sms_sessions(database, settings)

    assert isinstance(sessions, RedisSmsSessions)
    assert (sessions.ttl, sessions.joins_transactions) == (60, False)
    assert sessions.within(database, database.snapshot()) is sessions
    await sessions.close()


def test_a_missing_client_is_said_at_the_start(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gql.stores.redis", None)
    settings = settings_for("sqlite:///x.db", redis_url=unused_url())

    with pytest.raises(ValueError, match=r"pip install 'jackfield\[redis\]'"):
        open_sms_sessions(database, settings)


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", ""])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must start with redis://, rediss:// or unix://"):
        settings_for("sqlite:///x.db", redis_url=url)


def test_the_address_is_not_printed_with_the_settings() -> None:
    settings = settings_for("sqlite:///x.db", redis_url="redis://:secret@127.0.0.1/0")

    assert "secret@" not in repr(settings)


async def test_a_context_without_a_store_has_no_sessions(database: Database) -> None:
    context = Context(Identity(1, Method.API_KEY, frozenset(Permission)), database)

    with pytest.raises(Unavailable, match="no store for live SMS sessions"):
        await live_sms_sessions(context)
