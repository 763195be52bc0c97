"""One row of a table of calls as items."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, TypeVar

from gql.errors import BadInput
from gql.ingest.files.columns import CallPart, ColumnMapping, map_columns
from gql.ingest.files.values import exact_amount, instant, milliseconds
from gql.ingest.sources.source import ItemFields, without_absent
from gql.ingest.words import (
    RETELL_REASONS,
    TELNYX_REASONS,
    TWILIO_REASONS,
    VAPI_REASONS,
    ended_status,
)
from gql.models.enums import EndedReasonKind

_STATES: Mapping[str, str] = {
    **dict.fromkeys(("queued", "initiated", "scheduled", "new", "allocated"), "queued"),
    **dict.fromkeys(("ringing",), "ringing"),
    **dict.fromkeys(
        ("ongoing", "in-progress", "in progress", "started", "registered", "forwarding"), "ongoing"
    ),
    **dict.fromkeys(("completed", "complete", "ended", "done", "successful"), "completed"),
    **dict.fromkeys(
        ("failed", "busy", "no-answer", "canceled", "cancelled", "error", "not_connected"), "failed"
    ),
}
STATES = ("queued", "ringing", "ongoing", "completed", "failed")
_ENDED = {"completed", "failed"}

_REASONS: Mapping[str, Callable[[str], EndedReasonKind]] = {
    "retell": RETELL_REASONS,
    "telnyx": TELNYX_REASONS,
    "twilio": TWILIO_REASONS,
    "vapi": VAPI_REASONS,
}
_KINDS = {kind.value for kind in EndedReasonKind}
_WORDS_OF_SUCCESS = {
    "true": "success",
    "yes": "success",
    "success": "success",
    "false": "failure",
    "no": "failure",
    "failure": "failure",
    "unknown": "unknown",
}
_SERVICES = {
    CallPart.LLM_COST: "llm",
    CallPart.TTS_COST: "tts",
    CallPart.STT_COST: "stt",
    CallPart.TELEPHONY_COST: "telephony",
}
_UNITS = {CallPart.SECONDS: "s", CallPart.MINUTES: "min", CallPart.MILLISECONDS: "ms"}
_CARRIERS = {"twilio", "telnyx"}
"""Sources whose price is that of telephony, and whose status is the only reason of an end."""

_MOST_LAYOUTS = 1_000
_ESCAPED = ("'=", "'+", "'-", "'@", "'\t", "'\r")
"""How an export escapes a cell that a spreadsheet would run as a formula."""


Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class RowOptions:
    """The user's options for a table.

    Attributes:
        source: The system that its calls are from.
        chosen: Columns by part: see `map_columns`.
        zone: The time zone of times without one.
        time_format: How times are written, for `strptime`; None for the usual forms.
        currency: Of costs, where no column has it.
        direction: Of all calls, where no column has it.
        states: The states of further words in the column of the status.
    """

    source: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC
    time_format: str | None = None
    currency: str | None = None
    direction: str | None = None
    states: Mapping[str, str] = field(default_factory=dict)


class UnmappedColumns(BadInput):
    """No row with these columns can be read, whatever its values are."""


class CallRows:
    """Turns rows into items; each layout of columns is mapped once."""

    def __init__(self, options: RowOptions) -> None:
        self.options = options
        self._states = {
            **_STATES,
            **{word.lower(): state for word, state in options.states.items()},
        }
        self._mappings: dict[tuple[str, ...], ColumnMapping] = {}

    def mapping(self, columns: tuple[str, ...]) -> ColumnMapping:
        """The mapping of these columns.

        Raises:
            UnmappedColumns: when it is ambiguous, or a call's id or time has no column.
        """
        mapping = self._mappings.get(columns)
        if mapping is None:
            try:
                mapping = map_columns(columns, self.options.chosen)
                self._require_enough(mapping, columns)
            except BadInput as error:
                raise UnmappedColumns(error.message) from error
            if len(self._mappings) >= _MOST_LAYOUTS:
                self._mappings.clear()
            self._mappings[columns] = mapping
        return mapping

    def items(self, row: Mapping[str, Any]) -> list[ItemFields]:
        """The items of one row: the call, its costs, its recording.

        Raises:
            BadInput: for a value that cannot be read, with its column.
        """
        mapping = self.mapping(tuple(row))
        reader = _RowReader(row, mapping.parts, self.options, self._states)
        call = reader.call()
        if reader.text(CallPart.PARENT_CALL_SID):
            return reader.leg(call)
        meta = {key: row[column] for key, column in mapping.meta.items() if row[column] != ""}
        if meta:
            call["meta"] = meta
        common = {name: call[name] for name in ("source", "producer", "occurredAt")}
        of_call = {**common, "call": call["externalId"]}
        return [call, *reader.costs(of_call), *reader.recording(of_call)]

    def _require_enough(self, mapping: ColumnMapping, columns: tuple[str, ...]) -> None:
        parts = mapping.parts
        listed = ", ".join(columns)
        if CallPart.CALL_ID not in parts and CallPart.CALL_SID not in parts:
            raise BadInput(f"No column is a call's id; there are: {listed}. --map 'callId=COLUMN'")
        if not {CallPart.STARTED_AT, CallPart.ENDED_AT} & set(parts):
            raise BadInput(
                f"No column is the time at which a call began; there are: {listed}."
                " --map 'startedAt=COLUMN'"
            )
        has_pair = CallPart.FROM in parts or CallPart.TO in parts
        if has_pair and CallPart.DIRECTION not in parts and self.options.direction is None:
            raise BadInput(
                "Of `from` and `to` the customer's number depends on the direction, which no column"
                " has: --direction inbound or outbound, or --map 'direction=COLUMN'."
            )
        has_cost = {CallPart.COST, CallPart.CENTS, *_SERVICES} & set(parts)
        if has_cost and CallPart.CURRENCY not in parts and self.options.currency is None:
            raise BadInput("No column has the currency of the costs: --currency USD, for example.")


@dataclass
class _RowReader:
    """Reads the parts of one row."""

    row: Mapping[str, Any]
    parts: Mapping[CallPart, str]
    options: RowOptions
    states: Mapping[str, str]

    def text(self, part: CallPart) -> str | None:
        """The text of a part; None where there is no column, or an empty cell."""
        column = self.parts.get(part)
        if column is None:
            return None
        value = self.row.get(column)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = value.strip()
            return (value[1:] if value.startswith(_ESCAPED) else value) or None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (list, dict)):
            raise BadInput(f"{column} is not one value")
        return str(value)

    def call(self) -> ItemFields:
        """The item on the call itself."""
        sid, call_id = self.text(CallPart.CALL_SID), self.text(CallPart.CALL_ID)
        external_id = sid or call_id
        if external_id is None:
            raise BadInput("the call has no id")
        times = self._times()
        occurred_at = times.get("endedAt") or times.get("startedAt")
        if occurred_at is None:
            raise BadInput("the call has no time")
        return {
            "kind": "call",
            "source": self.options.source,
            "producer": "file",
            "occurredAt": occurred_at,
            "externalId": external_id,
            "channel": self._channel(),
            **times,
            **self._parties(),
            **self._progress(times),
            **without_absent(
                carrierCallId=self.text(CallPart.CARRIER_CALL_ID),
                sourceIds={"id": call_id} if sid and call_id else None,
                assistant=self._named(CallPart.ASSISTANT_ID, CallPart.ASSISTANT_NAME),
                graph=self._named(CallPart.GRAPH_ID, CallPart.GRAPH_NAME),
                summary=self.text(CallPart.SUMMARY),
                success=self._success(),
                sentiment=self.text(CallPart.SENTIMENT),
            ),
        }

    def costs(self, of_call: ItemFields) -> list[ItemFields]:
        """The call's bill, if the row has one: its services, and the total that is stated."""
        entries = [
            {"key": service, "service": service, "amount": amount}
            for part, service in _SERVICES.items()
            if (amount := self._parsed(part, exact_amount)) is not None
        ]
        cents = self._parsed(CallPart.CENTS, exact_amount)
        total = self._parsed(CallPart.COST, exact_amount) if cents is None else cents / 100
        if total is None and not entries:
            return []
        currency = self.text(CallPart.CURRENCY) or self.options.currency
        if currency is None:
            raise BadInput("the costs have no currency")
        if total is not None and total < 0:  # a carrier's charge to an account
            total = -total
        if self.options.source in _CARRIERS and not entries:
            entries = [{"key": "telephony", "service": "telephony", "amount": total}]
        stated = without_absent(total=total)
        return [
            {"kind": "costs", **of_call, "currency": currency.upper(), "entries": entries, **stated}
        ]

    def leg(self, leg: ItemFields) -> list[ItemFields]:
        """The price of a leg, as a cost of its parent call; the parent's own row has the rest."""
        common = {name: leg[name] for name in ("source", "producer", "occurredAt")}
        of_call = {**common, "call": self.text(CallPart.PARENT_CALL_SID)}
        return [
            {
                **of_call,
                "kind": "cost",
                "key": leg["externalId"],
                "service": "telephony",
                "currency": costs["currency"],
                "amount": costs["total"],
            }
            for costs in self.costs(of_call)
            if "total" in costs
        ]

    def recording(self, of_call: ItemFields) -> list[ItemFields]:
        """The call's recording, if the row names one."""
        url = self.text(CallPart.RECORDING_URL)
        return [] if url is None else [{"kind": "recording", **of_call, "key": "file", "url": url}]

    def _times(self) -> ItemFields:
        options = self.options
        return without_absent(
            **{
                part.value: self._parsed(
                    part, lambda text: instant(text, options.zone, options.time_format)
                )
                for part in (CallPart.STARTED_AT, CallPart.ANSWERED_AT, CallPart.ENDED_AT)
            }
        )

    def _progress(self, times: ItemFields) -> ItemFields:
        """How far the call has come, why it ended, and how long it was."""
        word, reason = self.text(CallPart.STATUS), self.text(CallPart.ENDED_REASON)
        state = None if word is None else self.states.get(word.lower())
        if word is not None and state is None:
            raise BadInput(
                f"{self.parts[CallPart.STATUS]} is {word!r}, which is not a status here:"
                f" --status '{word}=completed', for example"
            )
        if reason is None and self.options.source in _CARRIERS and state in _ENDED:
            reason = word
        kind = self._kind(reason)
        if state is None and kind is not None:
            state = ended_status(kind).value
        if state is None and "endedAt" in times:
            state = "completed"
        return without_absent(
            status=state,
            endedReason=reason,
            endedReasonKind=None if kind is None else kind.value,
            endedMessage=self.text(CallPart.ENDED_MESSAGE),
            durationMs=self._duration(),
        )

    def _kind(self, reason: str | None) -> EndedReasonKind | None:
        """The kind in the row; without one, the kind of the source's own word."""
        stated = self.text(CallPart.ENDED_REASON_KIND)
        if stated is not None:
            if stated not in _KINDS:
                column = self.parts[CallPart.ENDED_REASON_KIND]
                raise BadInput(
                    f"{column} is {stated!r}, and not one of: {', '.join(EndedReasonKind)}"
                )
            return EndedReasonKind(stated)
        if reason is None:
            return None
        meaning = _REASONS.get(self.options.source)
        kind = EndedReasonKind.UNKNOWN if meaning is None else meaning(reason)
        if kind is EndedReasonKind.UNKNOWN and reason in _KINDS:
            return EndedReasonKind(reason)
        return kind

    def _duration(self) -> int | None:
        for part, unit in _UNITS.items():
            duration = self._parsed(part, partial(milliseconds, unit=unit))
            if duration is not None:
                return duration
        return None

    def _parties(self) -> ItemFields:
        direction = self._direction()
        customer, assistant = CallPart.FROM, CallPart.TO
        if direction == "outbound":
            customer, assistant = assistant, customer
        return without_absent(
            direction=direction,
            customerPhoneNumber=self._phone_number(CallPart.CUSTOMER_PHONE_NUMBER, customer),
            toPhoneNumber=self._phone_number(CallPart.TO_PHONE_NUMBER, assistant),
        )

    def _direction(self) -> str | None:
        word = (self.text(CallPart.DIRECTION) or self.options.direction or "").lower()
        if not word:
            return None
        if word.startswith(("in", "true")):
            return "inbound"
        if word.startswith(("out", "false")):
            return "outbound"
        raise BadInput(f"{self.parts[CallPart.DIRECTION]} is {word!r}, not inbound or outbound")

    def _channel(self) -> str:
        return "sms" if (self.text(CallPart.CHANNEL) or "").lower() == "sms" else "voice"

    def _success(self) -> str | None:
        word = self.text(CallPart.SUCCESS)
        return None if word is None else _WORDS_OF_SUCCESS.get(word.lower())

    def _named(self, external_id: CallPart, name: CallPart) -> ItemFields | None:
        return without_absent(externalId=self.text(external_id), name=self.text(name)) or None

    def _phone_number(self, *parts: CallPart) -> str | None:
        for part in parts:
            text = self.text(part)
            if text is not None:
                return text
        return None

    def _parsed(self, part: CallPart, parse: Callable[[str], Parsed]) -> Parsed | None:
        """The value of a part.

        Raises:
            BadInput: with the column and the cell, when it cannot be read.
        """
        text = self.text(part)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as error:
            raise BadInput(f"{self.parts[part]} is {text!r}: {error}") from error
