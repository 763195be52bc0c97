"""The schema explains itself: everything is described, and named by one set of rules."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
)

from gql.schema.audit import AuditEntry
from gql.schema.query import ENTITIES
from gql.schema.schema import schema

SCHEMA = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
OWN = [kind for name, kind in SCHEMA.type_map.items() if not name.startswith("__")]
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}
CAMEL, PASCAL, SCREAMING = (
    re.compile(pattern)
    for pattern in ("[a-z][a-zA-Z0-9]*", "[A-Z][a-zA-Z0-9]*", "[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
)


class Element(NamedTuple):
    """Something with a name and a description."""

    path: str
    kind: str
    name: str
    description: str | None


def elements() -> Iterator[Element]:
    """Every type, field, argument, input field and enum value."""
    for kind in OWN:
        if kind.name not in BUILT_IN:
            yield Element(kind.name, "type", kind.name, kind.description)
            yield from parts(kind)
    for directive in SCHEMA.directives:
        yield Element(f"@{directive.name}", "directive", directive.name, directive.description)


def parts(kind: GraphQLNamedType) -> Iterator[Element]:
    """What a type is made of."""
    if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
        for name, field in kind.fields.items():
            path = f"{kind.name}.{name}"
            yield Element(path, "field", name, field.description)
            for argument, spec in field.args.items():
                yield Element(f"{path}({argument}:)", "argument", argument, spec.description)
    if isinstance(kind, GraphQLInputObjectType):
        for name, spec in kind.fields.items():
            yield Element(f"{kind.name}.{name}", "input field", name, spec.description)
    if isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            yield Element(f"{kind.name}.{name}", "enum value", name, value.description)


def failing(passes: Any) -> list[str]:
    """The paths of what does not pass."""
    return [element.path for element in elements() if not passes(element)]


def test_everything_is_described_by_a_sentence() -> None:
    def described(element: Element) -> bool:
        text = (element.description or "").strip()
        return len(text) > 3 and text[0] in text[0].upper() + "`" and text[-1] in ".`"

    assert failing(described) == []
    assert len(list(elements())) > 500


def test_no_description_speaks_of_python() -> None:
    """Docstrings that are meant for readers of the code must not end up here."""
    words = re.compile(r"\bself\b|__|docstring|(Raises|Args|Returns|Attributes):")

    assert failing(lambda element: not words.search(element.description or "")) == []


def test_names_follow_the_conventions() -> None:
    rules = {"type": PASCAL, "enum value": SCREAMING}

    assert failing(lambda element: rules.get(element.kind, CAMEL).fullmatch(element.name)) == []


def test_a_type_says_by_its_name_what_it_is() -> None:
    for kind in OWN:
        if isinstance(kind, GraphQLInputObjectType):
            assert kind.name.endswith(("Filter", "Order", "By", "Input")), kind.name
        if isinstance(kind, GraphQLEnumType) and "Order" in kind.name:
            assert kind.name.endswith(("OrderField", "OrderDirection")), kind.name
        if isinstance(kind, GraphQLObjectType) and "totalCount" in kind.fields:
            assert kind.name.endswith("Connection"), kind.name


def test_every_connection_has_the_same_shape() -> None:
    names = [kind.name for kind in OWN if kind.name.endswith("Connection")]
    for name in names:
        node = name.removesuffix("Connection")
        assert fields_of(name) == {
            "edges": f"[{name}Edge!]!",
            "nodes": f"[{node}!]!",
            "pageInfo": "PageInfo!",
            "totalCount": "Int!",
            **({"summary": "[CostFigures!]"} if name == "CallConnection" else {}),
        }
        assert fields_of(f"{name}Edge") == {"cursor": "String!", "node": f"{node}!"}
    assert len(names) >= 8


def test_every_connection_takes_the_same_arguments() -> None:
    paging = {"first": "Int", "after": "String", "last": "Int", "before": "String", "offset": "Int"}
    for kind in OWN:
        for name, field in getattr(kind, "fields", {}).items():
            result = str(getattr(field, "type", ""))
            if result.endswith("Connection"):
                node = result.removesuffix("Connection")
                arguments = {argument: str(spec.type) for argument, spec in field.args.items()}
                filtered = {"filter": f"{node}Filter"} if "filter" in arguments else {}
                assert arguments == {**paging, "orderBy": f"{node}Order", **filtered}, name


def test_every_entity_is_a_node() -> None:
    node = SCHEMA.type_map["Node"]
    for entity in ENTITIES:
        kind: Any = SCHEMA.type_map[entity.__strawberry_definition__.name]
        assert node in kind.interfaces, kind.name
        number = {} if entity is AuditEntry else {"fullDatabaseId": "BigInt!", "databaseId": "Int"}
        assert fields_of(kind.name) | {"id": "ID!", **number} == fields_of(kind.name)


def fields_of(name: str) -> dict[str, str]:
    """The fields of a type, each with its type."""
    kind: Any = SCHEMA.type_map[name]
    return {field: str(spec.type) for field, spec in kind.fields.items()}
