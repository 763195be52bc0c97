"""What an operation costs, as its document keeps it: a number, and products of variable sizes.

The products are only worked out for a request if the most that they can be is over the limit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from math import prod
from typing import Any

from gql.query.weights import SCHEMA_VALUE
from gql.schema.list_arguments import Variables

MOST_POINTS = 64
"""For how many kinds of variables the points of an operation are cached."""

LONGEST_NAME = 64
"""A longer text is no value of an enum."""

MOST_PARTS = 200
"""The names and lists of a filter whose points are cached, about: a client chooses them."""

_ABSENT = ...
"""Stands for a variable that a request leaves out."""

_EXACT = frozenset({int, type(None), type(_ABSENT)})
"""The types of values that a key has as they are; not of `True`, which equals 1."""


class VariableKind(Enum):
    """What of the value of a variable counts."""

    TEXT = "the length of its paths and lists: it is an id, or the like"
    FILTER = "which fields it has, and the length of lists in it"
    OTHER = "all of it: it is a number, or the name of an order"


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number that depends on variables.

    Attributes:
        most: The largest that it can be.
        value: The number for the variables of a request; 0 for what will be refused.
    """

    most: int
    value: Callable[[Variables], int]


@dataclass(frozen=True)
class Charge:
    """What one selected field costs.

    Attributes:
        path: The response keys that lead to it: `calls.nodes.assistant`.
        points: Of the field under one object.
        sizes: Of the lists that it is under.
    """

    path: str
    points: int
    sizes: tuple[Quantity, ...]

    def total(self, variables: Variables) -> int:
        return self.points * prod(size.value(variables) for size in self.sizes)


@dataclass(frozen=True)
class OperationCost:
    """What an operation costs.

    Attributes:
        fixed: The points that are the same for every request.
        varying: Points for each product of quantities that depend on variables.
        schema_values: How many values below `__schema` and `__type` it prints.
        variables: The kind of each variable, by its name.
    """

    fixed: int = 0
    varying: tuple[tuple[int, tuple[Quantity, ...]], ...] = ()
    schema_values: int = 0
    variables: Mapping[str, VariableKind] = field(default_factory=dict)
    _points: dict[tuple[Any, ...], int] = field(default_factory=dict, repr=False)

    @cached_property
    def most(self) -> int:
        """The points for the variables that make them most."""
        return self.fixed + sum(
            points * prod(size.most for size in sizes) for points, sizes in self.varying
        )

    @property
    def without_schema(self) -> "OperationCost":
        """The same without what it prints of the schema."""
        fixed = self.fixed - SCHEMA_VALUE.points * self.schema_values
        return replace(self, fixed=fixed, _points={})

    def points(self, variables: Variables) -> int:
        """The points for these variables; cached, as they depend on few properties of them."""
        points = self.cached_points(variables)
        if points is not None:
            return points
        points = self._total(variables)
        key = self._key(variables)
        if key is not None:
            if len(self._points) >= MOST_POINTS:
                self._points.clear()
            self._points[key] = points
        return points

    def cached_points(self, variables: Variables) -> int | None:
        """The points for these variables, where they need no working out."""
        if not self.varying:
            return self.fixed
        key = self._key(variables)
        return None if key is None else self._points.get(key)

    def _key(self, variables: Variables) -> tuple[Any, ...] | None:
        """What the points depend on; None where that is too much to be kept."""
        key: list[Any] = []
        for name, kind_of_variable in self.variables.items():
            value = variables.get(name, _ABSENT)
            kind = type(value)
            if kind_of_variable is VariableKind.TEXT and kind is str:
                key.append((str, value.count("/")))
            elif kind_of_variable is VariableKind.TEXT and kind is list:
                key.append((list, len(value)))
            elif kind_of_variable is VariableKind.FILTER and kind is dict:
                try:
                    _add_shape(value, key)
                except OverflowError:
                    return None
            elif kind in _EXACT or (kind is str and len(value) <= LONGEST_NAME):
                key.append(value)
            else:
                return None
        return tuple(key)

    def _total(self, variables: Variables) -> int:
        values: dict[Quantity, int] = {}
        total = self.fixed
        for points, sizes in self.varying:
            for size in sizes:
                if size not in values:
                    values[size] = size.value(variables)
            total += points * prod(values[size] for size in sizes)
        return total


def _add_shape(value: Any, key: list[Any]) -> None:
    """Add to a key what counts of the value of a filter.

    Raises:
        OverflowError: when that is too much to be kept.
    """
    if isinstance(value, dict):
        key += (dict, len(value))
        for name, member in value.items():
            if len(key) > MOST_PARTS or len(name) > LONGEST_NAME:
                raise OverflowError
            key.append(name)
            _add_shape(member, key)
    elif isinstance(value, list):
        key += (list, len(value))
        if any(isinstance(each, (dict, list)) for each in value):
            for each in value:
                if len(key) > MOST_PARTS:
                    raise OverflowError
                _add_shape(each, key)
    else:
        key.append(None if value is None else str)
