"""What a REST route reads, as data: one list, or what is printed of one record.

A `RestQuery` is the plan of a read without a document. It is made at import, and has one statement
for each variant of its filter and paging; `RestArguments` are what one request binds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from gql.engine.bind import (
    Values,
    bind_conditions,
    bind_page,
)
from gql.engine.fields import ConnectionSource, ManySource, PageSource
from gql.engine.plan import PlanNode, argument_prefix, outline
from gql.engine.variants import (
    FilterVariant,
    VariantKey,
)
from gql.query.filters import Filter
from gql.query.paging import Paging
from gql.query.resource import Resource

KEY_PARAMETER = "key"
"""The parameter of the statement that is the key of the record."""

LIST_ARGUMENT = 0
"""The number of the one argument that has variants: the paging and the filter of the list."""


@dataclass(frozen=True, eq=False)
class RecordLookup:
    """The record that a key names.

    Attributes:
        resource: Whose record.
        column: The column that the key is in.
        noun: What the record is called in a 404.
    """

    resource: Resource
    column: str
    noun: str


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
    def listed(self) -> Resource | None:
        """Whose records are in the list; None without a list."""
        source = self.item.source
        lists = (ConnectionSource, ManySource, PageSource)
        return source.resource if isinstance(source, lists) else None


class RestArguments(NamedTuple):
    """What one request binds; a read ignores what it has no parameter for.

    Attributes:
        key: Of the record.
        paging: Which page of the list; None for all of it, or when it is only counted.
        filter: What the records of the list must pass.
        echoed: Numbers of the request that the answer repeats.
    """

    key: Any = None
    paging: Paging | None = None
    filter: Filter = ()
    echoed: Mapping[str, int] = MappingProxyType({})


def bind(query: RestQuery, arguments: RestArguments) -> tuple[VariantKey, Values]:
    """The variant of the SQL, and the values of the statement's parameters."""
    values: Values = {f"echo_{name}": str(number) for name, number in arguments.echoed.items()}
    values[KEY_PARAMETER] = arguments.key
    resource, prefix = query.listed, argument_prefix(LIST_ARGUMENT)
    if resource is None:
        return (), values
    if isinstance(query.item.source, ManySource):
        conditions = bind_conditions(prefix, resource.filters, arguments.filter, values)
        return (FilterVariant(conditions),), values
    # For a read that only counts, any page will do.
    paging = arguments.paging or Paging(1, next(iter(resource.orders)), descending=False)
    return (bind_page(prefix, resource, paging, arguments.filter, values),), values
