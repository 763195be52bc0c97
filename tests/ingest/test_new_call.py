"""A new call that one item tells is what merging the item into nothing makes of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from hypothesis import example, given
from hypothesis import strategies as st

from gql.ingest.items import ITEM, CallItem, State
from gql.ingest.merge import item_stamp
from gql.ingest.merged_call import MergedCall
from gql.ingest.new_call import new_call_columns
from gql.models.enums import Channel, Direction, EndedReasonKind

START = datetime(2026, 5, 1, 10, tzinfo=UTC)

_words = st.sampled_from(["a", "b ü", "whatsapp:+1 555 010 0001", "sip:a@b.c"])
_numbers = st.sampled_from(["", "+15550100001", "0044 20 7946 0018", "tel:+1 555", "anonymous"])
_instants = st.integers(-(10**9), 10**9).map(
    lambda microseconds: (START + timedelta(microseconds=microseconds)).isoformat()
)
_objects = st.dictionaries(
    st.sampled_from(["a", "z", "sms_deleted"]), st.sampled_from([None, 1, "x", True, {"y": [None]}])
)
_externals = st.fixed_dictionaries({}, optional={"externalId": _words, "name": st.none() | _words})
_OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("callSid", "carrierCallId", "endedReason", "summary", "sentiment"), _words),
    **dict.fromkeys(("startedAt", "answeredAt", "endedAt"), _instants),
    **dict.fromkeys(("meta", "sourceIds", "analysis", "latency"), _objects),
    **dict.fromkeys(("assistant", "graph"), _externals),
    "toPhoneNumber": _numbers.filter(bool),
    "customerPhoneNumber": _numbers.filter(bool),
    "channel": st.sampled_from(list(Channel)),
    "direction": st.sampled_from(list(Direction)),
    "status": st.sampled_from(get_args(State)),
    "durationMs": st.integers(0, 10**7),
    "endedReasonKind": st.sampled_from(list(EndedReasonKind)),
    "endedMessage": _words,
    "success": st.sampled_from(["success", "failure", "unknown"]),
    "rank": st.integers(0, 9),
    "withdrawn": st.just(["summary"]),
}
_NULLABLE = _OPTIONAL.keys() - {"rank", "withdrawn"}

_items = st.fixed_dictionaries(
    {"occurredAt": _instants},
    optional={
        name: st.none() | values if name in _NULLABLE else values
        for name, values in _OPTIONAL.items()
    },
)
SOLE = {"kind": "call", "source": "acme", "externalId": "call-1", "producer": "webhook"}


@given(_items)
@example({"occurredAt": START.isoformat(), "endedAt": START.isoformat()})
@example({"occurredAt": START.isoformat(), "status": "ongoing", "endedAt": START.isoformat()})
@example({"occurredAt": START.isoformat(), "status": None})
def test_it_has_the_columns_that_a_merge_makes(fields: dict[str, Any]) -> None:
    item = ITEM.validate_python({**SOLE, **fields})
    assert isinstance(item, CallItem)
    stamp = item_stamp(item.occurred_at, item.rank, item)
    call = MergedCall((item.source, item.external_id))
    assert call.take(item, stamp)

    columns = new_call_columns(item, stamp)

    never_null = ("direction", "channel", "status", "startedAt", "toPhoneNumber")
    if any(fields.get(name, "") is None for name in never_null) or item.channel == Channel.SMS:
        assert columns is None
    else:
        assert columns == call.columns()
        # The database keeps the text: also the order of keys.
        assert _text(columns) == _text(call.columns())


def _text(columns: dict[str, Any]) -> str:
    return json.dumps([columns[name] for name in ("merge_state", "call_meta", "source_ids")])


def test_a_correction_is_merged() -> None:
    fields = {**SOLE, "producer": "manual", "occurredAt": START.isoformat(), "summary": "Right."}
    item = ITEM.validate_python(fields)
    assert isinstance(item, CallItem)
    assert new_call_columns(item, item_stamp(item.occurred_at, item.rank, item)) is None
