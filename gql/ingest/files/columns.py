"""Which column of a table of calls is which part of a call, by the names that systems give them.

Names are compared without case, spaces and punctuation. Nothing is guessed: where two columns could
be one part of a call, the user has to say which.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gql.errors import BadInput

_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]")


class CallPart(StrEnum):
    """A part of a call that a column can hold; the words of `--map`."""

    CALL_SID = "callSid"
    CALL_ID = "callId"
    PARENT_CALL_SID = "parentCallSid"
    CARRIER_CALL_ID = "carrierCallId"
    CUSTOMER_PHONE_NUMBER = "customerPhoneNumber"
    TO_PHONE_NUMBER = "toPhoneNumber"
    FROM = "from"
    TO = "to"
    DIRECTION = "direction"
    CHANNEL = "channel"
    STATUS = "status"
    STARTED_AT = "startedAt"
    ANSWERED_AT = "answeredAt"
    ENDED_AT = "endedAt"
    SECONDS = "seconds"
    MINUTES = "minutes"
    MILLISECONDS = "milliseconds"
    COST = "cost"
    CENTS = "costInCents"
    LLM_COST = "llmCost"
    TTS_COST = "ttsCost"
    STT_COST = "sttCost"
    TELEPHONY_COST = "telephonyCost"
    CURRENCY = "currency"
    ENDED_REASON = "endedReason"
    ENDED_REASON_KIND = "endedReasonKind"
    ENDED_MESSAGE = "endedMessage"
    SUMMARY = "summary"
    SUCCESS = "success"
    SENTIMENT = "sentiment"
    ASSISTANT_ID = "assistantId"
    ASSISTANT_NAME = "assistantName"
    GRAPH_ID = "graphId"
    GRAPH_NAME = "graphName"
    RECORDING_URL = "recordingUrl"


META = "meta."
"""Before the name of a key of a call's metadata, in `--map`."""

# Each part with its names; a second line counts only where the first has none.
_NAMES: Mapping[CallPart, tuple[str, ...]] = {
    CallPart.CALL_SID: ("callsid sid",),
    CallPart.CALL_ID: ("callid externalid conversationid sessionid cid uniqueid", "id"),
    CallPart.PARENT_CALL_SID: ("parentcallsid",),
    CallPart.CARRIER_CALL_ID: ("carriercallid phonecallproviderid twiliocallsid providercallid",),
    CallPart.CUSTOMER_PHONE_NUMBER: (
        "customerphone customerphonenumber customernumber externalnumber usernumber userphone",
        "customer caller callernumber phonenumber phone",
    ),
    CallPart.TO_PHONE_NUMBER: (
        (
            "agentnumber agentphonenumber ournumber assistantnumber assistantphonenumber "
            "businessnumber tophonenumber"
        ),
    ),
    CallPart.FROM: ("from fromnumber fromphonenumber fromphone",),
    CallPart.TO: ("to tonumber tophone",),
    CallPart.DIRECTION: ("direction calldirection inbound",),
    CallPart.CHANNEL: ("channel channeltype calltype",),
    CallPart.STATUS: ("status callstatus sessionstatus",),
    CallPart.STARTED_AT: (
        "startedat starttime starttimestamp callstart callstarttime startdate starttimeunixsecs",
        "createdat datecreated created time date timestamp datetime",
    ),
    CallPart.ANSWERED_AT: ("answeredat answertime acceptedat",),
    CallPart.ENDED_AT: ("endedat endtime endtimestamp callend callendtime enddate", "endat"),
    CallPart.SECONDS: (
        (
            "duration durationseconds durationsecs durationsec callduration calldurationseconds "
            "calldurationsecs seconds correctedduration"
        ),
    ),
    CallPart.MINUTES: ("durationminutes durationmin calllength calllengthminutes minutes",),
    CallPart.MILLISECONDS: ("durationms durationmilliseconds milliseconds",),
    CallPart.COST: ("cost totalcost price callcost costusd priceusd",),
    CallPart.CENTS: ("costcents totalcostcents combinedcost combinedcostcents pricecents",),
    CallPart.LLM_COST: ("llmcost",),
    CallPart.TTS_COST: ("ttscost",),
    CallPart.STT_COST: ("sttcost",),
    CallPart.TELEPHONY_COST: ("telephonycost transportcost carriercost",),
    CallPart.CURRENCY: ("currency costcurrency priceunit",),
    CallPart.ENDED_REASON: ("endedreason endreason disconnectionreason hangupcause",),
    CallPart.ENDED_REASON_KIND: ("endedreasonkind",),
    CallPart.ENDED_MESSAGE: ("endedmessage errormessage",),
    CallPart.SUMMARY: ("summary callsummary",),
    CallPart.SUCCESS: ("success callsuccessful successevaluation",),
    CallPart.SENTIMENT: ("sentiment usersentiment",),
    CallPart.ASSISTANT_ID: ("assistantid agentid",),
    CallPart.ASSISTANT_NAME: ("assistantname agentname", "assistant agent"),
    CallPart.GRAPH_ID: ("graphid flowid workflowid pathwayid",),
    CallPart.GRAPH_NAME: ("graphname flowname workflowname",),
    CallPart.RECORDING_URL: ("recordingurl", "recording"),
}

