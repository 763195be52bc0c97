"""No answer has more objects than its document was charged for."""

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import (
    FieldNode,
    NameNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gql.query.weights import OBJECT
from gql.schema.cost import Pricing
from gql.schema.documents import choose_operation
from tests.databases import Copy
from tests.engine.differential import GRAPHQL, DifferentialClient, differential_client
from tests.engine.random_arguments import Values
from tests.engine.random_documents import Document, Writer

MARK = "an_object"
"""Under this key every object of an answer tells that it is one, and not a JSON value."""

pytestmark = [
    # graphql-core leaves the siblings of a field that failed at once, and never starts them.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Marking(Visitor):
    """Adds the mark to every selection."""

    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> Any:
        mark = FieldNode(alias=NameNode(value=MARK), name=NameNode(value="__typename"))
        return SelectionSetNode(selections=(*node.selections, mark))


@pytest.fixture(scope="module")
async def differential(shared: Copy) -> AsyncIterator[DifferentialClient]:
    async with differential_client(shared) as differential:
        yield differential


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32))
async def test_no_answer_has_more_objects_than_its_document_costs(
    differential: DifferentialClient, seed: int
) -> None:
    pick = random.Random(seed)  # noqa: S311, not a secret
    written = Writer(GRAPHQL, pick, Values(pick)).document()
    document = parse(written.text)
    cost = Pricing(GRAPHQL).cost(document, choose_operation(document, None))
    marked = Document(print_ast(visit(document, Marking())), written.variables)

    answer = await differential.ask_resolvers(marked)

    # The object of the root fields is free, every other one is charged.
    objects = _objects(answer.json().get("data")) - 1
    points = cost.points(written.variables)
    assert objects * OBJECT.points <= points <= cost.most, json.dumps(written.text)


def _objects(value: Any) -> int:
    """How many objects a value has in it, itself counted."""
    if isinstance(value, list):
        return sum(map(_objects, value))
    if not isinstance(value, dict) or MARK not in value:
        return 0
    return 1 + sum(map(_objects, value.values()))
