"""What a field of a GraphQL type is, as data: the facts that a compiled plan is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gql.identity import Identity
from gql.query.resource import Link, Resource


@dataclass(frozen=True)
class ColumnSource:
    """A field that is one label of the record."""

    label: str


@dataclass(frozen=True)
class MoneySource:
    """A field that is an amount in micro-units under one label of the record."""

    label: str


@dataclass(frozen=True)
class ObjectSource:
    """A nested object made of the same record."""


@dataclass(frozen=True)
class GlobalIdSource:
    """The record's global id."""


@dataclass(frozen=True)
class AnyIdSource:
    """The global id of a record of any kind: the kind and the id are labels of ours."""

    kind: str
    key: str


@dataclass(frozen=True)
class JsonPathSource:
    """The value inside a JSON column of the record that the field's `path` points at."""

    label: str


@dataclass(frozen=True)
class JsonNumberSource:
    """A number inside a JSON column of the record."""

    label: str
    key: str


@dataclass(frozen=True)
class FirstSource:
    """The first record of `resource` under us; there is at most one."""

    resource: Resource
    link: Link


@dataclass(frozen=True)
class OneSource:
    """The record of `resource` whose `column` is our `key`."""

    resource: Resource
    key: str
    column: str


@dataclass(frozen=True)
class ManySource:
    """All records of `resource` under us, in an order; bounded when they are written.

    `usual` is how many there seldom are more of, for the estimate of what a query costs.
    """

    resource: Resource
    link: Link
    order: tuple[str, ...]
    usual: int


@dataclass(frozen=True, eq=False)
class UnionSource:
    """The newest records of `resource` under us, each read as one of several narrower resources.

    Attributes:
        resource: Whose records, with every label of the narrower ones.
        link: How they find us.
        order: A name in the resource's orders; the list starts from its highest value.
        limit: Most records.
        label: The column that tells what a record is read as.
        choices: The narrower resource for each of its values.
    """

    resource: Resource
    link: Link
    order: str
    limit: int
    label: str
    choices: Mapping[str, Resource]


@dataclass(frozen=True, eq=False)
class ViewerSource:
    """A nested object made of who is asking."""


@dataclass(frozen=True, eq=False)
class ViewerFieldSource:
    """A field that is a fact about who is asking."""

    tell: Callable[[Identity], Any]


@dataclass(frozen=True, eq=False)
class ViewerRecordSource:
    """The record of `resource` that belongs to who is asking; `key` may give None."""

    resource: Resource
    key: Callable[[Identity], int | None]


@dataclass(frozen=True)
class CountSource:
    """How many records of `resource` are under us."""

    resource: Resource
    link: Link
