"""What every session of PostgreSQL is set to, whatever the server, the database or the role says.

Each of the settings in `_ANSWERS` changes what a statement prints or finds, and an `ALTER DATABASE
... SET` is enough to do so. They are set after connecting and not in the start-up message, which
poolers ignore or refuse; behind a pooler that keeps named statements the role has to have them
(`poolers.py`).

https://www.postgresql.org/docs/current/runtime-config-client.html
https://www.postgresql.org/docs/current/runtime-config-compatible.html
"""

from collections.abc import Mapping

from gql.settings import PlanMode, Settings

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

_STATEMENTS: Mapping[str, str] = {"plan_cache_mode": "auto", "enable_mergejoin": "on"}
"""For SQLAlchemy's connections, which a role for compiled statements would change too."""

_PLANS: Mapping[str, str] = {
    "default_transaction_read_only": "on",
    # A joined record is looked up by its key, in an index. A generic plan sees no values and takes
    # a merge join over the whole table to be as cheap: that cost a seventh of the time of a page of
    # graphs.
    "enable_mergejoin": "off",
}
"""For the connections that run compiled statements."""

_PLAN_CACHE_MODES: Mapping[PlanMode, str] = {"generic": "force_generic_plan", "auto": "auto"}

_DETECTED = (
    "CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')"
    " THEN 'auto' ELSE 'force_generic_plan' END"
)
"""What `plan_cache_mode` is to be, as each server says itself.

Citus sends a statement to the one node that has the rows of an organization once it knows which
organization that is, and a generic plan does not: forced, most statements fail. `auto` tries the
generic plan, finds it dearer, and makes a custom one each time. PostgreSQL alone would go back and
forth with its statistics, so there the generic plan is forced.
https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-PLAN-CACHE-MODE
"""

BACKSTOP_SECONDS = 0.5
"""How much longer a statement may take than its request, which is to be cancelled first."""


def set_session(settings: Settings, *, for_plans: bool = False) -> str:
    """Statements that set up a new connection, but for the plan mode of compiled statements.

    Args:
        settings: Of the process.
        for_plans: Whether it runs compiled statements, and nothing else.
    """
    values = {**_of_process(settings), **(_PLANS if for_plans else _STATEMENTS)}
    return "; ".join(f"SET {name} = '{value}'" for name, value in values.items())


def set_transaction(settings: Settings, *, for_plans: bool = False) -> str:
    """One statement that does the same for a transaction, as another one has another session."""
    values = {**_of_process(settings), **(_PLANS if for_plans else _STATEMENTS)}
    return "SELECT " + ", ".join(
        f"set_config('{name}', '{value}', true)" for name, value in values.items()
    )


def plan_cache_mode(settings: Settings) -> str:
    """An SQL expression for PostgreSQL's setting of that name, where compiled statements run."""
    mode = settings.plan_mode
    return _DETECTED if mode is None else f"'{_PLAN_CACHE_MODES[mode]}'"


def role_settings(settings: Settings) -> dict[str, str]:
    """What a role has to be set to for compiled statements, but for `plan_cache_mode`."""
    return {**_of_process(settings), **_PLANS}


def _of_process(settings: Settings) -> dict[str, str]:
    milliseconds = int((settings.request_timeout + BACKSTOP_SECONDS) * 1_000)
    return {**_ANSWERS, "jit": "off", "statement_timeout": str(milliseconds)}
