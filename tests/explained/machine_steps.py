"""How much SQLite does for a statement, counted."""

import itertools
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from gql.sql.sqlite_functions import add_functions


def machine_steps(file: str, sql: str, values: Sequence[Any]) -> int:
    """How many instructions SQLite's machine runs for a statement, to the nearest ten.

    https://www.sqlite.org/c3ref/progress_handler.html
    """
    tens = itertools.count()
    with closing(sqlite3.connect(file)) as connection:
        add_functions(connection)
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()  # reading it takes steps, too
        connection.set_progress_handler(lambda: bool(next(tens) < 0), 10)
        connection.execute(sql, values).fetchall()
    return 10 * next(tens)
