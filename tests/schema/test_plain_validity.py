"""What one walk accepts, every rule of validation accepts too."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLError, parse, validate

from benchmarks.workloads import CALL, NESTED
from gql.schema import plain_validity
from gql.schema.documents import MAX_ERRORS, RULES
from gql.schema.one_of import follow_one_of
from gql.schema.plain_validity import is_plainly_valid
from tests.engine.differential import GRAPHQL
from tests.engine.random_documents import Writer
from tests.engine.random_variables import RandomVariables
from tests.engine.variable_documents import DOCUMENTS
from tests.schema.spoilt_documents import spoilt

FIXED = 20261128
SPOILT = 3_000

follow_one_of(GRAPHQL)

ACCEPTED = {
    "fragments": """
        query ($id: ID!, $with: Boolean! = true) {
          call(id: $id) {
            ...Ids assistant { ...Named } session { graph { ...on AssistantGraph { name } } }
          }
          node(id: $id) {
            id ... on Call { callSid } ... on AssistantGraph { name @include(if: $with) }
          }
        }
        fragment Ids on Call { id __typename callSid }
        fragment Named on Assistant { id name ...Id }
        fragment Id on Node { id }""",
    "repeated leaves": "{ calls { nodes { id id __typename __typename } totalCount totalCount } }",
    "a mutation": "mutation ($i: DeleteGraphInput!) { deleteGraph(input: $i) { __typename } }",
    "constants": """{ calls(first: 2, orderBy: {field: STARTED_AT, direction: ASC},
        filter: {status: {in: [COMPLETED]}, callSid: {eq: "a"}, any: []}) { totalCount } }""",
    "a default": "query ($first: Int = 5) { calls(first: $first) { totalCount } }",
    "a variable in a list": "query ($id: ID!) { nodes(ids: [$id, 5]) { id } }",
}

REFUSED = {
    "two operations of one name": "query A { viewer { method } } query A { viewer { method } }",
    "a nameless one of two": "{ viewer { method } } query A { viewer { method } }",
    "a type definition": "{ viewer { method } } type A { b: Int }",
    "an unknown field": "{ calls { nodes { idd } } }",
    "a field of another type": "{ calls { id } }",
    "a field of a union's or interface's objects": '{ node(id: "call_1") { callSid } }',
    "no selection": "{ calls { nodes } }",
    "a selection of a leaf": "{ calls { totalCount { a } } }",
    "a selection of the type's name": "{ __typename { a } }",
    "an argument of the type's name": "{ __typename(a: 1) }",
    "an unknown argument": "{ calls(frist: 1) { totalCount } }",
    "an argument twice": "{ calls(first: 1, first: 1) { totalCount } }",
    "a missing argument": "{ graph { id } }",
    "a wrong constant": '{ calls(first: "1") { totalCount } }',
    "a number that is too large": "{ calls(first: 3000000000) { totalCount } }",
    "an unknown enum value": "{ calls(filter: {status: {eq: COMPLETE}}) { totalCount } }",
    "a text for an enum": '{ calls(filter: {status: {eq: "COMPLETED"}}) { totalCount } }',
    "null for what is required": "{ graph(id: null) { id } }",
    "an object for a number": "{ calls(first: {}) { totalCount } }",
    "a list for a number": "{ calls(first: [1]) { totalCount } }",
    "a number for an object": "{ calls(filter: 1) { totalCount } }",
    "an unknown input field": "{ calls(filter: {state: {eq: COMPLETED}}) { totalCount } }",
    "an input field twice": "{ calls(filter: {any: [], any: []}) { totalCount } }",
    "a missing input field": "{ calls(orderBy: {direction: ASC}) { totalCount } }",
    "two of one": '{ graph(by: {id: "1", name: "a"}) { id } }',
    "a variable of one that may be null": "query ($a: ID) { user(by: {id: $a}) { id } }",
    "an unknown variable": "{ call(id: $id) { id } }",
    "an unknown variable in a list": "{ nodes(ids: [$id]) { id } }",
    "a variable that is not used": "query ($a: Int) { calls { totalCount } }",
    "a variable twice": "query ($a: Int, $a: Int) { calls(first: $a) { totalCount } }",
    "a variable of no type": "query ($a: Nothing) { calls(first: $a) { totalCount } }",
    "a variable of an output type": "query ($a: Call) { calls(first: $a) { totalCount } }",
    "a variable of another type": "query ($a: String) { calls(first: $a) { totalCount } }",
    "a variable that may be null": "query ($a: ID) { graph(id: $a) { id } }",
    "an item that may be null": "query ($a: ID) { nodes(ids: [$a]) { id } }",
    "a variable with a wrong default": 'query ($a: Int = "a") { calls(first: $a) { totalCount } }',
    "a required variable with null": "query ($a: Int! = null) { calls(first: $a) { totalCount } }",
    "an unknown directive": "{ calls @nothing { totalCount } }",
    "a directive elsewhere": "query @skip(if: true) { calls { totalCount } }",
    "a directive of the schema": '{ calls @deprecated(reason: "a") { totalCount } }',
    "a directive on a variable": (
        "query ($a: Int @skip(if: true)) { calls(first: $a) { __typename } }"
    ),
    "a directive on a fragment": (
        "{ ...A } fragment A on Query @skip(if: true) { calls { totalCount } }"
    ),
    "a directive twice": "{ calls @skip(if: true) @skip(if: true) { totalCount } }",
    "a directive without its argument": "{ calls @skip { totalCount } }",
    "a directive with a wrong one": "{ calls @skip(if: 1) { totalCount } }",
    "an unknown fragment": "{ ...A }",
    "a fragment that is not used": "{ __typename } fragment A on Query { __typename }",
    "a fragment twice": (
        "{ ...A } fragment A on Query { __typename } fragment A on Query { __typename }"
    ),
    "a fragment of no type": "{ ...A } fragment A on Nothing { a }",
    "a fragment of a leaf": "{ ... on Int { a } }",
    "a fragment of another type": "{ ... on Call { id } }",
    "a spread of another type": "{ calls { ...A } } fragment A on Query { __typename }",
    "a circle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "a fragment in itself": "{ ...A } fragment A on Query { viewer { method } ...A }",
    "one key for two fields": "{ calls { nodes { a: id a: callSid } } }",
    "one key for two fields, by a fragment": (
        "{ calls { nodes { a: id ...A } } } fragment A on Call { a: callSid }"
    ),
    "one key for two lists": "{ a: calls(first: 1) { totalCount } a: calls { totalCount } }",
    "one key for two types": (
        '{ node(id: "1") { ... on Call { a: duration } ... on AssistantGraph { a: name } } }'
    ),
    "one key below one key": "{ calls { a: totalCount } calls { a: __typename } }",
    "a subscription": "subscription { __typename }",
}


def _errors(text: str) -> list[GraphQLError]:
    return validate(GRAPHQL, parse(text), RULES, MAX_ERRORS)


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_common_form_is_accepted(name: str) -> None:
    assert is_plainly_valid(GRAPHQL, parse(ACCEPTED[name]))
    assert _errors(ACCEPTED[name]) == []


@pytest.mark.parametrize("workload", [*NESTED, CALL], ids=lambda each: each.name)
def test_the_requests_of_the_benchmark_are_accepted(workload: Any) -> None:
    assert is_plainly_valid(GRAPHQL, parse(workload.documents["jackfield"]))


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_rule_refuses_is_not_accepted(name: str) -> None:
    assert _errors(REFUSED[name]) != []
    assert not is_plainly_valid(GRAPHQL, parse(REFUSED[name]))


def test_what_is_accepted_of_random_documents_is_valid() -> None:
    accepted = _accepted(SPOILT, FIXED)

    assert len(accepted) > SPOILT / 100
    assert [text for text in accepted if _errors(text)] == []


def _accepted(number: int, seed: int) -> list[str]:
    """The random documents that are accepted, of so many."""
    pick = random.Random(seed)  # noqa: S311 -- not a secret
    values = RandomVariables(pick).values
    sources = [*DOCUMENTS, *ACCEPTED.values()]
    sources += [Writer(GRAPHQL, pick, values).document().text for _ in range(number // 50)]
    texts = (spoilt(pick.choice(sources), pick) for _ in range(number))
    return sorted({text for text in texts if text and is_plainly_valid(GRAPHQL, parse(text))})


def _accept_anything(_accepted: bool) -> None:
    """In place of `_accept_only`."""


def _any_key(keys: dict[str, Any], key: str, what: Any) -> None:
    keys[key] = what


MUTANTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "most checks are gone": ("_accept_only", _accept_anything),
    "arguments may be missing": ("is_required_argument", lambda _: False),
    "input fields may be missing": ("is_required_input_field", lambda _: False),
    "variables may have any type": ("allowed_variable_usage", lambda *_: True),
    "keys may be repeated": ("_add_key", _any_key),
    "fragments may be on any type": ("do_types_overlap", lambda *_: True),
    "scalars may be anything": ("coerce_input_literal", lambda *_: 1),
    "everything has a default": ("_default", lambda _: 1),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_refused_documents_see_a_walk_that_is_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attribute, mutant = MUTANTS[name]
    monkeypatch.setattr(plain_validity, attribute, mutant)

    assert any(is_plainly_valid(GRAPHQL, parse(text)) for text in REFUSED.values())
