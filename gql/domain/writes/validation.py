"""Checks of values that are written: every problem is collected, and all are reported at once."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from gql.database import dump_json
from gql.errors import Invalid, Problem, format_path
from gql.models.types import LONGEST_NAME, LONGEST_TEXT

Path = tuple[str | int, ...]

MAX_PROBLEMS = 100
"""Most problems that one answer lists."""

INT32 = 2**31
INT64 = 2**63
"""One more than the largest signed integer of so many bits."""

_DEEPEST = 64
"""Most levels of a JSON value that is stored, as `max_json_depth` is by default."""


class ProblemList:
    """Collects what is wrong with a write.

    Attributes:
        items: Everything so far.
    """

    def __init__(self, items: Iterable[Problem] = ()) -> None:
        self.items = list(items)

    def add(self, path: Path, text: str, code: str = "INVALID") -> None:
        """Add a problem, whose message is the path and then `text`: `name is required`."""
        self.items.append(Problem(path, f"{format_path(path)} {text}", code))

    def has(self, path: Path) -> bool:
        """Whether something is wrong at the path, or above it."""
        return any(problem.path == path[: len(problem.path)] for problem in self.items)

    def raise_if_any(self) -> None:
        """Raise `Invalid` with the first hundred problems, and how many more there are."""
        more = len(self.items) - MAX_PROBLEMS
        listed = self.items[:MAX_PROBLEMS]
        if more > 0:
            listed.append(Problem((), f"and {more:,} more problems", "TOO_MANY"))
        if listed:
            raise Invalid(tuple(listed))

    def check_text(self, path: Path, value: Any, *, longest: int = LONGEST_TEXT) -> None:
        """Text that both databases can store."""
        if not isinstance(value, str):
            self.add(path, "must be text")
        elif len(value) > longest:
            text = f"has {len(value):,} characters, but may have at most {longest:,}"
            self.add(path, text, "TOO_LONG")
        else:
            fault = _fault_of_text(value)
            if fault:
                self.add(path, f"has {fault}")

    def check_name(self, path: Path, value: Any, *, longest: int = LONGEST_NAME) -> None:
        """Text that is not blank."""
        if isinstance(value, str) and not value.strip():
            self.add(path, "must not be blank", "REQUIRED")
        else:
            self.check_text(path, value, longest=longest)

    def check_boolean(self, path: Path, value: Any) -> None:
        if not isinstance(value, bool):
            self.add(path, "must be true or false")

    def check_int32(self, path: Path, value: Any) -> None:
        """A whole number of 32 bits."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(path, "must be a whole number")
        elif not -INT32 <= value < INT32:
            text = f"is {value}, but must be between {-INT32} and {INT32 - 1}"
            self.add(path, text, "OUT_OF_RANGE")

    def check_number(self, path: Path, value: Any) -> None:
        """A finite number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.add(path, "must be a number")
        else:
            fault = _fault_of_number(value)
            if fault:
                self.add(path, f"is {fault}", "OUT_OF_RANGE")

    def check_enum(self, path: Path, value: Any, enum: type[StrEnum]) -> None:
        allowed = [str(member) for member in enum]
        if value not in allowed:
            listed = ", ".join(map(repr, allowed[:-1])) + f" or {allowed[-1]!r}"
            actual = repr(value[:40]) if isinstance(value, str) else "not text"
            self.add(path, f"is {actual}, but must be {listed}")

    def check_json_object(self, path: Path, value: Any, *, longest: int = LONGEST_TEXT) -> None:
        """A JSON object whose every value both databases can store."""
        if not isinstance(value, Mapping):
            self.add(path, "must be a JSON object")
            return
        fault = _fault_of_json(value)
        if fault:
            pointer, text = fault
            self.add(path, f"has {text}" + (f" at {pointer[:200]}" if pointer else ""))
            return
        length = len(dump_json(value))
        if length > longest:
            text = f"has {length:,} characters as JSON, but may have at most {longest:,}"
            self.add(path, text, "TOO_LONG")


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
    """The JSON Pointer and the fault of the first value that cannot be stored.

    A loop with a stack of its own, since a document may be nested deeper than Python can call.
    """
    stack: list[tuple[str, int, Any]] = [("", 0, document)]
    while stack:
        pointer, depth, value = stack.pop()
        fault = _fault_of_value(value)
        if fault or depth > _DEEPEST:
            return pointer, fault or f"more than {_DEEPEST} levels"
        if isinstance(value, Mapping):
            for key in value:
                fault = _fault_of_text(key) if isinstance(key, str) else "a key that is not text"
                if fault:
                    return pointer, f"{fault} in a key"
            stack += [(f"{pointer}/{key}", depth + 1, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            stack += [(f"{pointer}/{index}", depth + 1, inner) for index, inner in enumerate(value)]
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
