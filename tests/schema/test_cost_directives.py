"""What the SDL prints is what is charged: its own static analysis, written once more for a test.

It reads the printed text alone, as https://ibm.github.io/graphql-specs/cost-spec.html says.
"""

from collections import deque
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    SelectionSetNode,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    parse,
    print_ast,
    value_from_ast_untyped,
)

from gql.query.rows_read import RowsRead
from gql.schema import charges
from gql.schema.cost import Pricing
from gql.schema.documents import choose_operation
from gql.schema.list_arguments import ListArguments
from gql.schema.schema import schema
from tests.schema.test_descriptions import SCHEMA

PRINTED = build_schema(schema.as_str())
OBJECTS = {
    name: kind
    for name, kind in PRINTED.type_map.items()
    if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
}
FIELDS = [(name, field) for name, kind in OBJECTS.items() for field in kind.fields]

Sizes = dict[str, int]
"""How long the lists are that a field has, by their names."""


def directive(element: Any, name: str) -> dict[str, Any]:
    """The arguments of a directive as they are printed; empty without it."""
    for node in element.ast_node.directives or ():
        if node.name.value == name:
            return {
                each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()
            }
    return {}


def weight(element: Any) -> int:
    return int(directive(element, "cost")["weight"])


def possible_types(kind: Any) -> list[GraphQLObjectType]:
    """An abstract type weighs as much as the heaviest of its objects."""
    return [kind] if kind.name in OBJECTS else PRINTED.get_possible_types(kind)


def list_length(field: Any, node: FieldNode) -> int | None:
    """How long the list of a field is: by its largest slicing argument, else as is assumed."""
    size = directive(field, "listSize")
    values = {each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()}
    slices = [values[name] for name in size.get("slicingArguments", ()) if name in values]
    return max(slices) if slices else size.get("assumedSize")


def analyzed(parent: Any, selections: SelectionSetNode, sizes: Sizes) -> int:
    """The type cost and the field cost of what is selected on one object, together."""
    total = 0
    for node in selections.selections:
        assert isinstance(node, FieldNode)
        if node.name.value == "__typename":
            continue
        field = parent.fields[node.name.value]
        total += weight(field)
        target, length = get_named_type(field.type), list_length(field, node)
        sized_fields = directive(field, "listSize").get("sizedFields", ())
        number = 1
        if is_list_type(get_nullable_type(field.type)) and not is_leaf_type(target):
            number = sizes[node.name.value] if length is None else length
        if node.selection_set is None:
            continue
        below = 0
        if target.name in OBJECTS:
            inner = dict.fromkeys(sized_fields, length or 0)
            below = analyzed(target, node.selection_set, inner)
        total += number * (max(map(weight, possible_types(target))) + below)
    return total


def charged(document: str) -> int:
    parsed = parse(document)
    return Pricing(SCHEMA).cost(parsed, choose_operation(parsed, None)).points({})


def documents() -> dict[str, tuple[str, str]]:
    """By the name of each object type, what leads to it from a root: the text before and after."""
    texts = {
        "Query": ("query { ", " }"),
        "Mutation": ("mutation { ", " }"),
        "Subscription": ("subscription { ", " }"),
    }
    waiting = deque(texts)
    while waiting:
        kind = waiting.popleft()
        before, after = texts[kind]
        for name, field in OBJECTS[kind].fields.items():
            target = get_named_type(field.type).name
            if target in OBJECTS and target not in texts:
                texts[target] = (f"{before}{selected(name, field)} {{ ", f" }}{after}")
                waiting.append(target)
    return texts


def selected(name: str, field: Any) -> str:
    """A field with the arguments that it needs, and one that says how long its page is."""
    values = {"first": "3", "ids": str(["call_1"] * 100).replace("'", '"')}
    arguments = [
        f"{argument}: {values.get(argument, '{}')}"
        for argument, spec in field.args.items()
        if is_required_argument(spec) or argument == "first"
    ]
    return f"{name}({', '.join(arguments)})" if arguments else name


DOCUMENTS = documents()

BATCH = "mutation ($input: UpsertCallsInput!) { upsertCalls(input: $input) { results { status } } }"
LITERAL = 'mutation { upsertCalls(input: {source: "a", calls: [{}, {}]}) { results { status } } }'


