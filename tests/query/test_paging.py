"""The arguments of a list: which are accepted, and the errors for the others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql.domain.calls import CALLS
from gql.errors import BadCursor, BadInput
from gql.query.cursor import Cursor
from gql.query.paging import DEFAULT_PAGE, MAX_PAGE, Paging, paging

AFTER = "1~call~duration~asc~60~7"
BEFORE = "1~call~duration~asc~-~9"


def checked(**numbers: Any) -> Paging:
    """The paging of a list of calls by duration, shortest first."""
    return paging(CALLS, "duration", descending=False, **numbers)


def refusal(**numbers: Any) -> str:
    """The message about arguments that are refused."""
    with pytest.raises(BadInput) as raised:
        checked(**numbers)
    return raised.value.message


def test_no_arguments_ask_for_the_first_twenty() -> None:
    assert checked() == Paging(limit=20, order="duration", descending=False)
    assert (DEFAULT_PAGE, MAX_PAGE) == (20, 100)


@pytest.mark.parametrize("number", [0, 1, 100])
def test_first_and_last_take_none_to_a_hundred(number: int) -> None:
    assert checked(first=number) == Paging(limit=number, order="duration", descending=False)
    assert checked(last=number) == Paging(
        limit=number, order="duration", descending=False, backward=True
    )


@pytest.mark.parametrize("number", [-1, 101, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("name", ["first", "last"])
def test_a_page_out_of_range_is_refused(name: str, number: int) -> None:
    assert refusal(**{name: number}) == f"`{name}` is {number}, but must be between 0 and 100."


def test_first_and_last_together_are_refused() -> None:
    assert refusal(first=1, last=1) == "Give `first` or `last`, not both."
    assert refusal(first=0, last=0) == "Give `first` or `last`, not both."


def test_an_offset_goes_with_first_alone() -> None:
    message = "`offset` counts from the start: give it with `first` alone."

    assert checked(first=5, offset=10).offset == 10
    assert checked(offset=0).offset == 0
    assert refusal(offset=-1) == "`offset` is -1, but must not be negative."
    for others in ({"after": AFTER}, {"before": BEFORE}, {"last": 5}):
        assert refusal(offset=0, **others) == message


def test_cursors_go_with_either_end_and_with_each_other() -> None:
    assert checked(last=3, after=AFTER, before=BEFORE) == Paging(
        limit=3,
        order="duration",
        descending=False,
        backward=True,
        after=Cursor(60, 7),
        before=Cursor(None, 9),
    )


@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadCursor):
        checked(**{name: ""})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "first": st.none() | st.integers(-2, 102),
            "last": st.none() | st.integers(-2, 102),
            "offset": st.none() | st.integers(-2, 10),
            "after": st.none() | st.sampled_from([AFTER, BEFORE]) | st.text(max_size=3),
            "before": st.none() | st.sampled_from([AFTER, BEFORE]) | st.text(max_size=3),
        },
    )
)
def test_arguments_are_taken_or_refused_and_null_is_absent(numbers: dict[str, Any]) -> None:
    present = {name: value for name, value in numbers.items() if value is not None}
    try:
        page = checked(**numbers)
    except BadInput:
        with pytest.raises(BadInput):
            checked(**present)
        return

    assert page == checked(**present)
    assert 0 <= page.limit <= MAX_PAGE
