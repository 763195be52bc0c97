"""Cursors: what is written is read back, and whatever else is read is refused by name."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.domain.graph_sessions import GRAPH_SESSIONS, TRANSITIONS
from gql.domain.graphs import GRAPHS
from gql.domain.messages import MESSAGES, TRANSCRIPTS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.errors import BadCursor
from gql.models.types import MAX_ID
from gql.query.cursor import Cursor, read_cursor, write_cursor
from gql.query.resource import Resource

LISTS = (
    *(ASSISTANTS, CALLS, GRAPHS, GRAPH_SESSIONS, TRANSITIONS),
    *(MESSAGES, TRANSCRIPTS, SMS_CONVERSATIONS),
)
DAMAGED = "The cursor is damaged; use one from `pageInfo` or `edges` as it is."
OTHER = "The cursor belongs to another list or order; start again without it."

ids = st.integers(1, MAX_ID)
keys = {
    "instant": st.datetimes(timezones=st.just(UTC)),
    "integer": st.integers(-MAX_ID, MAX_ID),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\0")),
}
keys["chronology"] = keys["text"]


def record(resource: Resource, **values: Any) -> Any:
    """A record with these values, and None elsewhere."""
    return resource.record(*(values.get(label) for label in resource.labels))


@given(data=st.data(), id=ids, descending=st.booleans())
def test_every_order_of_every_list_reads_what_it_wrote(
    data: st.DataObject, id: int, *, descending: bool
) -> None:
    resource = data.draw(st.sampled_from(LISTS))
    order = data.draw(st.sampled_from(sorted(resource.orders)))
    spec = resource.orders[order]
    key = data.draw(st.none() | keys[spec.kind] if spec.nullable else keys[spec.kind])
    values: dict[str, Any] = {spec.label: key, "id": id}
    row = record(resource, **values)

    written = write_cursor(resource, order, descending=descending, record=row)

    key = values[spec.label]
    assert read_cursor(written, resource, order, descending=descending) == Cursor(key, id)
    assert set(written) <= set("abcdefghijklmnopqrstuvwxyzTZ0123456789_-.~")


def test_a_cursor_says_where_it_belongs_and_what_is_there() -> None:
    started = datetime(2025, 1, 19, 10, 0, 0, 500_000, UTC)

    call = record(CALLS, id=101, started_at=started, duration=None)

    assert write_cursor(CALLS, "started_at", descending=True, record=call) == (
        "1~call~started_at~desc~20250119T100000.5Z~101"
    )
    assert write_cursor(CALLS, "duration", descending=False, record=call) == (
        "1~call~duration~asc~-~101"
    )


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    call = record(CALLS, id=7, started_at=datetime(2025, 1, 19, 15, 30, tzinfo=zone))

    assert write_cursor(CALLS, "started_at", descending=True, record=call) == (
        "1~call~started_at~desc~20250119T100000Z~7"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1~call~duration~desc~20250119T100000Z~101", "another order"),
        ("1~call~started_at~asc~20250119T100000Z~101", "the other direction"),
        ("1~graph_session~started_at~desc~20250119T100000Z~101", "another list"),
        ("1~sms_conversation~started_at~desc~20250119T100000Z~101", "its sister"),
        ("2~call~started_at~desc~20250119T100000Z~101", "another version"),
        ("~~~~~", "nothing at all"),
    ],
)
def test_a_cursor_of_another_list_or_order_says_so(text: str, why: str) -> None:
    with pytest.raises(BadCursor) as raised:
        read_cursor(text, CALLS, "started_at", descending=True)

    assert (raised.value.code, raised.value.message) == ("BAD_CURSOR", OTHER), why


@pytest.mark.parametrize(
    "position",
    [
        *("20250119T100000Z~0", "20250119T100000Z~-1", "20250119T100000Z~", "20250119T100000Z~1.0"),
        *("20250119T100000Z~01", "20250119T100000Z~+1", "20250119T100000Z~1_0"),
        *("20250119T100000Z~9223372036854775808", "20250119T100000Z~" + "9" * 10_000),
        *("20250119T100000Z~\u0661", "~101", "-~101", "yesterday~101", "20250119~101"),
        *("20250119T100000.50Z~101", "20250119T100000.Z~101", "20250119T100000~101"),
        *("20250230T100000Z~101", "20250119T100060Z~101", "00000119T100000Z~101"),
        *("20250119T100000Z", "20250119T100000Z~101~", "\u0662\u0660\u0662\u06650119T100000Z~101"),
    ],
)
def test_a_damaged_cursor_says_so(position: str) -> None:
    with pytest.raises(BadCursor) as raised:
        read_cursor(f"1~call~started_at~desc~{position}", CALLS, "started_at", descending=True)

    assert raised.value.message == DAMAGED


@pytest.mark.parametrize("key", ["1.5", "1e3", "0x1", " 1", "9223372036854775808", "--", "1\n"])
def test_a_damaged_number_is_refused(key: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(f"1~call~duration~desc~{key}~101", CALLS, "duration", descending=True)


@pytest.mark.parametrize("key", ["6", "6g", "ff", "00", "4A", "61 62", "eda080"])
def test_damaged_text_is_refused(key: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(f"1~graph~name~desc~{key}~101", GRAPHS, "name", descending=True)


def test_only_an_order_with_gaps_has_a_cursor_without_a_value() -> None:
    position = read_cursor("1~call~total_cost~asc~-~101", CALLS, "total_cost", descending=False)

    assert position == Cursor(None, 101)
    with pytest.raises(BadCursor):
        read_cursor("1~message~message_index~asc~-~1", MESSAGES, "message_index", descending=False)


@given(st.text() | st.lists(st.text(max_size=9), min_size=6, max_size=6).map("~".join))
def test_any_text_is_refused(text: str) -> None:
    assume(not text.startswith("1~call~started_at~desc~"))

    with pytest.raises(BadCursor):
        read_cursor(text, CALLS, "started_at", descending=True)


@given(
    order=st.sampled_from(["name", "created_at"]),
    key=st.text(st.sampled_from("0123456789abcdefTZ.-+ _é\u0661"), max_size=20) | st.text(),
    id=st.text(st.sampled_from("0123456789-+_ \u0661"), max_size=20) | ids.map(str),
)
def test_what_is_read_is_written_the_same(order: str, key: str, id: str) -> None:
    """So every position has one cursor, and clients may compare them."""
    text = f"1~graph~{order}~desc~{key}~{id}"
    try:
        position = read_cursor(text, GRAPHS, order, descending=True)
    except BadCursor:
        return

    row = record(GRAPHS, **{order: position.key, "id": position.id})
    assert write_cursor(GRAPHS, order, descending=True, record=row) == text
