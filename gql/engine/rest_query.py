"""What a caller reads who does not write a document: one list, or what one key finds, as data.

`RestQuery` is settled once, and `RestArguments` is one request for it. A plan (`query_runner.py`)
and the reference way (`rest_resolvers.py`) are two interpreters of the same two values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gql.engine.bind import FilterVariant, Values, VariantKey, bind_page, bind_terms
from gql.engine.plan_nodes import (
    ConnectionItem,
    ConnectionPage,
    Item,
    ListPage,
    RecordLookup,
    Selection,
    ToMany,
    outline,
)
from gql.query.filters import Filter
from gql.query.paging import Paging
from gql.query.resource import Resource

KEY = 0
"""The slot of the key."""

LIST = 1
"""The slot of the list."""


@dataclass(frozen=True, eq=False)
class RestQuery:
    """What is read: a list, a page with something about it, or what is printed of one record."""

    root: ConnectionPage | ListPage | RecordLookup

    def __str__(self) -> str:
        """The indented tree."""
        return "\n".join(outline("read", self.root))

    @cached_property
    def versioned(self) -> bool:
        """Whether a version is printed before the answer."""
        return isinstance(self.root, RecordLookup) and self.root.version is not None

    @cached_property
    def listed(self) -> Resource | None:
        """Whose records the list in it holds; None without one."""
        inside = self.root.item if isinstance(self.root, RecordLookup) else self.root
        return inside.resource if isinstance(inside, (ConnectionPage, ListPage, ToMany)) else None


def list_of(resource: Resource, selection: Selection) -> RestQuery:
    """A page as a plain list."""
    return RestQuery(ListPage(LIST, resource, selection))


def page_of(resource: Resource, **items: ConnectionItem) -> RestQuery:
    """A page in an object that says something about it."""
    return RestQuery(ConnectionPage(LIST, resource, None, tuple(items.items())))


def lookup(
    resource: Resource, item: Item, *, noun: str, by: str = "id", version: str | None = None
) -> RestQuery:
    """What is printed of one record: the record itself, or a list that belongs to it.

    Args:
        resource: Whose record.
        item: What is printed.
        noun: What it is called when it is not there.
        by: The column that the key is in.
        version: The label that tells which version of the record was read.
    """
    return RestQuery(RecordLookup(KEY, resource, by, noun, item, version))


@dataclass(frozen=True)
class RestArguments:
    """One request for a read; it gives what the read has a place for.

    Attributes:
        key: What is looked up.
        paging: Which part of the list; None for all of it.
        filter: What the list's records must pass.
        echoed: Numbers of the request that the answer says again.
    """

    key: Any = None
    paging: Paging | None = None
    filter: Filter = ()
    echoed: Mapping[str, int] = field(default_factory=dict)


def bind(read: RestQuery, asked: RestArguments) -> tuple[VariantKey, Values]:
    """The shapes of a read's two slots, and the values of its statement's parameters."""
    values: Values = {f"told_{name}": str(number) for name, number in asked.echoed.items()}
    values[f"s{KEY}_key0"] = asked.key
    listed, name = read.listed, f"s{LIST}"
    if listed is None:
        return ((), ()), values
    if asked.paging is None:
        return ((), FilterVariant(bind_terms(name, listed.filters, asked.filter, values))), values
    return ((), bind_page(name, listed, asked.paging, asked.filter, values)), values
