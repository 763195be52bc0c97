"""Checks of values that are written: every problem is collected, and all are told at once."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gql.errors import Invalid, Problem, place

Path = tuple[str | int, ...]

MAX_PROBLEMS = 100
"""Most problems that one answer lists."""

LONGEST_NAME = 255
"""Characters of a name; PostgreSQL indexes text of at most some 2,700 bytes."""

INT32 = 2**31
INT64 = 2**63

_DEEPEST = 64


class Errors:
    """Collects what is wrong.

    Attributes:
        items: Everything so far.
    """

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self.items = list(found)

    def add(self, path: Path, text: str, code: str = "INVALID") -> None:
        """Note a problem; `text` goes on after the place: `is required`."""
        self.items.append(Problem(path, f"{place(path)} {text}", code))

    def refuse(self) -> None:
        """Pass when nothing is wrong.

        Raises:
            Invalid: with the first hundred problems, and how many more there are.
        """
        more = len(self.items) - MAX_PROBLEMS
        listed = self.items[:MAX_PROBLEMS]
        if more > 0:
            listed.append(Problem((), f"and {more:,} more problems", "TOO_MANY"))
        if listed:
            raise Invalid(tuple(listed))

    def text(self, path: Path, value: Any, *, longest: int | None = None) -> None:
        """Text that both databases can keep."""
        if not isinstance(value, str):
            self.add(path, "must be text")
        elif longest is not None and len(value) > longest:
            said = f"has {len(value):,} characters, but may have at most {longest:,}"
            self.add(path, said, "TOO_LONG")
        else:
            fault = _fault_of_text(value)
            if fault:
                self.add(path, f"has {fault}")

    def name(self, path: Path, value: Any, *, longest: int = LONGEST_NAME) -> None:
        """Text that is not blank."""
        if isinstance(value, str) and not value.strip():
            self.add(path, "must not be blank", "REQUIRED")
        else:
            self.text(path, value, longest=longest)

    def optional_text(self, path: Path, value: Any) -> None:
        """Text or null."""
        if value is not None:
            self.text(path, value)

    def flag(self, path: Path, value: Any) -> None:
        """True or false."""
        if not isinstance(value, bool):
            self.add(path, "must be true or false")

    def int32(self, path: Path, value: Any) -> None:
        """A whole number of 32 bits."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(path, "must be a whole number")
        elif not -INT32 <= value < INT32:
            said = f"is {value}, but must be between {-INT32} and {INT32 - 1}"
            self.add(path, said, "OUT_OF_RANGE")

    def number(self, path: Path, value: Any) -> None:
        """A number that is finite."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.add(path, "must be a number")
        else:
            fault = _fault_of_number(value)
            if fault:
                self.add(path, f"is {fault}", "OUT_OF_RANGE")

    def word(self, path: Path, value: Any, words: Iterable[str]) -> None:
        """One of the documented words."""
        allowed = [str(word) for word in words]
        if value not in allowed:
            listed = ", ".join(repr(word) for word in allowed[:-1]) + f" or {allowed[-1]!r}"
            shown = repr(value[:40]) if isinstance(value, str) else "not text"
            self.add(path, f"is {shown}, but must be {listed}")

    def json_object(self, path: Path, value: Any) -> None:
        """A JSON object whose every value both databases can keep."""
        if not isinstance(value, Mapping):
            self.add(path, "must be a JSON object")
            return
        fault = _fault_of_json(value)
        if fault:
            where, said = fault
            self.add(path, f"has {said}" + (f" at {where[:200]}" if where else ""))

    def optional_json_object(self, path: Path, value: Any) -> None:
        """A JSON object or null."""
        if value is not None:
            self.json_object(path, value)


Check = Callable[[Errors, Path, Any], None]
"""Takes the collector, a path and a value."""


def check_fields(problems: Errors, checks: Mapping[str, Check], values: Mapping[str, Any]) -> None:
    """Check each value by its name."""
    for field, value in values.items():
        check = checks.get(field)
        if check is None:
            problems.add((field,), "cannot be set")
        else:
            check(problems, (field,), value)


def _fault_of_text(text: str) -> str | None:
    if "\0" in text:
        return "a NUL character"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "half of a surrogate pair"
    return None


def _fault_of_number(number: float) -> str | None:
    if isinstance(number, float):
        return None if math.isfinite(number) else "not finite"
    return None if -INT64 <= number < INT64 else "outside of 64 bits"


def _fault_of_json(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """The place (a JSON Pointer) and the kind of the first value that cannot be kept."""
    waiting: list[tuple[str, int, Any]] = [("", 0, document)]
    while waiting:
        where, depth, value = waiting.pop()
        fault = _fault_of_value(value)
        if fault or depth > _DEEPEST:
            return where, fault or f"more than {_DEEPEST} levels"
        if isinstance(value, Mapping):
            for key in value:
                fault = _fault_of_text(key) if isinstance(key, str) else "a key that is not text"
                if fault:
                    return where, f"{fault} in a key"
            waiting += [(f"{where}/{key}", depth + 1, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{where}/{index}", depth + 1, inner) for index, inner in enumerate(value)]
    return None


def _fault_of_value(value: Any) -> str | None:
    if isinstance(value, str):
        return _fault_of_text(value)
    if isinstance(value, (int, float)):
        fault = _fault_of_number(value)
        return f"a number that is {fault}" if fault else None
    if value is None or isinstance(value, (Mapping, list)):
        return None
    return "a value that is not JSON"
