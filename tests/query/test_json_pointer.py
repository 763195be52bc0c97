"""JSON Pointers: the examples of RFC 6901, and one for every value of any document."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gql.errors import BadInput
from gql.query.json_pointer import MAX_STEPS, resolve_pointer

RFC = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}

names = st.text(st.sampled_from('ab~/0.1"\\é '), max_size=4)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_rfc(pointer: str, value: Any) -> None:
    assert resolve_pointer(RFC, pointer) == value


@pytest.mark.parametrize(
    "pointer",
    [
        *("/nothing", "/foo/2", "/foo/-", "/foo/-1", "/foo/00", "/foo/01", "/foo/+1", "/foo/1.0"),
        *("/foo/\u0661", "/foo/²", "/foo/", "/foo/9999999999", "/foo/" + "9" * 10_000, "/foo/0/0"),
        *("//", "/foo/bar", "/m~0n~0", "/a~01b", "/0" * 32),
    ],
)
def test_what_is_not_there_is_null(pointer: str) -> None:
    assert resolve_pointer(RFC, pointer) is None


@pytest.mark.parametrize("pointer", ["foo", "foo/0", " ", "#/foo", "0", "~0"])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    with pytest.raises(BadInput) as raised:
        resolve_pointer(RFC, pointer)

    assert raised.value.message == (
        f"{pointer!r} is not a JSON Pointer: write it like `/previous_assistants/0`."
    )


@pytest.mark.parametrize("pointer", ["/~", "/~2", "/a~", "/m~n~0", "/~~0", "/~/a"])
def test_a_tilde_escapes_something(pointer: str) -> None:
    """RFC 6901, section 3: `escaped = "~" ( "0" / "1" )`."""
    with pytest.raises(BadInput) as raised:
        resolve_pointer(RFC, pointer)

    assert raised.value.message == (
        f"{pointer!r} is not a JSON Pointer: in a key, write `~` as `~0` and `/` as `~1`."
    )


def test_a_pointer_has_a_bounded_number_of_steps() -> None:
    with pytest.raises(BadInput) as raised:
        resolve_pointer(RFC, "/a" * 33)

    assert raised.value.message == "A JSON Pointer has at most 32 steps, not 33."


@given(documents)
def test_every_value_of_a_document_has_its_pointer(document: Any) -> None:
    for pointer, value in walk(document, ""):
        assert resolve_pointer(document, pointer) is value


GRAMMAR = re.compile("(/([^~/]|~[01])*)*")
"""https://www.rfc-editor.org/rfc/rfc6901#section-3"""


@given(document=documents, pointer=st.text() | st.text(st.sampled_from("/~01a")))
@example(document=None, pointer="/~")
@example(document={"~": 1}, pointer="/~2")
@example(document=None, pointer="/" * (MAX_STEPS + 1))
def test_any_text_points_at_something_or_nothing_or_is_refused(document: Any, pointer: str) -> None:
    values = [value for _, value in walk(document, "")]
    is_pointer = bool(GRAMMAR.fullmatch(pointer)) and pointer.count("/") <= MAX_STEPS
    try:
        target = resolve_pointer(document, pointer)
    except BadInput:
        assert not is_pointer
        return

    assert is_pointer
    assert target is None or any(target is value for value in values)


def walk(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Every value of a document, under the pointer that names it."""
    yield pointer, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, f"{pointer}/{index}")
