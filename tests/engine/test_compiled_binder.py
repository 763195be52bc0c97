"""The binder of a plan binds what the general one binds, or leaves it to that."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLEnumType, OperationDefinitionNode, Undefined, parse

from gql.engine import coercion, compiled_binder, filter_reader
from gql.engine.coercion import Coercions, InputObject, NotCoerced
from gql.schema.schema import schema
from tests.databases import Copy
from tests.engine.binder_proof import lines, prove
from tests.engine.differential import GRAPHQL, differential_client
from tests.engine.random_documents import Document
from tests.engine.random_variables import nested
from tests.engine.seeds import seeds

SETS = 1_500
"""Per seed. `python -m tests.engine.binder_proof 50000` binds more."""

MOST_LEFT = 10
"""How many of them a plan's own binder leaves to the general one, though they are right."""

FIXED = 20261128
QUERY = "query ($status: CallStatus!) { calls(filter: {status: {eq: $status}}) { nodes { id } } }"


@pytest.mark.parametrize("seed", seeds(FIXED))
def test_both_binders_bind_alike_or_refuse(seed: int) -> None:
    proof = prove(SETS, seed)
    print(f"seed {seed}: {proof}")  # noqa: T201, to run it again with

    assert "\n".join(lines(proof, 3)) == ""
    assert proof.counts["alike"] > SETS / 4
    assert proof.counts["refused"] > SETS / 10
    assert proof.counts["general"] <= MOST_LEFT


def _unchecked_fields(self: InputObject, value: Any) -> Any:
    return self.instance(
        {
            self.names[name]: self.fields[name](item)
            for name, item in value.items()
            if name in self.fields
        }
    )


def _without_checks(**changes: Any) -> Callable[[InputObject, dict[str, Any]], Any]:
    instance = InputObject.instance
    return lambda self, values: instance(replace(self, **changes), values)


def _members_as_null(input_object: InputObject, parts: Any, variables: Any) -> Any:
    values = {name: read(variables) for name, read in parts}
    return input_object.instance(
        {name: None if value is Undefined else value for name, value in values.items()}
    )


def _enums_as_text(self: Coercions, of_type: Any) -> Any:
    if isinstance(of_type, GraphQLEnumType):
        return {name: of_type.coerce_input_value(name).value for name in of_type.values}.get
    return _NULLABLE(self, of_type)


def _left_out_variables_are_null(self: Coercions, operation: Any) -> Any:
    names = [each.variable.name.value for each in operation.variable_definitions or ()]
    coerce = _VARIABLES(self, operation)
    return lambda inputs: dict.fromkeys(names) | coerce(inputs)


def _criterion_of_nothing(criterion: Any, variables: Any, conditions: list[Any]) -> None:
    with suppress(NotCoerced):
        _READ_CRITERION(criterion, variables, conditions)


def _criterion_in_order_of_names(criterion: Any, variables: Any, conditions: list[Any]) -> None:
    sorted_ones = tuple(sorted(criterion.comparisons))
    _READ_CRITERION(criterion._replace(comparisons=sorted_ones), variables, conditions)


_READ_CRITERION = filter_reader._read_criterion  # noqa: SLF001
_VARIABLES = Coercions.variables
_NULLABLE = Coercions._nullable  # noqa: SLF001

MUTANTS: dict[str, tuple[Any, str, Any]] = {
    "null passes for a required variable": (
        coercion,
        "_required",
        lambda name, variables: variables.get(name),
    ),
    "null passes for a required value": (
        coercion,
        "_coerce_required",
        lambda coerce, value: None if value is None else coerce(value),
    ),
    "null is coerced": (coercion, "_coerce_optional", lambda coerce, value: coerce(value)),
    "one value passes for a list": (
        coercion,
        "_coerce_items",
        lambda coerce, value: [coerce(item) for item in value],
    ),
    "items are not coerced": (coercion, "_coerce_items", lambda _coerce, value: value),
    "what is left out of an object is null": (coercion, "_members", _members_as_null),
    "unknown fields pass": (InputObject, "coerce", _unchecked_fields),
    "required fields may be missing": (
        InputObject,
        "instance",
        _without_checks(required=frozenset()),
    ),
    "numbers of more than 32 bits pass": (coercion, "_EXACT", {"Int": lambda _, value: value}),
    "text passes for anything": (
        coercion,
        "_EXACT",
        {"ID": lambda _, value: value, "String": lambda _, value: value},
    ),
    "variables that are left out are null": (Coercions, "variables", _left_out_variables_are_null),
    "a criterion may compare nothing": (filter_reader, "_read_criterion", _criterion_of_nothing),
    "comparators are in another order": (
        filter_reader,
        "_read_criterion",
        _criterion_in_order_of_names,
    ),
    "a page is that of the first request": (compiled_binder, "has_variable", lambda _: False),
    "enums are their text": (Coercions, "_nullable", _enums_as_text),
}
"""By what each gets wrong: where it is put, and what."""


@pytest.mark.parametrize("name", MUTANTS)
def test_the_proof_sees_a_binder_that_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target, attribute, mutant = MUTANTS[name]
    monkeypatch.setattr(target, attribute, mutant)

    proof = prove(SETS * 3, FIXED, random_documents=0)

    assert proof.different or proof.counts["general"] > MOST_LEFT


def test_what_is_nested_too_deeply_is_refused_where_no_field_uses_it() -> None:
    (document,) = parse(
        """query ($filter: CallFilter, $with: Boolean!) { graphs { totalCount }
             calls(filter: $filter) @include(if: $with) { totalCount } }"""
    ).definitions
    assert isinstance(document, OperationDefinitionNode)
    coerce = Coercions(GRAPHQL, schema.schema_converter).variables(document)

    assert coerce({"filter": nested(90), "with": False})["with"] is False
    with pytest.raises(NotCoerced):
        coerce({"filter": nested(120), "with": False})


async def test_a_binder_is_compared_before_it_binds(fresh: Copy) -> None:
    statuses = ("COMPLETED", "FAILED", "ACTIVE", "COMPLETED")
    own, answers = [], []
    async with differential_client(fresh) as client:
        for status in statuses:
            before = client.engine.counts.own_binder
            answers.append(await client.ask(Document(QUERY, {"status": status})))
            own.append(client.engine.counts.own_binder - before)
        refused = await client.ask(Document(QUERY, {"status": "UNKNOWN"}))

    assert own == [0, 0, 1, 1]
    assert all(each.planned and each.alike for each in answers)
    assert len({str(each.compiled) for each in answers}) == 3
    assert refused.alike
    assert not refused.planned
    assert client.engine.counts.binders_off == 0


async def test_a_binder_that_is_wrong_is_not_used(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Coercions, "_nullable", _enums_as_text)
    async with differential_client(fresh) as client:
        with caplog.at_level(logging.ERROR, "gql.engine.engine"):
            answers = [await client.ask(Document(QUERY, {"status": "COMPLETED"})) for _ in range(5)]

    assert all(each.planned and each.alike for each in answers)
    assert (client.engine.counts.binders_off, client.engine.counts.own_binder) == (1, 0)
    assert [record.getMessage() for record in caplog.records] == [
        f"a compiled binder is wrong: {QUERY}"
    ]
