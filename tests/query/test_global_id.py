"""Global ids: a type and an integer, and nothing else is taken for one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql.errors import BadInput
from gql.models.types import MAX_ID
from gql.query.global_id import global_id, read_id, split_id
from gql.schema.query import ENTITIES

RESOURCES = [resource for entity in ENTITIES for resource in entity.resources]


@given(resource=st.sampled_from(RESOURCES), id=st.integers(1, MAX_ID))
def test_every_type_reads_its_own_ids(resource: Any, id: int) -> None:
    record = resource.record(*(id if label == "id" else None for label in resource.labels))

    text = global_id(record)

    assert text == f"{resource.name}_{id}"
    assert split_id(text) == (resource.name, id)
    assert read_id(text, resource.name) == id
    assert read_id(str(id), resource.name) == id


def test_prefixes_are_the_documented_ones_and_all_different() -> None:
    prefixes = [entity.resources[0].name for entity in ENTITIES]

    assert set(prefixes) >= {
        *("organization", "user", "api_key", "assistant", "graph", "node", "edge"),
        *("graph_session", "transition", "call", "sms_conversation", "message", "transcript"),
    }
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize(
    "text",
    [
        *("", "_", "call", "call_", "_1", "__1", "call_0", "0", "-1", "call_-1", "+1", "1.0"),
        *(
            "call_01",
            "01",
            "1e3",
            " 1",
            "1 ",
            "call_1 ",
            "call_1\n",
            "0x1",
            "\u0661",
            "call_\u0661",
            "²",
        ),
        *("9223372036854775808", "call_9223372036854775808", "9" * 10_000, "null"),
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as raised:
        split_id(text)

    assert raised.value.message == f"{text[:60]!r} is not an id: write it like `call_101` or `101`."


def test_the_id_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(BadInput) as raised:
        read_id("call_101", "graph")

    assert raised.value.message == "`call_101` is not the id of a graph: this needs `graph_...`."


def test_a_longer_type_is_another_type() -> None:
    """`graph_session_1` ends like the id of a session, which is no type."""
    assert split_id("graph_session_1") == ("graph_session", 1)
    for wrong in ("session", "graph"):
        with pytest.raises(BadInput):
            read_id("graph_session_1", wrong)


@given(st.text())
def test_any_text_is_an_id_or_bad_input(text: str) -> None:
    try:
        name, value = split_id(text)
    except BadInput:
        return

    assert text == (str(value) if name is None else f"{name}_{value}")
