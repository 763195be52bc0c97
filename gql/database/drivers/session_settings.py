"""What every session of PostgreSQL is set to, whatever the server, the database or the role says.

Each of the settings in `_ANSWERS` changes what a statement prints or finds, and an `ALTER DATABASE
... SET` is enough to do so. They are set after connecting and not in the start-up message, which
poolers ignore or refuse.

https://www.postgresql.org/docs/current/runtime-config-client.html
https://www.postgresql.org/docs/current/runtime-config-compatible.html
"""

from collections.abc import Mapping

from gql.settings import Settings

_ANSWERS: Mapping[str, str] = {
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",  # the shortest text that reads back as the same double
    "lc_monetary": "C",
    "lc_numeric": "C",
    "lc_time": "C",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "gin_fuzzy_search_limit": "0",  # any other number lets an index leave out matches
}

_PLANS: Mapping[str, str] = {
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_generic_plan",
    # A joined record is looked up by its key, in an index. A generic plan sees no values and takes
    # a merge join over the whole table to be as cheap: that cost a seventh of the time of a page of
    # graphs.
    "enable_mergejoin": "off",
}
"""For the connections that run compiled statements."""

BACKSTOP_SECONDS = 0.5
"""How much longer a statement may take than its request, which is to be cancelled first."""


def set_session(settings: Settings, *, for_plans: bool = False) -> str:
    """Statements that set up a new connection.

    Args:
        settings: Of the process.
        for_plans: Whether it runs compiled statements, and nothing else.
    """
    values = {**_of_process(settings), **(_PLANS if for_plans else {})}
    return "; ".join(f"SET {name} = '{value}'" for name, value in values.items())


def set_transaction(settings: Settings) -> str:
    """One statement that does the same for a transaction, as another one has another session."""
    values = _of_process(settings)
    return "SELECT " + ", ".join(
        f"set_config('{name}', '{value}', true)" for name, value in values.items()
    )


def _of_process(settings: Settings) -> dict[str, str]:
    milliseconds = int((settings.request_timeout + BACKSTOP_SECONDS) * 1_000)
    return {**_ANSWERS, "jit": "off", "statement_timeout": str(milliseconds)}
