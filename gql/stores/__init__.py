"""State beside the tables, which processes share: SMS sessions, counts, and what was revoked."""

from gql.database import Database
from gql.settings import Settings
from gql.stores.credential_changes import CredentialChanges
from gql.stores.database import DatabaseSmsSessions
from gql.stores.postgresql_channel import PostgresqlChannel
from gql.stores.process_messages import ProcessMessages
from gql.stores.rate_limits import RateLimits
from gql.stores.sms_sessions import SmsActivity, SmsSessionStore
from gql.stores.sqlite_channel import SqliteChannel
from gql.stores.throttle import ProcessThrottle, Throttle

__all__ = [
    "CredentialChanges",
    "ProcessMessages",
    "RateLimits",
    "SmsActivity",
    "SmsSessionStore",
    "open_process_messages",
    "open_rate_limits",
    "open_sms_sessions",
    "open_throttle",
]

_NO_CLIENT = "GQL_REDIS_URL needs the client for Redis: pip install 'jackfield[redis]'"


def open_sms_sessions(database: Database, settings: Settings) -> SmsSessionStore:
    """The store that the settings name; it connects at its first use.

    Raises:
        ValueError: when it is Redis, and the client for that is not installed.
    """
    if settings.redis_url is None:
        return DatabaseSmsSessions(database, settings.sms_session_ttl)
    try:
        from gql.stores.redis import RedisSmsSessions  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise ValueError(_NO_CLIENT) from error
    return RedisSmsSessions(settings.redis_url.get_secret_value(), settings.sms_session_ttl)


def open_rate_limits(settings: Settings) -> RateLimits:
    """The rate limits of the settings; processes that have Redis share them.

    Raises:
        ValueError: when there is Redis, and the client for it is not installed.
    """
    if settings.redis_url is None:
        return RateLimits(settings)
    try:
        from gql.stores.redis_totals import RedisTotals  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise ValueError(_NO_CLIENT) from error
    return RateLimits(settings, RedisTotals(settings.redis_url.get_secret_value()))


def open_process_messages(database: Database, settings: Settings) -> ProcessMessages:
    """How processes tell each other something: Redis, NOTIFY of PostgreSQL, or SQLite's file.

    LISTEN does not work behind a pooler.

    Raises:
        ValueError: when there is Redis, and the client for it is not installed.
    """
    if settings.redis_url is not None:
        try:
            from gql.stores.redis_channel import RedisChannel  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise ValueError(_NO_CLIENT) from error
        return ProcessMessages(RedisChannel(settings.redis_url.get_secret_value()))
    if settings.embedded:
        return ProcessMessages(SqliteChannel(database))
    if settings.shares_sessions:
        return ProcessMessages()
    return ProcessMessages(PostgresqlChannel(database))


def open_throttle(settings: Settings) -> Throttle:
    """What counts failed logins; processes that have Redis count together.

    Raises:
        ValueError: when there is Redis, and the client for it is not installed.
    """
    alone = ProcessThrottle(settings.login_window, settings.remembered_ttl)
    if settings.redis_url is None:
        return alone
    try:
        from gql.stores.redis_throttle import RedisThrottle  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise ValueError(_NO_CLIENT) from error
    url = settings.redis_url.get_secret_value()
    return RedisThrottle(url, settings.login_window, settings.remembered_ttl, alone)
