"""Changes of PostgreSQL's tables that let others write meanwhile.

A statement that changes a table locks it. Where that takes long (an index, the check of a foreign
key), there is a form that does not keep writers out but cannot be undone; and where it keeps them
out, it has to be short, also the wait for its lock, behind which everybody else waits. So on tables
of some size each change is committed by itself, and a migration that was interrupted goes on where
it stopped: every method here looks first whether its work is done. Revisions that change nothing
for long are a transaction each there, which gives way to writers too (`runner`). On small tables,
and so in a new database, all of it is one transaction with the rest of the history.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gql.migrations import MigrationRefused

LOCK = 0x6A61636B6669656C
"""PostgreSQL's advisory lock of a migration; any fixed number does."""

SMALL_BYTES = 4 * 2**20
"""Up to this size of the tables, changing them at once keeps nobody waiting for long."""

_WAIT_BRIEFLY = "SET LOCAL lock_timeout = '200ms'"
"""How long a change waits for its lock: shorter than PostgreSQL's `deadlock_timeout`, one second.

So in a deadlock the migration gives way, and not somebody's write.
"""

ATTEMPTS = 300
PAUSE_SECONDS = 0.3
_LOCKED_BY_OTHERS = frozenset({"55P03", "40P01"})
"""SQLSTATE of a lock that was not available in time, and of a deadlock."""

_SIZE_OF_ALL = """
    SELECT sum(pg_table_size(oid)) FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
"""
_SIZE = "SELECT sum(pg_table_size(to_regclass(name))) FROM unnest($1::text[]) AS name"
_VALIDITY = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"
_DEFINITION = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = to_regclass($1) AND conname = $2
"""


class Changes:
    """Changes tables.

    Args:
        connection: In a transaction.
        apart: Whether each change is committed by itself, inside of `committed_one_by_one`.
    """

    def __init__(self, connection: Connection, *, apart: bool) -> None:
        self._run = connection.exec_driver_sql
        self._apart = apart
        self._concurrently = "CONCURRENTLY " if apart else ""

    def create_index(
        self, name: str, table: str, columns: Sequence[str], *, unique: bool = False
    ) -> None:
        """Make an index; one that an interrupted run left half made is made anew."""
        self.create_index_on(name, f'"{table}" ({", ".join(columns)})', unique=unique)

    def create_index_on(self, name: str, indexed: str, *, unique: bool = False) -> None:
        """The same of what SQL has after ON: a table, columns, and which rows."""
        is_valid = self._run(_VALIDITY, (name,)).scalar()
        if is_valid:
            return
        if is_valid is False:
            self.drop_index(name)
        kind = "UNIQUE INDEX" if unique else "INDEX"
        self._run(f"CREATE {kind} {self._concurrently}{name} ON {indexed}")

    def set_index_aside(self, name: str, aside: str) -> None:
        """Rename an index whose name another one gets, unless an interrupted run has done so."""
        if self._run(_VALIDITY, (aside,)).scalar() is None:
            self.change(f"ALTER INDEX IF EXISTS {name} RENAME TO {aside}")

    def drop_index(self, name: str) -> None:
        """Drop an index, if it is there."""
        self._run(f"DROP INDEX {self._concurrently}IF EXISTS {name}")

    def definition(self, table: str, constraint: str) -> str | None:
        """What PostgreSQL says that a constraint is; None when it is not there."""
        definition: str | None = self._run(_DEFINITION, (f'"{table}"', constraint)).scalar()
        return definition

    def change(self, *statements: str) -> None:
        """Run statements that keep writers out, at once or not at all."""
        if not self._apart:
            for statement in statements:
                self._run(statement)
            return
        for _ in range(ATTEMPTS):
            try:
                self._run("BEGIN")
                self._run(_WAIT_BRIEFLY)
                for statement in statements:
                    self._run(statement)
                self._run("COMMIT")
            except DBAPIError as error:
                self._run("ROLLBACK")
                if not was_locked(error):
                    raise
                self._run(f"SELECT pg_sleep({PAUSE_SECONDS})")
            else:
                return
        raise hindered(statements[0])

    def validate(self, table: str, constraint: str) -> None:
        """Check the rows that were there before a constraint NOT VALID; nobody waits for that."""
        self._run(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT {constraint}')


def has_large_tables(connection: Connection) -> bool:
    """Whether a migration is to be many transactions, and not one."""
    if connection.dialect.name != "postgresql":
        return False
    return (connection.exec_driver_sql(_SIZE_OF_ALL).scalar() or 0) > SMALL_BYTES


def wait_briefly(connection: Connection) -> None:
    """Let no statement of this transaction wait long for a lock."""
    connection.exec_driver_sql(_WAIT_BRIEFLY)


def was_locked(error: DBAPIError) -> bool:
    """Whether a statement ended because another transaction had a lock that it needed."""
    return getattr(error.orig, "sqlstate", None) in _LOCKED_BY_OTHERS


def hindered(change: str) -> MigrationRefused:
    """What to say when a change has given way `ATTEMPTS` times."""
    return MigrationRefused(
        f"For minutes other transactions have been in the way of: {change}",
        "End them (pg_stat_activity lists the oldest in xact_start), then migrate again:"
        " it goes on where it stopped.",
    )


@contextmanager
def table_changes(connection: Connection, tables: Sequence[str]) -> Iterator[Changes]:
    """Changes of tables, in the way that their size asks for."""
    names = [f'"{table}"' for table in tables]
    size = connection.exec_driver_sql(_SIZE, (names,)).scalar() or 0
    if size <= SMALL_BYTES:
        yield Changes(connection, apart=False)
        return
    with _committed_one_by_one(connection):
        yield Changes(connection, apart=True)


@contextmanager
def _committed_one_by_one(connection: Connection) -> Iterator[None]:
    """Commit what was done so far, and each statement of the block by itself.

    The lock of the migration is kept, by the session instead of the transaction.
    """
    run = connection.exec_driver_sql
    level = connection.get_isolation_level()
    run(f"SELECT pg_advisory_lock({LOCK})")
    connection.commit()
    timeout = run("SHOW statement_timeout").scalar()
    connection.commit()
    try:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        run("SET statement_timeout = 0")
        yield
        run(f"SET statement_timeout = '{timeout}'")
        connection.commit()
        connection.execution_options(isolation_level=level)
        connection.begin()
        run("SET LOCAL statement_timeout = 0")
        run(_WAIT_BRIEFLY)
        run(f"SELECT pg_advisory_xact_lock({LOCK})")
        run(f"SELECT pg_advisory_unlock({LOCK})")
    except BaseException:
        # The session goes, and with it its lock and its settings.
        connection.invalidate()
        raise
