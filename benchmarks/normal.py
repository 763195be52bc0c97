"""Levels the dialects, so that answers of different servers can be compared value for value.

Ours prints global ids, upper-case words, exact decimals and connections; PostGraphile prints the
columns. Both become: integers, lower-case words, millionths, instants and plain lists.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_INSTANTS = frozenset({"startedAt", "lastActivity", "timestamp", "started_at", "ended_at"})
_WORDS = frozenset({"status", "nodeType", "conditionType", "role"})
_MONEY = frozenset({"total", "llm", "tts", "stt", "telephony"})


def normal(value: Any) -> Any:
    """A parsed answer without what is only dialect."""
    if isinstance(value, list):
        return [normal(item) for item in value if not _is_system_prompt(item)]
    if not isinstance(value, dict):
        return value
    flat = {**value, **value["cost"]} if isinstance(value.get("cost"), dict) else value
    level = {key: _leveled(key, item) for key, item in flat.items() if key != "cost"}
    return level["nodes"] if set(level) == {"nodes"} else level


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """Where two normal answers part first, and how; None when they are the same."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if set(one) != set(other):
            return f"{path}: keys {sorted(one)} and {sorted(other)}"
        pairs = [(f"{path}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)} items"
        pairs = [(f"{path}[{at}]", *both) for at, both in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other else f"{path}: {one!r} and {other!r}"
    differences = (
        difference(value, other_value, inner_path) for inner_path, value, other_value in pairs
    )
    return next(filter(None, differences), None)


def _leveled(key: str, value: Any) -> Any:
    level = _LEVELS.get(key)
    return normal(value) if level is None or value is None else level(value)


def _is_system_prompt(item: Any) -> bool:
    """PostGraphile cannot filter by `!=`, so its messages hold what ours leave out."""
    return isinstance(item, dict) and str(item.get("role")).lower() == "system"


def _identity(value: Any) -> int:
    return int(str(value).rpartition("_")[2])


def _instant(value: str) -> datetime:
    """To the millisecond: JavaScript's dates have no more."""
    exact = datetime.fromisoformat(value).astimezone(UTC)
    return exact.replace(microsecond=exact.microsecond // 1000 * 1000)


def _micros(value: Any) -> Any:
    """`"0.050000"` and `50000` are the same amount; a count of rows is itself."""
    return (
        int(Decimal(value) * 1_000_000) if isinstance(value, str) and "." in value else int(value)
    )


_LEVELS: dict[str, Callable[[Any], Any]] = {
    "id": _identity,
    **dict.fromkeys(_INSTANTS, _instant),
    **dict.fromkeys(_WORDS, str.lower),
    **dict.fromkeys(_MONEY, _micros),
}
