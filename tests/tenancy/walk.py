"""Every way through the schema, and every argument on it, as queries for a stranger to try."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_required_argument,
)
from strawberry.utils.str_converters import to_snake_case


@dataclass(frozen=True)
class Owned:
    """What belongs to the owner: what a stranger may try, and must never be shown.

    Attributes:
        ids: A global id per prefix.
        texts: Values of text fields, by the field's name.
        cursors: A cursor of a list, by the type that the list holds.
    """

    ids: dict[str, str]
    texts: dict[str, str]
    cursors: dict[str, str]


@dataclass(frozen=True)
class Probe:
    """One query.

    Attributes:
        name: The path and the argument, for a person.
        query: The document.
        empty: Whether the whole list or object must be missing, not just the owner's part.
    """

    name: str
    query: str
    empty: bool


Step = tuple[str, str]


def probes(schema: GraphQLSchema, owned: Owned) -> Iterator[Probe]:
    """Root look-ups by the owner's ids, and each argument of each field of each type."""
    yield from _lookups(owned)
    query = schema.query_type
    assert query is not None
    for steps, parent in _paths(query):
        for name, field in parent.fields.items():
            here = (*steps, (name, ""))
            for arguments, empty in _arguments(field, owned):
                text = f"({arguments})" if arguments else ""
                tried = (*steps, (name, text))
                yield Probe(
                    ".".join(step for step, _ in here) + text,
                    "{ " + _nest(tried, _leaves(field)) + " }",
                    empty,
                )


def _lookups(owned: Owned) -> Iterator[Probe]:
    """Each root field that takes an id, with the owner's."""
    tries = [f'node(id: "{value}")' for value in owned.ids.values()]
    tries += [f'nodes(ids: ["{value}"])' for value in owned.ids.values()]
    for field, prefix in (
        ("graph", "graph"),
        ("assistant", "assistant"),
        ("smsConversation", "sms_conversation"),
    ):
        value = owned.ids[prefix]
        tries += [f'{field}(id: "{value}")', f'{field}(id: "{value.rpartition("_")[2]}")']
    for field, prefix in (("call", "call"), ("graphSession", "graph_session")):
        tries.append(f'{field}(by: {{id: "{owned.ids[prefix]}"}})')
        tries.append(f'{field}(by: {{callSid: "{owned.texts[f"{field}.callSid"]}"}})')
    for text in tries:
        yield Probe(text, f"{{ found: {text} {{ id }} }}", empty=True)


def _paths(query: GraphQLObjectType) -> Iterator[tuple[tuple[Step, ...], GraphQLObjectType]]:
    """Every type, reached through every field that leads to it.

    The way to that field is the shortest one: paths that only differ before it run the same code
    for it, and all of them together would be tens of thousands.
    """
    yield (), query
    shortest: dict[str, tuple[Step, ...]] = {query.name: ()}
    waiting = deque([query])
    while waiting:
        parent = waiting.popleft()
        for name, field in parent.fields.items():
            target = get_named_type(field.type)
            if not isinstance(target, GraphQLObjectType) or _needs_argument(field):
                continue
            steps = (*shortest[parent.name], (name, ""))
            yield steps, target
            if target.name not in shortest:
                shortest[target.name] = steps
                waiting.append(target)


def _needs_argument(field: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in field.args.values())


def _arguments(field: GraphQLField, owned: Owned) -> Iterator[tuple[str, bool]]:
    """No argument, and then each one alone with a value of the owner's."""
    if _needs_argument(field):
        return
    yield "", False
    holds = get_named_type(field.type).name.removesuffix("Connection")
    for name in ("after", "before"):
        if name in field.args and holds in owned.cursors:
            yield f'{name}: "{owned.cursors[holds]}"', False
    if "orderBy" in field.args:
        order = get_named_type(field.args["orderBy"].type)
        assert isinstance(order, GraphQLInputObjectType)
        choices = get_named_type(order.fields["field"].type)
        assert is_enum_type(choices)
        for choice in choices.values:
            yield f"orderBy: {{field: {choice}, direction: ASC}}", False
    if "filter" in field.args:
        yield from _filters(field, holds, owned)


def _filters(field: GraphQLField, holds: str, owned: Owned) -> Iterator[tuple[str, bool]]:
    filter_type = get_named_type(field.args["filter"].type)
    assert isinstance(filter_type, GraphQLInputObjectType)
    for name, spec in filter_type.fields.items():
        kind = get_named_type(spec.type)
        if not is_input_object_type(kind):
            yield f"filter: {{{name}: true}}", False
        elif kind.name == "IDFilter":
            value = owned.ids[to_snake_case(name.removesuffix("Id"))]
            yield f'filter: {{{name}: {{eq: "{value}"}}}}', True
        else:
            text = owned.texts.get(f"{holds[0].lower()}{holds[1:]}.{name}")
            if text is not None:
                comparator = "contains" if "contains" in kind.fields else "eq"
                yield f'filter: {{{name}: {{{comparator}: "{text}"}}}}', name == "callSid"


def _nest(steps: tuple[Step, ...], inside: str) -> str:
    """The selection of a path, with `inside` at its end."""
    (name, arguments), *rest = steps
    return f"{name}{arguments} " + ("{ " + _nest(tuple(rest), inside) + " }" if rest else inside)


def _leaves(field: GraphQLField) -> str:
    """Everything of a field's type that needs no further selection; one level into a connection."""
    target = get_named_type(field.type)
    if is_leaf_type(target):
        return ""
    assert isinstance(target, (GraphQLObjectType, GraphQLInterfaceType))
    names: list[Any] = [
        name
        for name, inner in target.fields.items()
        if is_leaf_type(get_named_type(inner.type)) and not inner.args
    ]
    if "nodes" in target.fields and target.name.endswith("Connection"):
        names.append("nodes " + _leaves(target.fields["nodes"]))
    return "{ __typename " + " ".join(names) + " }"
