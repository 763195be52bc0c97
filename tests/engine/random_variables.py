"""Random variables of an operation: right ones, wrong ones and those at the edge."""

import random
from collections.abc import Iterator
from typing import Any

from graphql import OperationDefinitionNode, get_named_type, type_from_ast

from gql.schema.inputs.comparators import MAX_IN
from tests.engine.differential import GRAPHQL
from tests.engine.random_arguments import Values, wire

CURSORS = {
    ("call", "started_at"): ("20250119T100000Z", "20250119T100000.5Z"),
    ("call", "duration"): ("5", "-"),
    ("call", "total_cost"): ("5000000", "-"),
    ("graph", "id"): ("7",),
    ("graph", "name"): ("616263",),
}
"""Keys of cursors, by resource and order; `-` is that of a row without a value."""

NOUNS = ("call", "assistant", "graph", "user", "graph_session", None)
PATHS = ("", "/a", "/a/0/~1x", "a", "/~", "/" * 40, "/0/1", "/-1")
SIZES = (0, 1, 5, 20, 20, 99, 100, 101, 999, 1_000, None)


class RandomVariables:
    """Makes variables.

    Args:
        pick: Where every choice comes from.
    """

    def __init__(self, pick: random.Random) -> None:
        self._pick, self.values = pick, Values(pick)
        for (noun, order), keys in CURSORS.items():
            for direction in ("asc", "desc"):
                self.values.cursors[noun, order, direction] = [
                    f"1~{noun}~{order}~{direction}~{key}~{number}"
                    for key in keys
                    for number in (1, 20)
                ]

    def of(self, operation: OperationDefinitionNode, *, wrong: float) -> dict[str, Any]:
        """JSON for an operation, of which about that share of values is wrong."""
        variables: dict[str, Any] = {}
        for definition in operation.variable_definitions or ():
            if self._pick.random() < 0.1:
                continue
            name = definition.variable.name.value
            value = self._value(type_from_ast(GRAPHQL, definition.type), name)
            variables[name] = self._spoilt(value) if self._pick.random() < wrong else value
        if self._pick.random() < 0.1:
            variables["unknown"] = self._pick.choice([1, None, {"a": []}])
        return variables

    def _value(self, kind: Any, name: str) -> Any:
        pick, named = self._pick, get_named_type(kind).name
        if name in {"after", "before"}:
            return pick.choice(pick.choice(list(self.values.cursors.values())))
        if name == "path":
            return pick.choice(PATHS)
        if str(kind).startswith("Int") and pick.random() < 0.8:
            return pick.choice(SIZES)
        if named == "ID" and str(kind).startswith("[") and pick.random() < 0.1:
            return [str(number) for number in range(1, MAX_IN + pick.choice([0, 1, 2]))]
        self.values.noun = pick.choice(NOUNS)
        return wire(self.values.value(kind))

    def _spoilt(self, value: Any) -> Any:
        """A value that is wrong somewhere, or only written otherwise."""
        pick = self._pick
        if isinstance(value, dict) and value and pick.random() < 0.7:
            name = pick.choice(list(value))
            if pick.random() < 0.2:
                return {**value, "unknown": 1}
            if pick.random() < 0.4:
                return {key: item for key, item in value.items() if key != name}
            return {**value, name: self._spoilt(value[name])}
        if isinstance(value, list) and value and pick.random() < 0.5:
            index = pick.randrange(len(value))
            return [*value[:index], self._spoilt(value[index]), *value[index + 1 :]]
        return pick.choice(
            [
                *(None, None, True, False, 0, 1, 20, -1, 5.0, 5.5, 2**31, -(2**31) - 1, 2**63),
                *("", "x", "5", "20", "true", "COMPLETED", "completed", "DESC", "1e3", "0.0000001"),
                *("٣", "call_٣", "call_007", "call_5", "_5", "9223372036854775808", "a" * 1_001),
                *("2025-01-19", "2025-01-19t10:00:00z", "2025-02-30T00:00:00Z", 1e-7, 1e22),
                *([], {}, [value], [[value]], {"x": 1}, {"unknown": value}, {"eq": value}),
                *({"eq": None}, {"id": 5}, {"callSid": "CA1"}, {"id": "5", "callSid": "x"}),
                *({"id": None}, {"field": "NAME", "direction": None}, {"key": "a"}),
                *(nested(30), nested(120), "COMPLETED, FAILED", ["COMPLETED"], ["5"] * 101),
            ]
        )


def without_each_field(value: Any) -> Iterator[Any]:
    """The same JSON without one field of one of its objects, for each that there is."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield {key: other for key, other in value.items() if key != name}
            yield from ({**value, name: lacking} for lacking in without_each_field(item))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for lacking in without_each_field(item):
                yield [*value[:index], lacking, *value[index + 1 :]]


def nested(levels: int) -> Any:
    """A filter in filters; each level is two levels of JSON."""
    value: Any = {"status": {"eq": "FAILED"}}
    for _ in range(levels):
        value = {"any": [value]}
    return value
