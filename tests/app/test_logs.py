"""The log is one JSON object per line."""

import asyncio
import json
import logging
import logging.config
import sys
from typing import Any

from gql.app.logs import JsonLines, LineHandler, RequestRecord, log_config


def record(message: str, **extra: object) -> logging.LogRecord:
    entry = logging.LogRecord("gql.x", logging.WARNING, "x.py", 1, message, (), None)
    vars(entry).update(extra)
    return entry


def test_a_record_is_one_line_with_what_extra_gave() -> None:
    line = JsonLines().format(record("two\nlines", call=7, thing=object))

    assert "\n" not in line
    parsed = json.loads(line)
    del parsed["time"]
    assert parsed == {
        "level": "warning",
        "logger": "gql.x",
        "message": "two\nlines",
        "call": 7,
        "thing": "<class 'object'>",
    }


def test_an_exception_comes_with_its_traceback() -> None:
    entry = record("failed")
    try:
        int("why")
    except ValueError:
        entry.exc_info = sys.exc_info()

    assert "ValueError: invalid literal" in json.loads(JsonLines().format(entry))["exception"]


def test_the_configuration_is_one_that_logging_takes() -> None:
    config = logging.config.DictConfigurator(log_config("debug"))

    assert config.configure_formatter(config.config["formatters"]["lines"])


class Stream:
    """Collects what is written to it."""

    def __init__(self) -> None:
        self.written: list[list[Any]] = []

    def write(self, text: str) -> None:
        self.written.append([json.loads(line) for line in text.splitlines()])


def noting() -> tuple[LineHandler, Stream]:
    handler, stream = LineHandler(), Stream()
    handler.setFormatter(JsonLines())
    handler.stream = stream
    return handler, stream


async def test_requests_that_end_together_are_written_together() -> None:
    handler, stream = noting()

    for number in (1, 2):
        handler.handle(RequestRecord("gql.app.requests", {"status": number}))
    assert stream.written == []
    await asyncio.sleep(0)

    (lines,) = stream.written
    assert [line["status"] for line in lines] == [1, 2]


async def test_any_other_line_is_written_at_once_after_those_that_wait() -> None:
    handler, stream = noting()

    handler.handle(RequestRecord("gql.app.requests", {"status": 1}))
    handler.handle(record("look"))

    (lines,) = stream.written
    assert [line["message"] for line in lines] == ["request", "look"]
    await asyncio.sleep(0)
    assert len(stream.written) == 1


async def test_the_end_of_the_process_leaves_no_line_behind() -> None:
    handler, stream = noting()
    stream.flush = lambda: None  # type: ignore[attr-defined]

    handler.handle(RequestRecord("gql.app.requests", {"status": 1}))
    handler.flush()

    assert len(stream.written) == 1


async def test_a_log_that_nobody_takes_stops_nothing() -> None:
    handler, _ = noting()
    handler.stream = Refusing()

    assert handler.handle(record("lost"))


class Refusing(Stream):
    def write(self, _text: str) -> None:
        raise BrokenPipeError
