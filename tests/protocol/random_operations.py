"""Random operations that a schema allows: any fields, any arguments, values at the edge."""

import json
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

WORDS = """
    % _ ' \\ NaN 1E400 -0 0.05 1.5 0.0000001 99999999999999999999 $[0] a.b.c context eyJhIjoxfQ djE6
    2025-01-19 2025-01-19T10:00:00Z 0001-01-01T00:00:00+23:59 9999-12-31T23:59:59.999999-23:59
"""
TIMES = "2025-01-19T10:00:00Z 2030-01-01T00:00:00+02:00 1970-01-01T00:00:00.000001Z"
KINDS = "assistant graph graph_node graph_edge graph_session call sms_conversation message"

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | (
    st.sampled_from(WORDS.split())
)
IDS = st.builds("{}_{}".format, st.sampled_from(KINDS.split()), st.integers(-1, 30))
INTEGERS = st.integers(0, 30) | st.sampled_from([-1, 100, 101, 2**31 - 1, -(2**31)])
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "Int": INTEGERS,
    "Float": st.floats(allow_nan=False, allow_infinity=False) | INTEGERS,
    "Boolean": st.booleans(),
    "String": TEXTS,
    "ID": IDS | INTEGERS | TEXTS,
    "DateTime": st.sampled_from(TIMES.split()) | TEXTS,
    "Decimal": st.decimals(0, 10, places=2).map(str) | TEXTS,
}
MOST_FIELDS = 4


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, depth: int = 4) -> str:
    """The text of a query."""
    assert schema.query_type is not None
    return "query " + draw(_selections(schema, schema.query_type, depth))


@st.composite
def _selections(draw: st.DrawFn, schema: GraphQLSchema, parent: Any, depth: int) -> str:
    """A selection set; objects are left out where it gets too deep."""
    if not isinstance(parent, GraphQLObjectType):
        object_type = draw(st.sampled_from(schema.get_possible_types(parent)))
        below = draw(_selections(schema, object_type, depth))
        return f"{{ __typename ... on {object_type.name} {below} }}"
    names = [
        name
        for name, field in parent.fields.items()
        if depth > 0 or is_leaf_type(get_named_type(field.type))
    ]
    chosen = draw(st.lists(st.sampled_from(names), max_size=MOST_FIELDS, unique=True))
    fields = [draw(_field(schema, name, parent.fields[name], depth)) for name in chosen]
    return "{ __typename " + " ".join(fields) + " }"


@st.composite
def _field(
    draw: st.DrawFn, schema: GraphQLSchema, name: str, field: GraphQLField, depth: int
) -> str:
    arguments = {key: arg for key, arg in field.args.items() if _is_chosen(draw, arg)}
    values = ", ".join(f"{key}: {draw(_literal(arg.type))}" for key, arg in arguments.items())
    kind = get_named_type(field.type)
    below = draw(_selections(schema, kind, depth - 1)) if is_composite_type(kind) else ""
    return f"{name}{f'({values})' if values else ''} {below}"


def _is_chosen(draw: st.DrawFn, argument: GraphQLArgument) -> bool:
    return is_required_argument(argument) or draw(st.integers(0, 2)) == 0


@st.composite
def _literal(draw: st.DrawFn, kind: GraphQLInputType) -> str:
    """A literal of a type; one that may be null sometimes is."""
    if isinstance(kind, GraphQLNonNull):
        return str(draw(_value(kind.of_type)))
    return "null" if draw(st.integers(0, 9)) == 0 else draw(_value(kind))


@st.composite
def _value(draw: st.DrawFn, kind: Any) -> str:
    if isinstance(kind, GraphQLList):
        return "[" + ", ".join(draw(st.lists(_literal(kind.of_type), max_size=3))) + "]"
    if isinstance(kind, GraphQLEnumType):
        return str(draw(st.sampled_from(sorted(kind.values))))
    if isinstance(kind, GraphQLInputObjectType):
        return str(draw(_object(kind)))
    return json.dumps(draw(SCALARS.get(kind.name, TEXTS | INTEGERS | st.booleans())))


@st.composite
def _object(draw: st.DrawFn, kind: GraphQLInputObjectType) -> str:
    names = sorted(kind.fields)
    if kind.is_one_of:
        name = draw(st.sampled_from(names))
        return f"{{{name}: {draw(_value(kind.fields[name].type))}}}"
    chosen = [
        name
        for name in names
        if is_required_input_field(kind.fields[name]) or draw(st.integers(0, 2)) == 0
    ]
    return (
        "{"
        + ", ".join(f"{name}: {draw(_literal(kind.fields[name].type))}" for name in chosen)
        + "}"
    )
