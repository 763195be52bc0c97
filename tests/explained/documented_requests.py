"""Every documented read, made of the declarations, so that a new filter or order is here too."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
)
from strawberry.utils.str_converters import to_snake_case

from gql.engine.fields import SOURCE, ConnectionSource
from gql.engine.plan import DEFINITION
from gql.query.filters import ColumnCriterion
from gql.query.resource import Resource
from gql.rest.filters import FilterBy
from gql.rest.route import RestRoute

PAGE = 20
PATHS = {"call_sid": "CA1234567890abcdef"}
"""Of parameters in paths that are no ids."""
REQUIRED = {"q": "nobody at all"}
"""Of parameters in query strings that must be there."""

Values = dict[tuple[str, str], Any]
"""What the rows of a list have: by the name of its resource and of a column."""


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        name: For people: the list, what it is filtered by, and what is read of it.
        address: Of a GET; None for a document.
        document: A document in GraphQL, or the empty text.
        variables: Of the document.
    """

    name: str
    address: str | None = None
    document: str = ""
    variables: dict[str, Any] | None = None


@dataclass(frozen=True)
class ListField:
    """A root field that is a connection.

    Attributes:
        name: Of the field.
        resource: What it lists.
        filter: Its input; None where it cannot be filtered.
        order: Its input; None where it has one order alone.
    """

    name: str
    resource: Resource
    filter: GraphQLInputObjectType | None
    order: GraphQLInputObjectType | None

    @property
    def other_orders(self) -> list[dict[str, str]]:
        """Those that are not the first one, in both directions."""
        return [order for order in self.orders[len(_DIRECTIONS) :] if order is not None]

    @property
    def orders(self) -> list[dict[str, str] | None]:
        """Every order in both directions; without an input its own alone."""
        if self.order is None:
            return [None]
        names = get_named_type(self.order.fields["field"].type)
        assert isinstance(names, GraphQLEnumType)
        return [
            {"field": name, "direction": direction}
            for name in names.values
            for direction in _DIRECTIONS
        ]

    def read(self, name: str, selection: str, **variables: Any) -> Request:
        """A request for the list."""
        types = {
            "filter": self.filter,
            "order": self.order,
            **dict.fromkeys(("after", "before"), "String"),
            **dict.fromkeys(("first", "last", "offset"), "Int"),
        }
        used = {key: value for key, value in variables.items() if value is not None}
        declared = ", ".join(f"${key}: {types[key]}" for key in used)
        arguments = {key: "orderBy" if key == "order" else key for key in used}
        passed = ", ".join(f"{name}: ${key}" for key, name in arguments.items())
        around = (f"({declared})" if used else "", f"({passed})" if used else "")
        document = f"query Q{around[0]} {{ list: {self.name}{around[1]} {{ {selection} }} }}"
        return Request(f"{self.name} {name}", document=document, variables=used)


_DIRECTIONS = ("ASC", "DESC")
_LIKE_OTHERS = frozenset({"key", "gt", "lte", "notIn"})
"""Comparators that others are written like, to the operator, and the key of JSON."""
_NODES = "nodes { __typename } pageInfo { hasNextPage hasPreviousPage endCursor }"
_ENDS = "edges { cursor }"


def list_fields(schema: GraphQLSchema) -> Iterator[ListField]:
    """The connections of the root."""
    assert schema.query_type is not None
    for name, field in schema.query_type.fields.items():
        source = field.extensions[DEFINITION].metadata.get(SOURCE)
        if isinstance(source, ConnectionSource):
            yield ListField(
                name, source.resource, _input(field, "filter"), _input(field, "orderBy")
            )


def nested_lists(schema: GraphQLSchema, field: ListField) -> Iterator[Request]:
    """Each connection of the items of a list: its total, and its first page, for five items."""
    assert schema.query_type is not None
    connection = get_named_type(schema.query_type.fields[field.name].type)
    assert isinstance(connection, GraphQLObjectType)
    item = get_named_type(connection.fields["nodes"].type)
    if not isinstance(item, GraphQLObjectType):  # an interface has no lists
        return
    for name, each in item.fields.items():
        definition = each.extensions.get(DEFINITION)
        source = definition.metadata.get(SOURCE) if definition is not None else None
        if isinstance(source, ConnectionSource):
            for what in ("totalCount", _NODES):
                nested = f"nodes {{ {name}(first: {PAGE}) {{ {what} }} }}"
                yield field.read(f"each with {name} {what.split()[0]}", nested, first=5)