def test_a_batch_costs_as_much_as_it_has_items() -> None:
    """A payload and its list cost 12, and each result 3; a batch that is refused has none."""
    parsed = parse(BATCH)
    cost = Pricing(SCHEMA).cost(parsed, choose_operation(parsed, None))

    costs = {
        size: cost.points({"input": {"source": "a", "calls": [{}] * size}})
        for size in (0, 1, 1_000, 1_001)
    }

    assert costs == {0: 12, 1: 15, 1_000: 3_012, 1_001: 12}
    assert (charged(LITERAL), cost.most) == (18, 3_012)


@pytest.fixture
def without_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database looks at for a list, or walks, is no part of the specification."""
    for name in ("page", "total", "summary"):
        monkeypatch.setattr(ListArguments, name, lambda *_: RowsRead())
    monkeypatch.setattr(charges, "number_points", lambda _: None)


@pytest.mark.usefixtures("without_rows")
def test_every_field_is_charged_what_is_printed() -> None:
    differing = {}
    for kind, name in FIELDS:
        field = OBJECTS[kind].fields[name]
        is_leaf = is_leaf_type(get_named_type(field.type))
        before, after = DOCUMENTS[kind]
        document = f"{before}{selected(name, field)}{'' if is_leaf else ' { __typename }'}{after}"
        operation = choose_operation(parse(document), None)
        root = PRINTED.get_root_type(operation.operation)
        printed = weight(root) + analyzed(root, operation.selection_set, {})
        if printed != charged(document):
            differing[f"{kind}.{name}"] = (printed, charged(document))

    assert differing == {}
    assert len(FIELDS) > 250


@pytest.mark.usefixtures("without_rows")
@pytest.mark.parametrize(
    ("document", "points"),
    [
        ("{ calls { nodes { id cost { total } } } }", 10 + 20 * (2 + 1 + 2 + 2)),
        (
            """{ assistants(last: 7) { totalCount edges { cursor node {
                calls(first: 2) { nodes { meta } pageInfo { endCursor } } } } } }""",
            10 + 100 + 7 * (2 + 1 + 2 + 10 + 2 * (2 + 3) + 100 + 1),
        ),
        ("{ graph(id: 1) { nodes { outgoing { id } } } }", 2 + 10 + 20 * (2 + 10 + 5 * (2 + 1))),
    ],
)
def test_lists_in_lists_multiply_as_printed(document: str, points: int) -> None:
    """With figures worked out by hand."""
    operation = choose_operation(parse(document), None)

    assert analyzed(PRINTED.query_type, operation.selection_set, {}) == points
    assert charged(document) == points


def test_the_directives_are_those_of_the_specification() -> None:
    cost, size = PRINTED.get_directive("cost"), PRINTED.get_directive("listSize")
    assert cost is not None
    assert size is not None

    assert {name: str(each.type) for name, each in cost.args.items()} == {"weight": "String!"}
    assert {each.name for each in cost.locations} == {
        "ARGUMENT_DEFINITION",
        "ENUM",
        "FIELD_DEFINITION",
        "INPUT_FIELD_DEFINITION",
        "OBJECT",
        "SCALAR",
    }
    assert {name: str(each.type) for name, each in size.args.items()} == {
        "assumedSize": "Int",
        "slicingArguments": "[String!]",
        "sizedFields": "[String!]",
        "requireOneSlicingArgument": "Boolean",
    }
    default = size.args["requireOneSlicingArgument"].ast_node
    assert default is not None
    assert default.default_value is not None
    assert print_ast(default.default_value) == "true"
    assert [each.name for each in size.locations] == ["FIELD_DEFINITION"]
    assert not cost.is_repeatable
    assert not size.is_repeatable


def test_no_field_of_an_interface_has_a_cost() -> None:
    interfaces = [each for each in PRINTED.type_map.values() if is_interface_type(each)]

    fields = [field for each in interfaces for field in each.fields.values()]
    assert [field for field in fields if directive(field, "cost")] == []
    assert fields


def test_the_size_of_a_list_follows_from_arguments_and_fields_that_exist() -> None:
    sizes = [(OBJECTS[kind].fields[name], kind, name) for kind, name in FIELDS]
    for field, kind, name in sizes:
        size, target = directive(field, "listSize"), get_named_type(field.type)
        lists = [target.fields[each] for each in size.get("sizedFields", ())]
        for each in lists or ([field] if size else []):
            assert is_list_type(get_nullable_type(each.type)), (kind, name)
        if slicing_arguments := size.get("slicingArguments", ()):
            assert {str(field.args[each].type) for each in slicing_arguments} == {"Int"}
            assert size["requireOneSlicingArgument"] is False


def test_introspection_lists_the_directives_of_the_sdl() -> None:
    assert {each.name for each in SCHEMA.directives} == {each.name for each in PRINTED.directives}
