"""Where the value of a field comes from, as data: the vocabulary of declarations and plans.

`declaration.py` puts a source into the metadata of a Strawberry field, beside the resolver that it
makes of the same source. The planner copies sources into a plan, the binder and the compiler match
on them: no other module lists the kinds of fields a second time, and so this one has them all,
long as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Literal

from sqlalchemy import ColumnElement, FromClause

from gql.identity import Identity
from gql.query.cost_groups import CostRequest
from gql.query.filters import Filter
from gql.query.paging import Paging
from gql.query.repricing import RateCard
from gql.query.resource import Link, Record, Resource, UnionList
from gql.query.text_indexes import SearchedText, TextIndex
from gql.query.text_search import SearchRequest

SOURCE = "source"
"""The key of a field's source in its metadata."""

OWN_POINTS = "own_points"
"""The key of what a field costs beside what its type says: of one that a resolver computes."""

NUMBER_POINTS = "number_points"
"""The key of the `NumberPoints` of a field that costs more the larger a number in an argument."""


@dataclass(frozen=True)
class NumberPoints:
    """What a field costs for each unit of a number that one of its arguments has.

    Attributes:
        points: For each.
        argument: The argument's name in the schema.
        number: From the argument's value, as JSON, to the number; 0 for what will be refused.
        most: The largest number.
    """

    points: int
    argument: str
    number: "Callable[[Any], int]"
    most: int


COMPUTED_PAGE = "computed_page"
"""The key that is in the metadata of a field whose page a resolver makes: `first` is its size."""

BATCH_ITEMS = "batch_items"
"""The key under which a mutation of a batch names the list of its input that has the items."""

BATCH_RESULTS = "batch_results"
"""The key that is in the metadata of a field that has a result for each item of a batch."""

ColumnKind = Literal[
    "boolean",
    "decimal",
    "enum",
    "enum_value",
    "float",
    "instant",
    "int32",
    "integer",
    "integer_text",
    "json",
    "text",
    "timestamp",
]
"""How a column is printed as JSON: the keys of `json_sql.PRINTERS`."""


class FieldSource:
    """Where a field's value comes from.

    Attributes:
        is_parameterized: Whether each request has to bind it: it takes arguments, or it depends on
            the caller.
        depends_on_caller: Whether it is bound to facts about the caller, not to arguments alone.
    """

    is_parameterized: ClassVar[bool] = False

    @property
    def depends_on_caller(self) -> bool:
        return False


# A record's own values.


@dataclass(frozen=True)
class ColumnSource(FieldSource):
    """One label of the record.

    Attributes:
        label: Empty in a declaration that means the attribute's own name.
        kind: How it is printed; None in a declaration, where the GraphQL type says it.
    """

    label: str = ""
    kind: ColumnKind | None = None


@dataclass(frozen=True, eq=False)
class ExpressionSource(FieldSource):
    """A value computed from one record, written once for each way.

    Attributes:
        name: What a printed plan calls it.
        value: From a record to what the resolver returns.
        json: From the record's table to its JSON text, never NULL.
    """

    name: str
    value: Callable[[Record], Any] = field(repr=False)
    json: Callable[[FromClause], ColumnElement[str]] = field(repr=False)


@dataclass(frozen=True)
class GlobalIdSource(FieldSource):
    """The record's global id."""


@dataclass(frozen=True)
class JsonPathSource(FieldSource):
    """The value inside a JSON column of the record that the argument `path` points at."""

    label: str
    is_parameterized = True


@dataclass(frozen=True)
class MemberSource(FieldSource):
    """A member of a JSON object in the column `label`, which is left out where there is none.

    It is printed after the other fields, under its own key.
    """

    label: str
    key: str = ""


@dataclass(frozen=True)
class ObjectSource(FieldSource):
    """A nested object made of the same record."""


@dataclass(frozen=True)
class ConstantSource(FieldSource):
    """JSON text that depends on the document alone, like the value of `__typename`."""

    json: str


@dataclass(frozen=True)
class SchemaSource(ConstantSource):
    """What `__schema` or `__type` prints: more than belongs into a statement or an explanation."""

    json: str = field(repr=False)


# Other records.


@dataclass(frozen=True)
class OneSource(FieldSource):
    """The record of `resource` whose `column` is our `key`."""

    resource: Resource
    key: str
    column: str


@dataclass(frozen=True)
class JoinedSource(FieldSource):
    """One value of the record of `resource` whose `column` is our `key`; null without one."""

    resource: Resource
    key: str
    column: str
    value: ColumnSource


@dataclass(frozen=True)
class FirstSource(FieldSource):
    """The first record of `resource` under us; there is at most one."""

    resource: Resource
    link: Link


@dataclass(frozen=True)
class ManySource(FieldSource):
    """All records of `resource` under us, in an order; bounded when they are written.

    `usual` is a number that a list seldom exceeds, for the estimate of what a query costs.
    """

    resource: Resource
    link: Link
    order: tuple[str, ...] = ("id",)
    usual: int = field(default=20, repr=False)


@dataclass(frozen=True, eq=False)
class UnionSource(FieldSource):
    """The newest records of several kinds under us, as a plain list."""

    union: UnionList


@dataclass(frozen=True)
class CountSource(FieldSource):
    """How many records of `resource` are under us."""

    resource: Resource
    link: Link


# Lists in pages.


