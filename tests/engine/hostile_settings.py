"""Settings of a PostgreSQL database that change how its values are read and printed."""

from sqlalchemy import text

from gql.database import Database
from tests.databases import Copy, name_of, settings_for

HOSTILE = {
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Pacific/Chatham",
    "lc_monetary": "C.UTF-8",
    "lc_numeric": "C.UTF-8",
    "lc_time": "C.UTF-8",
    "transform_null_equals": "on",
    "gin_fuzzy_search_limit": "1",
    "plan_cache_mode": "force_custom_plan",
    "client_encoding": "LATIN1",
}


async def set_database(copy: Copy) -> None:
    """Make these the settings of a database, for whoever connects from now on."""
    database = Database(settings_for(copy.url, pool_size=1))
    async with database.transaction() as connection:
        for name, value in HOSTILE.items():
            statement = f"ALTER DATABASE {name_of(copy.url)} SET {name} = '{value}'"
            await connection.execute(text(statement))
    await database.close()
