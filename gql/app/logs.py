"""The log: one JSON object per line on standard error."""

import logging
from datetime import UTC, datetime
from typing import Any

import orjson

_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message", "taskName"}
"""What every record has; the rest was given by `extra=` and is printed."""


class JsonLines(logging.Formatter):
    """`{"time":...,"level":...,"logger":...,"message":...}`, then what `extra=` gave."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message contains."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = vars(record).items()
        line.update((name, value) for name, value in extra if name not in _ORDINARY)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=repr).decode()


def log_config(level: str) -> dict[str, Any]:
    """A `logging.config.dictConfig` for the server and everything in it.

    Args:
        level: Least severity: "debug", "info", "warning" or "error".
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "gql.app.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "gql": {"level": level.upper()},
            "uvicorn": {"level": level.upper()},
        },
    }
