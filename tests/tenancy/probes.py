"""Every path through the schema, and every argument on it, as queries for a stranger to try."""

import itertools
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
class Lookup:
    """A root field that takes an id, with one of the owner's."""

    field: str

    @property
    def query(self) -> str:
        return f"{{ {ALIAS}0: {self.field} {{ id }} }}"


@dataclass(frozen=True)
class Probe:
    """A field with one argument, at the end of a path.

    Attributes:
        name: The path and the argument, for a person.
        field: The field with its argument and its selection.
        is_empty: Whether a stranger gets nothing at all, and not just nothing of the owner's.
    """

    name: str
    field: str
    is_empty: bool


@dataclass(frozen=True)
class Document:
    """A query with several probes at the end of one path.

    Attributes:
        probes: By their response keys, which begin with `ALIAS`.
    """

    query: str
    probes: dict[str, Probe]


RESOURCES = {"endpoint": "hook_endpoint", "subscription": "webhook_subscription"}
"""By the noun of an argument, where the resource is called otherwise."""

ALIAS = "probe"
MOST_PROBES = 10
"""Of one document: all of them together have to cost less than a document may."""

EVERYTHING = '"0-0"'
"""What lists are filtered by that lists everything: the event before the first one."""

PARENTS = 2
"""How many objects of each list on the way to the end of a path are followed further."""


def documents(schema: GraphQLSchema, owned: Owned) -> Iterator[Document]:
    """Every field at the end of every path; its arguments, each alone, once for each type.

    How a type was reached changes which rows its fields begin with, but not what they do with an
    argument.
    """
    query = schema.query_type
    assert query is not None
    with_arguments: set[str] = set()
    for path, parent in paths(query):
        probes = [
            Probe(".".join((*path, name)) + text, f"{name}{text} {leaves(field)}", is_empty)
            for name, field in parent.fields.items()
            for text, is_empty in _arguments(field, owned)
            if not text or parent.name not in with_arguments
        ]
        with_arguments.add(parent.name)
        for some in _batches(probes):
            aliased = {f"{ALIAS}{number}": probe for number, probe in enumerate(some)}
            selection = " ".join(f"{alias}: {probe.field}" for alias, probe in aliased.items())
            yield Document(nested([*path], f"{{ {selection} }}"), aliased)


def lookups(owned: Owned) -> Iterator[Lookup]:
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
    for field, prefix in (
        ("call", "call"),
        ("graphSession", "graph_session"),
        ("smsConversation", "sms_conversation"),
    ):
        sid = owned.texts[f"{field}.callSid"]
        tries += [f'{field}(id: "{owned.ids[prefix]}")', f'{field}(callSid: "{sid}")']
    for field, prefix in (("call", "call"), ("graphSession", "graph_session")):
        tries.append(f'{field}(by: {{id: "{owned.ids[prefix]}"}})')
        tries.append(f'{field}(by: {{callSid: "{owned.texts[f"{field}.callSid"]}"}})')
    yield from map(Lookup, tries)


def paths(query: GraphQLObjectType) -> Iterator[tuple[tuple[str, ...], GraphQLObjectType]]:
    """Every type, reached through every field that leads to it.

    The path to that field is the shortest one: paths that only differ before it run the same code
    for it, and all of them together would be tens of thousands.
    """
    yield (), query
    shortest: dict[str, tuple[str, ...]] = {query.name: ()}
    waiting = deque([query])
    while waiting:
        parent = waiting.popleft()
        for name, field in parent.fields.items():
            target = get_named_type(field.type)
            if not isinstance(target, GraphQLObjectType) or _needs_argument(field):
                continue
            few = f"(first: {PARENTS})" if "first" in field.args else ""
            path = (*shortest[parent.name], f"{name}{few}")
            yield path, target
            if target.name not in shortest:
                shortest[target.name] = path
                waiting.append(target)


def _needs_argument(field: GraphQLField) -> bool:
    """Whether a field names one object by its arguments: all of these have an `id`, or `ids`."""
    return "id" in field.args or any(map(is_required_argument, field.args.values()))


def _arguments(field: GraphQLField, owned: Owned) -> Iterator[tuple[str, bool]]:
    """No argument, and then each one alone with a value of the owner's, in parentheses.

    With each comes whether it leaves a stranger nothing at all.
    """
    if _needs_argument(field):
        return
    yield "", False
    node_type = get_named_type(field.type).name.removesuffix("Connection")
    for name in ("after", "before"):
        if name in field.args and node_type in owned.cursors:
            yield f'({name}: "{owned.cursors[node_type]}")', False
    if "orderBy" in field.args:
        order = get_named_type(field.args["orderBy"].type)
        assert isinstance(order, GraphQLInputObjectType)
        choices = get_named_type(order.fields["field"].type)
        assert is_enum_type(choices)
        for choice in choices.values:
            yield f"(orderBy: {{field: {choice}, direction: ASC}})", False
    if "filter" in field.args:
        for criterion, is_empty in _criteria(field, node_type, owned):
            yield f"(filter: {{{criterion}}})", is_empty


def _criteria(field: GraphQLField, node_type: str, owned: Owned) -> Iterator[tuple[str, bool]]:
    filter_type = get_named_type(field.args["filter"].type)
    assert isinstance(filter_type, GraphQLInputObjectType)
    for name, criterion in filter_type.fields.items():
        criterion_type = get_named_type(criterion.type)
        if not is_input_object_type(criterion_type):
            yield f"{name}: {'true' if criterion_type.name == 'Boolean' else EVERYTHING}", False
        elif criterion_type.name == "IDFilter":
            noun = to_snake_case(name.removesuffix("Id")).removeprefix("current_")
            value = owned.ids[RESOURCES.get(noun, noun)]
            yield f'{name}: {{eq: "{value}"}}', True
        else:
            text = owned.texts.get(f"{node_type[0].lower()}{node_type[1:]}.{name}")
            if text is not None:
                comparator = "contains" if "contains" in criterion_type.fields else "eq"
                yield f'{name}: {{{comparator}: "{text}"}}', name == "callSid"


def nested(path: list[str], selection: str) -> str:
    """A document that selects something at the end of a path."""
    for name in reversed(path):
        selection = f"{{ {name} {selection} }}"
    return selection


def _batches(probes: list[Probe]) -> Iterator[list[Probe]]:
    remaining = iter(probes)
    while some := list(itertools.islice(remaining, MOST_PROBES)):
        yield some


def leaves(field: GraphQLField) -> str:
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
        names.append("nodes " + leaves(target.fields["nodes"]))
    return "{ __typename " + " ".join(names) + " }"
