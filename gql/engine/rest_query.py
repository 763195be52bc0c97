"""What a REST route reads: one list, or what is printed of one record, as data.

`RestQuery` is made once, and `RestArguments` is one request for it. A plan (`query_runner.py`) and
resolvers (`rest_resolvers.py`) are two interpreters of the same two values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gql.engine.bind import FilterVariant, Values, VariantKey, bind_page, bind_terms
from gql.engine.fields import (
    ConnectionSource,
    ManySource,
    PageSource,
)
from gql.engine.plan import PlanNode, outline
from gql.query.filters import Filter
from gql.query.paging import Paging
from gql.query.resource import Resource

KEY_ARGUMENT = 0
"""The number of the argument that is the key of the record."""

LIST_ARGUMENT = 1
"""The number of the argument that is the paging and the filter of the list."""


@dataclass(frozen=True, eq=False)
class RecordLookup:
    """The one record that a route names.

    Attributes:
        resource: Whose record.
        column: The column that the key is in.
        noun: What it is called in a 404.
        version: The label that tells which version of the record was read; None for no version.
    """

    resource: Resource
    column: str
    noun: str
    version: str | None


@dataclass(frozen=True, eq=False)
class RestQuery:
    """What is read.

    Attributes:
        item: A page of a list, or what is printed of the record.
        record: The record that is looked up first; None where there is none.
    """

    item: PlanNode
    record: RecordLookup | None = None

    def __str__(self) -> str:
        """The indented tree."""
        return "\n".join(self._outline())

    def _outline(self) -> Iterator[str]:
        if self.record is not None:
            yield f"{self.record.resource.name} by {self.record.column}"
        yield from outline("read", self.item)

    @cached_property
    def versioned(self) -> bool:
        """Whether a version is printed before the answer."""
        return self.record is not None and self.record.version is not None

    @cached_property
    def listed(self) -> Resource | None:
        """Whose records the list in it holds; None without one."""
        source = self.item.source
        lists = (ConnectionSource, PageSource, ManySource)
        return source.resource if isinstance(source, lists) else None


@dataclass(frozen=True)
class RestArguments:
    """One request for a read; it gives what the read has a place for.

    Attributes:
        key: What is looked up.
        paging: Which part of the list; None for all of it.
        filter: What the list's records must pass.
        echoed: Numbers of the request that the answer repeats.
    """

    key: Any = None
    paging: Paging | None = None
    filter: Filter = ()
    echoed: Mapping[str, int] = field(default_factory=dict)


def bind(query: RestQuery, arguments: RestArguments) -> tuple[VariantKey, Values]:
    """The variant of a read's two arguments, and the values of its statement's parameters."""
    values: Values = {f"told_{name}": str(number) for name, number in arguments.echoed.items()}
    values[f"s{KEY_ARGUMENT}_key0"] = arguments.key
    resource, name = query.listed, f"s{LIST_ARGUMENT}"
    if resource is None:
        return (None, None), values
    if arguments.paging is None:
        terms = bind_terms(name, resource.filters, arguments.filter, values)
        return (None, FilterVariant(terms)), values
    return (None, bind_page(name, resource, arguments.paging, arguments.filter, values)), values