_EXCLUSIVE = (
    (CallPart.SECONDS, CallPart.MINUTES, CallPart.MILLISECONDS),
    (CallPart.COST, CallPart.CENTS),
)
"""Parts that say one value in several units: two of them would contradict each other."""


@dataclass(frozen=True)
class ColumnMapping:
    """Which column is which part.

    Attributes:
        parts: The column of each part that there is.
        meta: The column of each key of the metadata.
        unused: Columns that nothing is read from.
    """

    parts: Mapping[CallPart, str]
    meta: Mapping[str, str]
    unused: tuple[str, ...]


def map_columns(columns: Iterable[str], chosen: Mapping[str, str]) -> ColumnMapping:
    """The mapping of a table with these columns.

    Args:
        columns: Their names, as the file has them.
        chosen: What the user says: a part, or `meta.` and a key, and its column. A part whose
            column is empty is left out.

    Raises:
        BadInput: when two columns could be one part, or a chosen part or column is unknown.
    """
    names = list(columns)
    parts, meta = _chosen(names, chosen)
    left_out = {word for word, column in chosen.items() if not column}
    free = [name for name in names if name not in {*parts.values(), *meta.values()}]
    for part, tiers in _names_by_part(free).items():
        if part not in parts and part not in left_out:
            matches = _first_matches(free, tiers)
            _require_one(part, matches)
            if matches:
                parts[part] = matches[0]
    for units in _EXCLUSIVE:
        both = [part for part in units if part in parts]
        if len(both) > 1:
            raise _ambiguous(" or ".join(both), [parts[part] for part in both], both[0])
    used = {*parts.values(), *meta.values()}
    return ColumnMapping(parts, meta, tuple(name for name in names if name not in used))


def _chosen(
    names: list[str], chosen: Mapping[str, str]
) -> tuple[dict[CallPart, str], dict[str, str]]:
    parts: dict[CallPart, str] = {}
    meta: dict[str, str] = {}
    for word, column in chosen.items():
        if column and column not in names:
            raise BadInput(f"There is no column {column!r}; there are: {', '.join(names)}.")
        if word.startswith(META):
            meta[word.removeprefix(META)] = column
        elif word not in set(CallPart):
            parts_of_a_call = ", ".join([*CallPart, "meta.KEY"])
            raise BadInput(f"{word!r} is no part of a call, which is one of: {parts_of_a_call}.")
        elif column:
            parts[CallPart(word)] = column
    return parts, meta


def _names_by_part(columns: list[str]) -> dict[CallPart, tuple[str, ...]]:
    """The names of each part; in a table that says `from`, the number after it is a `to`."""
    words = {normalized(column) for column in columns}
    is_pair = bool(words & set(_NAMES[CallPart.FROM][0].split()))
    names = dict(_NAMES)
    if is_pair:
        names[CallPart.TO] = (f"{_NAMES[CallPart.TO][0]} tophonenumber",)
        names[CallPart.TO_PHONE_NUMBER] = (
            _NAMES[CallPart.TO_PHONE_NUMBER][0].replace(" tophonenumber", ""),
        )
    return names


def normalized(column: str) -> str:
    """A column's name as it is compared: letters and digits alone, in lower case."""
    return _NOT_ALPHANUMERIC.sub("", column.lower())


def _first_matches(columns: list[str], tiers: tuple[str, ...]) -> list[str]:
    for tier in tiers:
        words = set(tier.split())
        matches = [column for column in columns if normalized(column) in words]
        if matches:
            return matches
    return []


def _require_one(part: CallPart, matches: list[str]) -> None:
    if len(matches) > 1:
        raise _ambiguous(part, matches, part)


def _ambiguous(parts: str, columns: list[str], part: CallPart) -> BadInput:
    return BadInput(
        f"The columns {' and '.join(map(repr, columns))} could both be {parts}:"
        f" say which with --map '{part}={columns[0]}', and leave a part out with --map '{part}='."
    )
