"""Which conversation an SMS belongs to, whatever the order in which items tell of the two.

It follows from when the SMS was written and from what items say of the conversations of its two
numbers; never from what has come so far. Conversations of one pair follow each other, so an SMS is
part of the first one that ended after it, and one that is open has not ended yet. What no
conversation covers that an item has named is in one that the SMS have opened themselves.
"""

from collections.abc import Iterable

from gql.ingest.merge import OLDEST, microseconds, parsed_instant
from gql.ingest.merged_call import MergedCall
from gql.ingest.merged_sms import party
from gql.models.enums import CallStatus, Channel

Pair = tuple[str, ...]
"""The addresses of both sides of a conversation, as they are compared, sorted."""

_NEVER = 2**63


def pair(*addresses: str) -> Pair:
    """Two addresses, as those of conversations are compared."""
    return tuple(sorted(map(party, addresses)))


def pair_of(call: MergedCall) -> Pair:
    """The two numbers of a conversation, as they are compared."""
    return pair(call.value("customer") or "", call.value("to_phone_number") or "")


def is_active(call: MergedCall) -> bool:
    """Whether nothing has said that a conversation is over."""
    return call.value("status") not in {CallStatus.COMPLETED, CallStatus.FAILED}


def placing(call: MergedCall) -> tuple[Pair, int, int] | None:
    """All that places SMS into a conversation or elsewhere; None for a voice call.

    Returns:
        Its pair, its end and its beginning, in microseconds since 1970.
    """
    if call.value("channel") != Channel.SMS:
        return None
    return pair_of(call), _end(call), _beginning(call)


def conversation_at(at: int, conversations: Iterable[MergedCall]) -> MergedCall | None:
    """The conversation that covers an instant, of those of one pair that items have named.

    Of several that end at once, such as those that are open, it is the one that began last before
    the instant, or else the one that began first.

    Args:
        at: In microseconds since 1970.
        conversations: None of them archived.
    """
    covering = [(_end(call), call) for call in conversations if at <= _end(call)]
    if not covering:
        return None
    end = min(each for each, _ in covering)
    ties = sorted(
        (call for each, call in covering if each == end),
        key=lambda call: (_beginning(call), call.key),
    )
    begun = [call for call in ties if _beginning(call) <= at]
    return begun[-1] if begun else ties[0]


def _beginning(call: MergedCall) -> int:
    """When a conversation began; the first instant that items tell of it, where none says it."""
    corrected = parsed_instant(call.value("started_at"))
    if corrected is not None:
        return microseconds(corrected)
    return call.started_at if call.started_at is not None else call.first or 0


def _end(call: MergedCall) -> int:
    """When a conversation ended; where no item says it, when the one happened that told of it."""
    if is_active(call):
        return _NEVER
    ended_at = parsed_instant(call.value("ended_at"))
    if ended_at is not None:
        return microseconds(ended_at)
    correction = call.registers.corrections.get("status")
    stamps = [call.registers.stamps.get(name, "") for name in ("status", "ended_at")]
    for stamp in ([correction.stamp] if correction else []) + stamps:
        instant = stamp.rpartition("/")[2].partition(":")[0]
        if instant not in {"", OLDEST}:
            return int(instant)
    # SQL has written it, and says no more than when its last message was written.
    return microseconds(call.row["last_activity"]) if call.row else 0
