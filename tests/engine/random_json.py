"""Random JSON, and random pointers into it."""

import random
from typing import Any

KEYS = [
    *("", "0", "1", "-1", "01", "+1", " 1", "1 ", "-", "a", "b", "x", "z", "aa", "campaign"),
    *("a.b", "a/b", "~", "~1", "a~0b", "$", "[0]", "#", "#-1", "*", "\u00e9\"'\\", "\\u0061"),
    *("1.0", "1e0", "0x1", "2147483648", "999999999", "9999999999", "\u0661", "\u2028\U0001f600"),
]
"""Keys of objects and steps of pointers: what some reader of JSON takes for something else."""

LEAVES: list[Any] = [
    *(None, True, False, 0, -0.0, 1, -1, 1.0, 2.5, 1e16, 1e-7, 2**53 + 1, 2**63 - 1, -(2**63)),
    *(2**64 - 1, 1e308, 5e-324, "", "a", '"', "\\", "null", "\u00e9\u2028\U0001f600", [], {}),
]


def document(pick: random.Random, depth: int = 4) -> Any:
    """An object, as every context is one, of anything."""
    return {pick.choice(KEYS): _value(pick, depth) for _ in range(pick.randint(0, 6))}


def pointer(pick: random.Random, into: Any = None) -> str:
    """A pointer: along what there is more often than not, to nothing, or none at all."""
    if pick.random() < 0.02:
        return pick.choice(["a", " /a", "#/a", "0", "/~", "/a~2", "/~~0", "/a" * 33])
    tokens: list[str] = []
    value = into
    for _ in range(pick.choice([0, 1, 1, 1, 2, 2, 3, 3, 4, 5])):
        token = pick.choice(_steps(value) or KEYS) if pick.random() < 0.8 else pick.choice(KEYS)
        tokens.append(token)
        value = _under(value, token)
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def _value(pick: random.Random, depth: int) -> Any:
    if depth == 0 or pick.random() < 0.3:
        return pick.choice(LEAVES)
    if pick.random() < 0.5:
        return document(pick, depth - 1)
    return [_value(pick, depth - 1) for _ in range(pick.choice([0, 1, 2, 3, 12]))]


def _steps(value: Any) -> list[str]:
    if isinstance(value, dict):
        return list(value)
    return [str(index) for index in range(len(value))] if isinstance(value, list) else []


def _under(value: Any, token: str) -> Any:
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and token in _steps(value):
        return value[int(token)]
    return None
