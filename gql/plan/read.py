"""What a caller reads who does not write a document: one list, or what one key finds, as data.

`Read` is settled once, and `Asked` is one request for it. A plan (`reads.py`) and the reference way
(`reference.py`) are two interpreters of the same two values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gql.domain.filters import Filter
from gql.domain.paging import Paging
from gql.domain.resource import Resource
from gql.plan.binder import Shapes, Sieve, Values, bind_page, bind_terms
from gql.plan.tree import (
    ConnectionItem,
    Found,
    Item,
    Listed,
    Paged,
    Selection,
    ToMany,
    outline,
)

KEY = 0
"""The slot of the key."""

LIST = 1
"""The slot of the list."""


@dataclass(frozen=True, eq=False)
class Read:
    """What is read: a list, a page with something about it, or what is printed of one record."""

    root: Paged | Listed | Found

    def __str__(self) -> str:
        """The indented tree."""
        return "\n".join(outline("read", self.root))

    @cached_property
    def versioned(self) -> bool:
        """Whether a version is printed before the answer."""
        return isinstance(self.root, Found) and self.root.version is not None

    @cached_property
    def listed(self) -> Resource | None:
        """Whose records the list in it holds; None without one."""
        inside = self.root.item if isinstance(self.root, Found) else self.root
        return inside.resource if isinstance(inside, (Paged, Listed, ToMany)) else None


def listed(resource: Resource, selection: Selection) -> Read:
    """A page as a plain list."""
    return Read(Listed(LIST, resource, selection))


def paged(resource: Resource, **items: ConnectionItem) -> Read:
    """A page in an object that says something about it."""
    return Read(Paged(LIST, resource, None, tuple(items.items())))


def found(
    resource: Resource, item: Item, *, noun: str, by: str = "id", version: str | None = None
) -> Read:
    """What is printed of one record: the record itself, or a list that belongs to it.

    Args:
        resource: Whose record.
        item: What is printed.
        noun: What it is called when it is not there.
        by: The column that the key is in.
        version: The label that tells which version of the record was read.
    """
    return Read(Found(KEY, resource, by, noun, item, version))


@dataclass(frozen=True)
class Asked:
    """One request for a read; it gives what the read has a place for.

    Attributes:
        key: What is looked up.
        paging: Which part of the list; None for all of it.
        filter: What the list's records must pass.
        told: Numbers of the request that the answer says again.
    """

    key: Any = None
    paging: Paging | None = None
    filter: Filter = ()
    told: Mapping[str, int] = field(default_factory=dict)


def bind(read: Read, asked: Asked) -> tuple[Shapes, Values]:
    """The shapes of a read's two slots, and the values of its statement's parameters."""
    values: Values = {f"told_{name}": str(number) for name, number in asked.told.items()}
    values[f"s{KEY}_key0"] = asked.key
    listed, name = read.listed, f"s{LIST}"
    if listed is None:
        return ((), ()), values
    if asked.paging is None:
        return ((), Sieve(bind_terms(name, listed.filters, asked.filter, values))), values
    return ((), bind_page(name, listed, asked.paging, asked.filter, values)), values
