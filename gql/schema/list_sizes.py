"""How often something is in an answer: a fixed number, or what the variables of a request say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gql.query.paging import DEFAULT_PAGE, MAX_PAGE
from gql.schema.query import MAX_IDS


@dataclass(frozen=True)
class Variable:
    """A variable of the operation, with its default."""

    name: str
    default: Any = None


Given = Mapping[str, Any]
"""The variables of a request, as they came."""


@dataclass(frozen=True)
class Page:
    """How many objects a page has: as `first` or `last` says."""

    first: int | Variable | None = None
    last: int | Variable | None = None
    most = MAX_PAGE

    def objects(self, given: Given) -> int:
        """The figure for these variables; none for a page that will be refused."""
        first, last = _value(self.first, given), _value(self.last, given)
        if first is not None and last is not None:
            return 0
        size = DEFAULT_PAGE if first is last else first if last is None else last
        return int(size) if _is_number(size) and 0 <= size <= MAX_PAGE else 0

    @property
    def settled(self) -> bool:
        """Whether it is the same for every request."""
        return not isinstance(self.first, Variable) and not isinstance(self.last, Variable)


@dataclass(frozen=True)
class Ids:
    """How many objects are looked up: as many as there are ids; a single one needs no list."""

    ids: Any
    most = MAX_IDS

    def objects(self, given: Given) -> int:
        """The figure for these variables; none for a list that will be refused."""
        ids = _value(self.ids, given)
        number = len(ids) if isinstance(ids, list) else int(ids is not None)
        return number if number <= MAX_IDS else 0

    @property
    def settled(self) -> bool:
        """Whether it is the same for every request."""
        return not isinstance(self.ids, Variable)


Size = int | Page | Ids
"""How often something is in an answer, under each object that it is in."""


def _value(value: Any, given: Given) -> Any:
    return given.get(value.name, value.default) if isinstance(value, Variable) else value


def _is_number(value: Any) -> bool:
    """Whether GraphQL takes it for an Int; a request with anything else is refused."""
    whole = value.is_integer() if isinstance(value, float) else isinstance(value, int)
    return whole and not isinstance(value, bool)
