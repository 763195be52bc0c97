"""Logs of items with few keys, few instants and few values, so that many of them collide."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from gql.ingest.items import ITEM, AnyItem

BEGIN = datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
SOURCE = "logs"
CALLS = ("c1", "c2")

KEYS = st.sampled_from(["k1", "k2", "k3"])
WORDS = st.sampled_from([None, "one", "two"])
TIMES = st.integers(0, 5).map(lambda second: (BEGIN + timedelta(seconds=second)).isoformat())
PRODUCERS = st.sampled_from(["webhook", "pull", "event"])


def _fields(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    common = {
        "source": st.just(SOURCE),
        "occurredAt": TIMES,
        "rank": st.integers(0, 1),
        "producer": PRODUCERS,
    }
    return st.fixed_dictionaries({**common, **required}, optional=optional)


def _kind(kind: str, required: dict[str, Any], **optional: Any) -> st.SearchStrategy[Any]:
    return _fields({"kind": st.just(kind), **required}, **optional)


OF_CALL = {"call": st.sampled_from(CALLS)}
AMOUNTS = st.sampled_from(["0.01", "0.0200005", "-0.003"])
CURRENCIES = st.sampled_from(["USD", "EUR"])
LINE = {
    "key": KEYS,
    "service": st.sampled_from(["llm", "tts", "telephony", "other"]),
    "amount": AMOUNTS,
}
MESSAGE = {"key": KEYS, "role": st.sampled_from(["user", "assistant", "tool"]), "content": WORDS}
SEGMENT = {"key": KEYS, "speaker": st.sampled_from(["user", "other"]), "content": st.just("hm")}
CALL = {
    "status": st.sampled_from(["queued", "ringing", "ongoing", "completed", "failed"]),
    "startedAt": TIMES,
    "answeredAt": TIMES,
    "endedAt": st.one_of(TIMES, st.none()),
    "durationMs": st.sampled_from([None, 1500, 61_499]),
    "endedReason": WORDS,
    "endedReasonKind": st.sampled_from(["busy", "completed", None]),
    "summary": WORDS,
    "analysis": st.sampled_from([None, {"a": 1}, {"b": [True, None]}]),
    "success": st.sampled_from(["success", "failure", None]),
    "direction": st.sampled_from(["inbound", "outbound"]),
    "channel": st.sampled_from(["voice", "sms"]),
    "customerPhoneNumber": st.sampled_from(["+15550100001", "sip:a@b", "whatsapp:+15550100", None]),
    "toPhoneNumber": st.sampled_from(["+15550100002", "whatsapp:+1999"]),
    "assistant": st.sampled_from([{"externalId": "a1", "name": "Nobody"}, {"name": "Ada"}, None]),
    "meta": st.dictionaries(st.sampled_from("xy"), WORDS, max_size=2),
    "sourceIds": st.dictionaries(st.sampled_from("pq"), WORDS, max_size=2),
}
CORRECTIONS = {name: CALL[name] for name in ("status", "summary", "endedAt", "meta", "startedAt")}


def _unique(element: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(
        st.fixed_dictionaries(element), max_size=3, unique_by=lambda each: str(each["key"])
    )


FIELDS = st.one_of(
    _kind("call", {"externalId": st.sampled_from(CALLS)}, **CALL),
    _kind("call", {"externalId": st.sampled_from(CALLS)}, **CALL),
    _kind(
        "call",
        {"externalId": st.sampled_from(CALLS), "producer": st.just("manual")},
        **CORRECTIONS,
        withdrawn=st.lists(st.sampled_from(["summary", "status", "endedAt", "meta.x"]), max_size=2),
    ),
    _kind(
        "costs",
        {**OF_CALL, "currency": CURRENCIES, "entries": _unique(LINE)},
        total=st.sampled_from(["0.5", "0.04"]),
    ),
    _kind("cost", {**OF_CALL, "currency": CURRENCIES, **LINE}),
    _kind("messages", {**OF_CALL, "messages": _unique(MESSAGE)}),
    _kind("message", {**OF_CALL, **MESSAGE}),
    _kind("transcript", {**OF_CALL, "segments": _unique(SEGMENT)}),
    _kind("segment", {**OF_CALL, **SEGMENT}),
    _kind("recording", {**OF_CALL, "key": KEYS}, url=WORDS, status=WORDS),
)
_WALK = {"call": st.just("c1"), "producer": st.sampled_from(["webhook", "pull"])}
_NODES = st.sampled_from(["101", "102", "103", "sales"])
WALKS = st.one_of(
    _kind(
        "session",
        {**_WALK, "externalId": st.just("w1")},
        graph=st.sampled_from([{"name": "Customer Service Router"}, {"externalId": "g"}, None]),
        currentNode=_NODES,
        startedAt=TIMES,
        endedAt=st.one_of(TIMES, st.none()),
        context=st.dictionaries(st.sampled_from("xy"), WORDS, max_size=2),
    ),
    _kind(
        "transition",
        {**_WALK, "session": st.just("w1"), "key": KEYS, "toNode": _NODES},
        fromNode=_NODES,
        toAssistantName=WORDS,
        conditionType=st.sampled_from(["intent", "global"]),
    ),
)
_CUSTOMER = ("+15550100009", "1 (555) 010-0009")
_TALKS = {
    "k1": ("+15550100002",),
    "k2": ("+15550100002", "whatsapp:+15550100002"),
    "k3": ("ACME",),
    "k4": ("+15550100002", "+15550100007"),  # which of them it was, items come to differ on
}
"""By key of an SMS: how the number is written that the customer writes with."""


def _text(key: str, senders: tuple[str, ...], receivers: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return _kind(
        "sms",
        {
            "messageId": st.just(key),
            "from": st.sampled_from(senders),
            "to": st.sampled_from(receivers),
            "producer": st.sampled_from(["webhook", "pull", "manual"]),
        },
        direction=st.sampled_from(["inbound", "outbound", None] if key != "k3" else ["inbound"]),
        body=WORDS,
        media=st.sampled_from([["https://m.example.com/1"], None]),
        status=st.sampled_from(["queued", "sent", "delivered", "failed", "read", "lost"]),
        errorCode=WORDS,
        segments=st.sampled_from([1, 2, None]),
        cost=st.one_of(
            st.none(), st.fixed_dictionaries({"amount": AMOUNTS, "currency": CURRENCIES})
        ),
    )


TEXTS = st.one_of(
    *(_text(key, _CUSTOMER, numbers) for key, numbers in _TALKS.items()),
    *(_text(key, numbers, _CUSTOMER) for key, numbers in _TALKS.items() if key != "k3"),
)
_OF_TALK = st.sampled_from(["t1", "t2"])
"""Keys of messages that are no SMS: which conversation such a message is in, its item says."""

_TALK = {
    "call": st.sampled_from(["talk", "other"]),
    "producer": st.sampled_from(["webhook", "pull"]),
}
CONVERSATIONS = st.one_of(
    _kind(
        "call",
        {
            "externalId": _TALK["call"],
            "channel": st.sampled_from(["sms", "sms", "sms", "voice"]),
            "customerPhoneNumber": st.sampled_from([*_CUSTOMER, "+15550100008"]),
            "toPhoneNumber": st.sampled_from(["+15550100002", "+15550100002", "ACME"]),
            "producer": st.sampled_from(["webhook", "pull", "manual"]),
        },
        status=st.sampled_from(["queued", "ongoing", "completed", "failed"]),
        startedAt=TIMES,
        endedAt=st.one_of(TIMES, st.none()),
        summary=WORDS,
        withdrawn=st.lists(st.sampled_from(["status", "endedAt", "startedAt"]), max_size=2),
    ),
    _kind("messages", {**_TALK, "messages": _unique({**MESSAGE, "key": _OF_TALK})}),
    _kind("message", {**_TALK, **MESSAGE, "key": _OF_TALK}),
    _kind("cost", {**_TALK, "currency": CURRENCIES, **LINE}),
)
"""Items on conversations that may be of the numbers of `TEXTS`, and may have ended."""

LOGS = st.lists(st.one_of(FIELDS, WALKS).map(ITEM.validate_python), min_size=2, max_size=12)
LOGS_WITH_TEXTS = st.lists(
    st.one_of(FIELDS, WALKS, TEXTS).map(ITEM.validate_python), min_size=2, max_size=12
)


def item(**fields: Any) -> AnyItem:
    """An item of the source of logs, `seconds` after the beginning."""
    at = BEGIN + timedelta(seconds=fields.pop("seconds", 0))
    return ITEM.validate_python({"source": SOURCE, "occurredAt": at, **fields})
