"""The log is one JSON object per line."""

import json
import logging
import logging.config
import sys

from gql.app.logs import JsonLines, log_config


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("gql.x", logging.WARNING, "x.py", 1, message, (), None)
    vars(made).update(extra)
    return made


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
    made = record("failed")
    try:
        int("why")
    except ValueError:
        made.exc_info = sys.exc_info()

    assert "ValueError: invalid literal" in json.loads(JsonLines().format(made))["exception"]


def test_the_configuration_is_one_that_logging_takes() -> None:
    config = logging.config.DictConfigurator(log_config("debug"))

    assert config.configure_formatter(config.config["formatters"]["lines"])
