"""Fails the test during which PostgreSQL ran a statement that binds no organization.

The server's log has every statement that came from anywhere: resolvers, plans, commands in other
processes. Each text is parsed once per run, by `tools/lint_statements.py`. What a test asks by
itself, and what fills tables when they are made, says so in a comment, which `sign_statements`
appends to it.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import greenlet
import pytest
from pglast.parser import ParseError
from sqlalchemy import Engine, event

from tests.statements import read_log
from tools.lint_statements import TENANT_TABLES, Lint

_SIGNED = {
    "tests/": "/* sent by a test */",
    "gql/migrations/": "/* sent by a migration */",
}
_SENDING_FOR_OTHERS = ("gql/database/", "gql/sql/")
_SOURCE_FILE = re.compile(rf"{re.escape(str(Path(__file__).parent.parent))}/((?:gql|tests)/.*)")

_MENTIONS = re.compile(rf"\b({'|'.join(sorted(TENANT_TABLES))})\b")

EXCEPTIONS = {
    r"\ATRUNCATE .* RESTART IDENTITY": "demo --reset deletes everything, as it says",
    r"\ASELECT setval\(": "demo data has ids of its own, and sequences go on behind the highest",
    r"\ASELECT count\(CASE WHEN \(length\(": "doctor counts long values of everybody",
    r"count\(\*\) OVER \(\) AS how_many": "doctor and migrations look for broken references",
    r"\A\s*INSERT INTO call_tally \(": "a migration counts all calls, in a process of its own",
    r"HAVING count\(\*\) > 1 ORDER BY 1, 2, 3 LIMIT 3": "a migration looks for doubled ids",
    r"AS batch ORDER BY organization_id DESC, id DESC LIMIT 1": "a migration reads all calls",
    r"\A\s*UPDATE \S*call SET \(customer_phone_digits": "a migration corrects older rows",
    r"\A\s*UPDATE call SET has_recording = true WHERE NOT": "a migration marks older rows",
    r"\ASELECT DISTINCT call_rollup_change\.organization_id": "folding asks whose changes wait",
    r"\ASELECT DISTINCT event_new\.organization_id": "numbering asks who has new events",
    r"\ASELECT event_head\.organization_id, event_head\.last": "pruning asks who has events",
    r"\ASELECT DISTINCT cost_budget\.organization_id": "the watch asks who has budgets",
    r"\ASELECT DISTINCT inbox\.organization_id": "the inbox asks whose deliveries are due",
    r"\ASELECT webhook_subscription\.organization_id, webhook_subscription\.id\b": (
        "who sends webhooks asks whose are due"
    ),
}
"""Why a statement need not bind an organization, by a pattern of its text."""

_LONGEST_SHOWN = 2_000

COUNTED = ("texts", "statements", "references", "exceptions")
_SUMMARY = (
    "PostgreSQL ran {texts} different statements; {statements} name a tenant table, {references}"
    " times in all, and each time its organization is bound, but for {exceptions} exceptions."
)


@dataclass
class StatementLint:
    """Reads what is new in the server's log; `seen` has the hash of each text that was looked at.

    Attributes:
        log: Of the server; None when it has not started.
        counts: Texts that were looked at, those that named tenant tables, how often, and how many
            of them have a reason in `EXCEPTIONS`.
    """

    log: Callable[[], Path | None]
    counts: Counter[str] = field(default_factory=Counter)
    _seen: set[int] = field(default_factory=set)
    _end: int = 0

    def require_bound(self) -> None:
        """Fail the running test when a new statement is wrong, with its text."""
        faults = self.faults()
        if faults:
            pytest.fail("\n".join(faults), pytrace=False)

    def skip(self) -> None:
        """Take what ran so far for right."""
        self.faults()

    def faults(self) -> list[str]:
        """What is wrong with each new statement, and its text."""
        new: list[str] = []
        log = self.log()
        if log is None:
            return new
        self._end, logged = read_log(log, self._end)
        for _, application, text in logged:
            if application != "jackfield" or hash(text) in self._seen:
                continue
            self._seen.add(hash(text))
            self.counts["texts"] += 1
            if _MENTIONS.search(text) and not text.endswith(tuple(_SIGNED.values())):
                faults = self._faults(text)
                new += [f"{faults} in\n{text[:_LONGEST_SHOWN]}"] if faults else []
        return new

    def _faults(self, text: str) -> str:
        """What is wrong with a statement that may name a tenant table; empty when nothing is."""
        lint = Lint()
        try:
            lint.statements(text)
        except ParseError as error:
            return str(error)
        self.counts["statements"] += lint.references > 0
        self.counts["references"] += lint.references
        if lint.findings and any(re.search(pattern, text, re.DOTALL) for pattern in EXCEPTIONS):
            self.counts["exceptions"] += 1
            return ""
        return "; ".join(map(str, sorted(lint.findings)))


@contextmanager
def sign_statements() -> Iterator[None]:
    """Append to the statements of tests and migrations, on any engine, who sent them."""

    def sign(*arguments: Any) -> tuple[str, Any]:
        _, _, statement, parameters, _, _ = arguments
        comment = _signature()
        return (f"{statement} {comment}" if comment else statement), parameters

    event.listen(Engine, "before_cursor_execute", sign, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", sign)


def _signature() -> str | None:
    """The comment of the nearest caller that is ours and has statements of its own."""
    for frame in _callers(sys._getframe(2)):  # noqa: SLF001 -- public enough for `logging`
        path = _SOURCE_FILE.fullmatch(frame.f_code.co_filename)
        if path and not path[1].startswith(_SENDING_FOR_OTHERS):
            return next((text for each, text in _SIGNED.items() if path[1].startswith(each)), None)
    return None


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames from the inside out, through the greenlets in which SQLAlchemy runs drivers."""
    inside = greenlet.getcurrent()
    while frame is not None or inside.parent is not None:
        if frame is None:
            assert inside.parent is not None
            inside = inside.parent
            frame = inside.gr_frame
            continue
        yield frame
        frame = frame.f_back


@dataclass
class Summary:
    """A plugin that says at the end of a run what the lint looked at, in all workers together.

    Attributes:
        counts: Those of `StatementLint`; a text that ran in two workers counts twice.
    """

    counts: Counter[str] = field(default_factory=Counter)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the counts of a worker to the process that prints."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["statements"] = dict(self.counts)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the counts of a worker; one that crashed has none."""
        self.counts.update(getattr(node, "workeroutput", {}).get("statements", {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the counts, where PostgreSQL was used."""
        if self.counts:
            numbers = {name: f"{self.counts[name]:,}" for name in COUNTED}
            terminalreporter.write_line(_SUMMARY.format(**numbers))


SUMMARY = pytest.StashKey[Summary]()