def _input(field: GraphQLField, argument: str) -> GraphQLInputObjectType | None:
    if argument not in field.args:
        return None
    type_ = get_named_type(field.args[argument].type)
    assert isinstance(type_, GraphQLInputObjectType)
    return type_


def filters_of(field: ListField, values: Values) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every comparator of every field of a filter, with a value that rows have, and its name."""
    if field.filter is None:
        return
    for name, each in field.filter.fields.items():
        type_ = get_named_type(each.type)
        if name in {"any", "none"}:
            continue
        criterion = field.resource.filters[to_snake_case(name)]
        column = criterion.column if isinstance(criterion, ColumnCriterion) else name
        value = values.get((field.resource.name, column))
        if not isinstance(type_, GraphQLInputObjectType):
            yield name, {name: value}
            continue
        for comparator, compared in type_.fields.items():
            if comparator in _LIKE_OTHERS:
                continue
            operand = _operand(type_.name, comparator, value)
            if isinstance(get_nullable_type(compared.type), GraphQLList):
                operand = [operand]
            more = {"key": "campaign"} if "key" in type_.fields else {}
            yield f"{name} {comparator}", {name: {comparator: operand, **more}}


def _operand(  # noqa: PLR0911 -- a case per type
    type_name: str, comparator: str, value: Any
) -> Any:
    """A value as a comparator's input takes it."""
    if comparator == "isNull":
        return True
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if comparator in {"contains", "startsWith"}:
        return "no such text"
    match type_name:
        case "CallStatusFilter" | "ChannelFilter" | "DirectionFilter":
            return str(value).upper()
        case "DeliveryStateFilter":
            return str(value or "new").upper()
        case "WebhookDeliveryStateFilter":
            return str(value or "delivered").upper()
        case "EndedReasonKindFilter":
            return str(value or "unknown").upper()
        case "DecimalFilter":
            return str(int(value) / 10**6)
        case "DateTimeFilter":
            return "2026-06-01"  # of a list without rows
        case "IDFilter":
            return str(value or 1)
        case "IntFilter":
            return int(value)
    return str(value or "nobody")


def pages_of(field: ListField, order: Any, cursor: str, filter: Any) -> Iterator[Request]:
    """The first page of a list and the one behind a row in its middle."""
    named = f"by {order['field']} {order['direction']}" if order else "in order"
    yield field.read(named, _NODES, first=PAGE, order=order, filter=filter)
    if cursor:
        yield field.read(f"{named} after", _NODES, first=PAGE, order=order, after=cursor)
        yield field.read(f"{named} before", _NODES, last=PAGE, order=order, before=cursor)


def middle_of(field: ListField, order: Any, length: int) -> Request:
    """Where the cursor of a row in the middle of a list is read."""
    return field.read("middle", _ENDS, first=1, order=order, offset=length // 2)


def addresses(route: RestRoute, values: Values) -> Iterator[Request]:
    """A GET route without optional parameters, and with each of its filters alone."""
    path = route.path
    for name in route.models["path"].model_fields if "path" in route.models else ():
        path = path.replace(f"{{{name}}}", str(PATHS.get(name, 1)))
    query = route.models.get("query")
    fields = {} if query is None else query.model_fields
    required = "".join(
        f"&{name}={REQUIRED[name]}" for name, field in fields.items() if field.is_required()
    )
    yield Request(f"GET {path}", address=f"{path}?{required}")
    for name, field in fields.items():
        by = next((each for each in field.metadata if isinstance(each, FilterBy)), None)
        if by is None:
            continue
        resource: Resource = query.resource  # type: ignore[union-attr]
        criterion = resource.filters[by.criterion]
        column = criterion.column if isinstance(criterion, ColumnCriterion) else by.criterion
        value = values.get((resource.name, column), "nobody")
        if by.comparator == "contains":
            value = "no such text"
        if isinstance(value, datetime):
            value = f"{value:%Y-%m-%dT%H:%M:%SZ}"
        yield Request(f"GET {path} {name}", address=f"{path}?{name}={value}{required}")
