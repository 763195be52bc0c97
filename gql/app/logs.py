"""The log: one JSON object per line on standard error."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message", "taskName"}
"""What every record has; the rest came by `extra=` and is printed."""


class JsonLines(logging.Formatter):
    """`{"time":...,"level":...,"logger":...,"message":...}`, then the fields of `extra=`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message contains."""
        line = {
            "time": f"{_second(int(record.created))}.{int(record.created * 1_000) % 1_000:03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **(record.fields if isinstance(record, RequestRecord) else _extra(record)),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=repr).decode()


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _ORDINARY}


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    """A second since 1970 as many lines begin with it: `2025-01-19T10:00:00`."""
    return datetime.fromtimestamp(second, UTC).isoformat().removesuffix("+00:00")


class RequestRecord(logging.LogRecord):
    """A line about a request, with these fields and nothing else.

    What all of them have in common stands in the class: to find out thread, process and line of
    code, as `logging` does for every record, takes longer than all the rest of a small request.
    """

    args = ()
    exc_info = exc_text = stack_info = None
    pathname = filename = module = funcName = threadName = processName = ""  # noqa: N815
    lineno = thread = process = 0
    msecs = relativeCreated = 0.0  # noqa: N815
    levelno, levelname = logging.INFO, "INFO"
    msg = "request"

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        # The base class is not called: it finds out what the class attributes above say.
        self.name = name
        self.created = time.time()
        self.fields = fields

    def getMessage(self) -> str:  # noqa: N802 -- the name in `logging`
        return self.msg


class LineHandler(logging.StreamHandler[Any]):
    """Writes to standard error, which Python flushes at the end of each line.

    Lines about requests that end in one iteration of the event loop are formatted and written
    together at its end. Any other line is written at once, after the lines that wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[logging.LogRecord] = []

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record, without the filters and the lock of the base class.

        No filter is set here, and whole lines in one write need no lock.
        """
        try:
            self._waiting.append(record)
            if not isinstance(record, RequestRecord):
                self.write()
            elif len(self._waiting) == 1:
                asyncio.get_running_loop().call_soon(self.write)
        except Exception:  # noqa: BLE001 -- as `logging` has it: a log never fails a request
            self.handleError(record)
        return True

    def write(self) -> None:
        """Write the lines that wait; a log that cannot be written must not fail a request."""
        waiting, self._waiting = self._waiting, []
        lines = [line for record in waiting if (line := self._line(record)) is not None]
        if lines:
            with suppress(OSError, ValueError):
                self.stream.write("\n".join([*lines, ""]))

    def _line(self, record: logging.LogRecord) -> str | None:
        """The line of a record; None for one that cannot be formatted, which is reported."""
        try:
            return self.format(record)
        except Exception:  # noqa: BLE001 -- as in `handle`
            self.handleError(record)
            return None

    def flush(self) -> None:
        """Write the lines that wait; `logging` calls this at the end of the process."""
        self.write()
        super().flush()


def log_config(level: str) -> dict[str, Any]:
    """A `logging.config.dictConfig` for the server and everything in it.

    Args:
        level: Least severity: "debug", "info", "warning" or "error".
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "gql.app.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "gql.app.logs.LineHandler", "formatter": "lines"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "gql": {"level": level.upper()},
            "uvicorn": {"level": level.upper()},
        },
    }
