"""State beside the tables: live SMS sessions, in the database or in Redis."""

from gql.database import Database
from gql.settings import Settings
from gql.stores.database import DatabaseSmsSessions
from gql.stores.sms_sessions import SmsSessionStore

__all__ = ["SmsSessionStore", "open_sms_sessions"]


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
        raise ValueError(
            "GQL_REDIS_URL needs the client for Redis: pip install 'jackfield[redis]'"
        ) from error
    return RedisSmsSessions(settings.redis_url.get_secret_value(), settings.sms_session_ttl)