@dataclass(frozen=True, eq=False)
class ConnectionSource(FieldSource):
    """The records of `resource`, under us when there is a link, in pages.

    Attributes:
        resource: Whose records.
        link: How they find our record; None at the root.
        read_paging: Turns the field's arguments but `filter` into a paging, or raises `BadInput`;
            None where the field has no arguments.
        usual: How many records the whole list usually has, for the estimate of what it costs.
    """

    resource: Resource
    link: Link | None = None
    read_paging: Callable[..., Paging] | None = field(default=None, repr=False)
    usual: int = field(default=0, repr=False)
    is_parameterized = True

    def read_arguments(self, *, filter: Any = None, **bounds: Any) -> tuple[Paging, Filter]:
        """What is read, by the arguments of a field that has some.

        Raises:
            BadInput: when one of them cannot be used.
        """
        assert self.read_paging is not None  # noqa: S101, the field has arguments
        return self.read_paging(**bounds), filter.conditions() if filter else ()

    @property
    def depends_on_caller(self) -> bool:
        return self.resource.permission is not None


class ConnectionField(FieldSource, Enum):
    """The fields of a connection, of its edges and of its `pageInfo`, by their GraphQL names."""

    NODES = "nodes"
    EDGES = "edges"
    PAGE_INFO = "pageInfo"
    TOTAL_COUNT = "totalCount"
    CURSOR = "cursor"
    NODE = "node"
    HAS_NEXT_PAGE = "hasNextPage"
    HAS_PREVIOUS_PAGE = "hasPreviousPage"
    START_CURSOR = "startCursor"
    END_CURSOR = "endCursor"


# Sums over groups of calls.


@dataclass(frozen=True, eq=False)
class CostReportSource(FieldSource):
    """Groups of calls with what they cost.

    Attributes:
        resources: Whose records may be grouped, by name.
        read_arguments: Turns the field's arguments into what is grouped, or raises `BadInput`.
    """

    resources: Mapping[str, Resource] = field(repr=False)
    read_arguments: Callable[..., CostRequest] = field(repr=False)
    is_parameterized = True


class CostReportField(FieldSource, Enum):
    """The fields of a report, by their GraphQL names."""

    GROUPS = "groups"
    GROUP_COUNT = "groupCount"


@dataclass(frozen=True)
class PreviousGroupSource(FieldSource):
    """The same group in the period before; null where there is none."""


@dataclass(frozen=True)
class RepricedGroupSource(FieldSource):
    """The same group by a rate card; null where there is none."""


@dataclass(frozen=True, eq=False)
class CostSummarySource(FieldSource):
    """What all records of a connection cost, by currency; a field of the connection.

    Attributes:
        read_arguments: Turns the field's arguments into a rate card, or raises `BadInput`.
    """

    read_arguments: Callable[..., RateCard | None] = field(repr=False)
    is_parameterized = True


# Texts that are found by their words.


@dataclass(frozen=True, eq=False)
class SearchSource(FieldSource):
    """A page of texts that match.

    Attributes:
        resource: The conversations whose texts are searched.
        indexes: Where the texts of each kind are.
        read_arguments: Turns the field's arguments into what is searched, or raises `BadInput`.
    """

    resource: Resource
    indexes: Mapping[SearchedText, TextIndex] = field(repr=False)
    read_arguments: Callable[..., SearchRequest] = field(repr=False)
    is_parameterized = True


@dataclass(frozen=True, eq=False)
class SnippetSource(FieldSource):
    """The part of a text around the words that match, which Python cuts.

    Attributes:
        read_arguments: Turns the field's arguments into what comes before and after each match, or
            raises `BadInput`.
    """

    read_arguments: Callable[..., tuple[str, str]] = field(repr=False)
    is_parameterized = True


@dataclass(frozen=True)
class RankSource(FieldSource):
    """The share of a text's words that match, which Python counts."""


@dataclass(frozen=True)
class PageSource(FieldSource):
    """A page of `resource` as a plain list; only REST has such lists."""

    resource: Resource
    link: Link | None = None
    is_parameterized = True


@dataclass(frozen=True)
class IsLookedUpSource(FieldSource):
    """Whether the record is the one that the request looks up; only REST tells that."""


@dataclass(frozen=True)
class EchoSource(FieldSource):
    """A number of the request, repeated in the answer; only REST does that."""

    name: str


# Roots: records that the arguments or the caller name.


@dataclass(frozen=True, eq=False)
class LookupSource(FieldSource):
    """The record of `resource` that the arguments name.

    `read_arguments` turns them into a column and its value, or raises `BadInput`.
    """

    resource: Resource
    read_arguments: Callable[..., tuple[str, Any]] = field(repr=False)
    is_parameterized = True


@dataclass(frozen=True, eq=False)
class GlobalLookupSource(FieldSource):
    """The records of any resource that global ids name, in their order; null for each missing one.

    `read_arguments` turns the arguments into resources and keys, or raises `BadInput`: one of each,
    or any number where there may be `many`.
    """

    read_arguments: Callable[..., Sequence[tuple[Resource, int]]] = field(repr=False)
    many: bool = False
    is_parameterized = True


@dataclass(frozen=True)
class ViewerSource(FieldSource):
    """A nested object made of the caller's identity."""


@dataclass(frozen=True, eq=False)
class ViewerFieldSource(FieldSource):
    """A value read from the caller's identity."""

    value: Callable[[Identity], Any] = field(repr=False)
    is_parameterized = True

    @property
    def depends_on_caller(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class ViewerRecordSource(FieldSource):
    """The record of `resource` whose id is `key` of the caller's identity; null without a key."""

    resource: Resource
    key: Callable[[Identity], int | None] = field(repr=False)
    is_parameterized = True

    @property
    def depends_on_caller(self) -> bool:
        return True
