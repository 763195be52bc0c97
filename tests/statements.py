"""Counts SQL statements where it matters: at the database, whichever way they were sent.

An event of SQLAlchemy would miss what goes through the driver's own prepared statements. SQLite
tells a trace callback; PostgreSQL writes each statement to its log before it runs it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_HOUSEKEEPING = re.compile(
    r"(BEGIN|COMMIT|ROLLBACK|START|SET|SHOW|PRAGMA|LISTEN|SAVEPOINT|RELEASE|DISCARD)\b"
    r"|select\s+(current_schema|current_setting|set_config)\(|.*\bpg_catalog\."
    r"|SELECT 1 / \(pg_backend_pid\(\)|WITH RECURSIVE typeinfo_tree|--",
    re.IGNORECASE | re.DOTALL,
)
OF_BACKGROUND_TASKS = re.compile(
    r"SELECT DISTINCT (call_rollup_change|inbox)\.|SELECT pg_try_advisory_xact_lock\("
    r"|WITH changes AS"
    r"|SELECT DISTINCT event_new\.|SELECT event_head\.last|INSERT INTO event_head|WITH fresh AS"
    r"|SELECT pg_notify\("
    r"|SELECT DISTINCT cost_budget\.|SELECT cost_budget(_passing)?\.|SELECT \S+ AS budget_month,"
    r"|SELECT webhook_subscription\.organization_id, webhook_subscription\.id\b"
)
"""What tasks of `gql/app` send, whenever they like: folding sums, the inbox, numbering events,
looking at budgets, and looking for webhooks to send.
"""
_OF_FTS5 = re.compile(r"'main'\.(data_version|'\w+_words_)")
_FIRES = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM)\b")
_CREDENTIALS = re.compile(r"\b(FROM|UPDATE)\s+api_key\b", re.IGNORECASE)
_LOGGED = re.compile(r"([^|\n]*)\|([^|\n]*)\|LOG:  (?:statement|execute [^:]*): (.*)")


class StatementLog(Protocol):
    """Every statement that a database ran, in order."""

    def mark(self) -> int:
        """The end of the log as it is now."""
        ...

    def since(self, mark: int) -> list[str]:
        """What was logged after a mark."""
        ...


@dataclass
class Statements:
    """What ran inside one block.

    Transactions, settings and the driver's look at types are left out, and so is looking up the API
    key: a verified key is remembered for seconds, so its statement comes when it comes.

    Attributes:
        texts: The statements, in order.
    """

    _log: StatementLog
    _start: int
    _texts: list[str] | None = None

    @property
    def texts(self) -> list[str]:
        """The statements so far, or of the whole block once it has ended."""
        if self._texts is not None:
            return self._texts
        return [text for text in self._log.since(self._start) if _counts(text)]

    @property
    def count(self) -> int:
        """How many statements ran."""
        return len(self.texts)

    def freeze(self) -> None:
        """Stop looking."""
        self._texts = self.texts


@contextmanager
def count(log: StatementLog) -> Iterator[Statements]:
    """Collect what runs inside the block."""
    ran = Statements(log, log.mark())
    yield ran
    ran.freeze()


@dataclass
class SqliteLog:
    """Hears of every statement on an engine's connections; attach it before the first one."""

    texts: list[str] = field(default_factory=list)

    def attach(self, engine: AsyncEngine) -> None:
        """Listen on each connection that the engine will open."""
        event.listen(engine.sync_engine, "connect", self._listen)

    def mark(self) -> int:
        """The end of the log as it is now."""
        return len(self.texts)

    def since(self, mark: int) -> list[str]:
        """What was logged after a mark."""
        return self.texts[mark:]

    def _listen(self, connection: Any, _record: Any) -> None:
        last = ""

        def hear(text: str) -> None:
            """SQLite reports each statement of a trigger too, by the text of the one that fired it.

            Meanwhile other connections may run others. FTS5 reads and writes its own tables by
            statements, which nobody sends.
            """
            nonlocal last
            if _OF_FTS5.search(text):
                return
            if not (_FIRES.match(text) and last == text):
                self.texts.append(text)
            last = text

        connection.run_async(lambda driver: driver.set_trace_callback(hear))


@dataclass(frozen=True)
class PostgresqlLog:
    """Reads the server's log; only what the gateway itself sent to this database."""

    path: Path
    database: str

    def mark(self) -> int:
        """The end of the log as it is now."""
        return self.path.stat().st_size

    def since(self, mark: int) -> list[str]:
        """What was logged after a mark."""
        _, logged = read_log(self.path, mark)
        own = (self.database, "jackfield")
        return [text for *sender, text in logged if tuple(sender) == own]


def read_log(path: Path, start: int) -> tuple[int, list[tuple[str, str, str]]]:
    """The end of a server's log, and each statement after `start`: database, application, text."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    # What is being written this moment comes next time.
    data = data[: data.rfind(b"\n") + 1]
    # A statement of several lines continues on lines that begin with a tab.
    lines = data.decode().replace("\n\t", "\n\x00").split("\n")
    statements: list[list[str]] = []
    current: list[str] | None = None  # None behind a line that is no statement: an error, a detail
    for line in lines:
        logged = _LOGGED.match(line)
        if logged:
            current = [logged[1], logged[2], logged[3]]
            statements.append(current)
        elif line.startswith("\x00") and current is not None:
            current[2] += "\n" + line[1:]
        else:
            current = None
    return start + len(data), [(database, by, text) for database, by, text in statements]


def _counts(text: str) -> bool:
    statement = text.strip()
    if _HOUSEKEEPING.match(statement) or OF_BACKGROUND_TASKS.match(statement):
        return False
    return not _CREDENTIALS.search(statement)
