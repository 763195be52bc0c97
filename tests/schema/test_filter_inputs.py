"""A filter that would not be applied is an error when it is declared."""

from dataclasses import replace
from typing import Any

import pytest

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.engine.connection import connection
from gql.query.filters import Condition, compare, key_equals
from gql.query.resource import Resource
from gql.schema.inputs.assistants import AssistantFilter, AssistantOrder
from gql.schema.inputs.comparators import (
    DateTimeFilter,
    IDFilter,
    JSONKeyFilter,
    StringFilter,
    comparator,
)
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of

MODELS = replace(
    ASSISTANTS,
    filters={
        "llm_model": compare("llm_model"),
        "settings": key_equals("settings"),
        "user_id": compare("user_id"),
    },
)


def declare(field: str, annotation: Any, declaration: Any, resource: Resource = MODELS) -> Any:
    """`@filter_of(resource) class ModelFilter: field: annotation | None = declaration`."""
    body = {
        "__annotations__": {field: annotation | None},
        "__doc__": "Which.",
        field: declaration,
    }
    return filter_of(resource)(type("ModelFilter", (FilterInput,), body))


def compares(kind: Any, **values: Any) -> Any:
    return kind(**values)


def test_a_field_filters_by_the_criterion_of_its_name() -> None:
    model_filter = declare("llm_model", StringFilter, criterion("By model."))

    value = model_filter(llm_model=compares(StringFilter, in_=["a", "b"], starts_with="c"))

    assert value.conditions() == (
        Condition("llm_model", "in", ("a", "b")),
        Condition("llm_model", "starts_with", "c"),
    )
    assert model_filter().conditions() == ()


def test_ids_are_those_of_a_resource() -> None:
    model_filter = declare("user_id", IDFilter, criterion("By maker.", ids_of=ASSISTANTS))

    value = model_filter(user_id=compares(IDFilter, eq="assistant_7", in_=["8"]))

    assert value.conditions() == (
        Condition("user_id", "eq", 7),
        Condition("user_id", "in", (8,)),
    )


@pytest.mark.parametrize(
    ("field", "annotation", "declaration", "message"),
    [
        (
            "llm_provider",
            StringFilter,
            criterion("By provider."),
            (
                "ModelFilter.llm_provider filters nothing: add 'llm_provider' to the `filters` of"
                " the resource 'assistant' in gql/domain"
            ),
        ),
        (
            "llm_model",
            StringFilter,
            comparator("By model."),
            "ModelFilter.llm_model filters nothing: declare it with `criterion(...)`",
        ),
        (
            "llm_model",
            int,
            criterion("By model."),
            (
                "ModelFilter.llm_model must be `bool | None`, `str | None`, or one of"
                " gql/schema/inputs/comparators.py"
            ),
        ),
        (
            "settings",
            DateTimeFilter,
            criterion("By settings."),
            (
                "ModelFilter.settings compares by gt, gte, is_null, lt, lte, but 'settings' of the"
                " resource 'assistant' is a criterion by key_eq, key_in, key_ne, key_not_in: use"
                " other comparators, or"
                " another criterion"
            ),
        ),
        (
            "llm_model",
            JSONKeyFilter,
            criterion("By model."),
            (
                "ModelFilter.llm_model compares by key_eq, key_in, key_ne, key_not_in, but"
                " 'llm_model' of the resource 'assistant' is a criterion by contains, eq, gt, gte,"
                " in, is_null, lt, lte, ne, not_in, starts_with: use other comparators, or"
                " another criterion"
            ),
        ),
        (
            "settings",
            bool,
            criterion("By settings."),
            (
                "ModelFilter.settings compares by eq, but 'settings' of the resource 'assistant' is"
                " a criterion by key_eq, key_in, key_ne, key_not_in: use other comparators, or"
                " another criterion"
            ),
        ),
        (
            "user_id",
            IDFilter,
            criterion("By maker."),
            "ModelFilter.user_id: an IDFilter, and nothing else, needs `ids_of=` a resource",
        ),
        (
            "llm_model",
            StringFilter,
            criterion("By model.", ids_of=ASSISTANTS),
            "ModelFilter.llm_model: an IDFilter, and nothing else, needs `ids_of=` a resource",
        ),
    ],
)
def test_a_field_that_cannot_be_applied(
    field: str, annotation: Any, declaration: Any, message: str
) -> None:
    with pytest.raises(TypeError) as raised:
        declare(field, annotation, declaration)

    assert str(raised.value) == message


def test_a_criterion_on_a_column_that_there_is_not() -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011, the whole message is compared
        replace(ASSISTANTS, filters={"model": compare("model")})

    assert str(raised.value) == (
        "the filter 'model' of assistant compares the column 'model', which assistant does not have"
    )


def test_a_list_of_other_records_cannot_have_the_filter() -> None:
    with pytest.raises(TypeError, match=r"^AssistantFilter\.is_active filters nothing"):
        connection("Calls.", CALLS, order=AssistantOrder, usual=1, filter=AssistantFilter)
