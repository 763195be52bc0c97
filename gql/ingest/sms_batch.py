"""The SMS that a batch of items is about, and the conversations that they belong to.

A conversation is that of two numbers, whichever of them wrote. `gql/ingest/sms_placing.py` says
which one an SMS belongs to; where a later item makes that another one, it moves there
(`gql/ingest/sms_settling.py`). After a conversation was archived, an SMS that is newer than all of
its messages opens another one; an older one changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import or_, select

from gql.ingest.batch_writes import insert_rows, update_rows
from gql.ingest.call_batch import CALL_COLUMNS, CALLS, CallBatch, set_name
from gql.ingest.elements import COSTS, MESSAGES
from gql.ingest.items import CostItem, Producer, SmsItem
from gql.ingest.merge import Stamp, StampedSet, microseconds
from gql.ingest.merged_call import MergedCall
from gql.ingest.merged_sms import MergedSms, SmsKey, has_number, sms_key
from gql.ingest.phone_numbers import split_address
from gql.ingest.sms_activity import refresh_sms_sessions
from gql.ingest.sms_placing import Pair, conversation_at, pair, pair_of
from gql.models.call import phone_digits
from gql.models.enums import Channel
from gql.models.scope import owned, parameters, table_of
from gql.models.sms_log import SmsMessageLog
from gql.sql.keys import is_among

_LOG = table_of(SmsMessageLog)

ARCHIVED = "It belongs to a conversation that is archived, and changes nothing."
UNNUMBERED = "No item has said yet between which numbers it went; send this one again after that."
ANONYMOUS = "The customer's address {address!r} is no phone number, so it has no conversation."

SMS_BILL: Producer = "event"
"""The producer of the bill in which each SMS of a source is a line."""


@dataclass(frozen=True)
class SmsOutcome:
    """What became of an SMS, or of one item on it.

    Attributes:
        conversation: Where it belongs; None where it is not used.
        is_new: Whether it was the first on the SMS.
        is_changed: Whether it changed anything.
        is_refused: Whether it can never be used.
        note: Why it is not used, or not yet.
    """

    conversation: MergedCall | None = None
    is_new: bool = False
    is_changed: bool = False
    is_refused: bool = False
    note: str | None = None


@dataclass
class SmsBatch:
    """SMS while a batch of items is merged.

    Attributes:
        calls: The conversations are among them.
        stored: By key.
        by_id: The stored conversations of the customers that the batch is about.
        pairs: By both numbers: their conversations, as all other items of the batch leave them.
        changed: The SMS that have changed, and their conversations.
        unsettled: The pairs of SMS that belong elsewhere now than where they are.
    """

    calls: CallBatch
    stored: dict[SmsKey, MergedSms] = field(default_factory=dict)
    by_id: dict[int, MergedCall] = field(default_factory=dict)
    pairs: dict[Pair, list[MergedCall]] = field(default_factory=dict)
    changed: list[tuple[MergedSms, MergedCall]] = field(default_factory=list)
    unsettled: set[Pair] = field(default_factory=set)

    async def read(self, items: Sequence[SmsItem]) -> None:
        """Read the SMS that items are about; read and lock all conversations of their numbers."""
        if not items:
            return
        write, keys = self.calls.write, {sms_key(item) for item in items}
        statement = select(_LOG).where(
            owned(_LOG),
            is_among(_LOG.c.provider, sorted({source for source, _ in keys})),
            is_among(_LOG.c.provider_message_id, sorted({each for _, each in keys})),
        )
        rows = await write.run(statement, parameters(write.organization_id))
        for row in rows.mappings():
            sms = MergedSms.stored(dict(row))
            self.stored[sms.key] = sms
        numbered = [(item.from_number, item.to_number) for item in items]
        numbered += [(sms.row["from_number"], sms.row["to_number"]) for sms in self.stored.values()]
        addresses = {address for both in numbered for address in both if address}
        await self.read_conversations(addresses)
        open_ids = [key for key, call in self.by_id.items() if not call.row["is_archived"]]
        names = sorted({each for _, each in keys})
        await self.calls.read(MESSAGES, sorted(open_ids), [], names)
        if any(item.cost is not None for item in items):
            await self.calls.read(COSTS, sorted(open_ids), sorted(open_ids), [])
            self.calls.load_bills([self.by_id[key] for key in open_ids])
        await self.calls.named.find_numbers(write, addresses)

    async def read_conversations(self, addresses: set[str]) -> None:
        """Read and lock the conversations in which one side has one of these addresses."""
        write = self.calls.write
        digits = {phone_digits(split_address(address)[0]) for address in addresses} - {""}
        ids = {sms.row["call_id"] for sms in self.stored.values()}
        statement = (
            select(*CALL_COLUMNS)
            .where(
                owned(CALLS),
                or_(
                    is_among(CALLS.c.customer_phone_digits, sorted(digits))
                    & (CALLS.c.channel == Channel.SMS),
                    is_among(CALLS.c.id, sorted(ids)),
                ),
            )
            .order_by(CALLS.c.source, CALLS.c.external_id, CALLS.c.id)
            .with_for_update()
        )
        rows = await write.run(statement, parameters(write.organization_id))
        named = [call for call in self.calls.calls.values() if call.row]
        adopted = {call.row["id"]: call for call in named if call.row["external_id"] is None}
        for row in rows.mappings():
            key = (row["source"], row["external_id"])
            call = adopted.get(row["id"]) or self.calls.calls.get(key)
            call = call or MergedCall.stored(dict(row))
            if row["id"] in adopted:
                key = call.key
            elif row["external_id"] is None:
                call.key, key = (row["source"], f"#{row['id']}"), ("", str(row["id"]))
                call.is_unnamed = True
            self.calls.calls[key] = self.by_id[row["id"]] = call
            self.calls.sids.setdefault(row["call_sid"], key)

    def sort_conversations(self) -> None:
        """Fill `pairs`."""
        new = [call for call in self.calls.calls.values() if not call.row]
        for call in (*self.by_id.values(), *new):
            if call.value("channel") == Channel.SMS:
                self.pairs.setdefault(pair_of(call), []).append(call)

    def take(self, items: Sequence[tuple[SmsItem, Stamp]]) -> list[SmsOutcome]:
        """Take items, after all others; what became of each."""
        self.sort_conversations()
        results: list[tuple[MergedSms, bool, bool]] = []
        every: dict[SmsKey, MergedSms] = {}
        for item, stamp in items:
            key = sms_key(item)
            is_new = key not in every and key not in self.stored
            sms = every.setdefault(key, self.stored.get(key) or MergedSms(key))
            results.append((sms, is_new, sms.take(item, stamp)))
        in_order = sorted(every.values(), key=lambda sms: (sms.first, sms.key))
        assigned = {sms.key: self._assign(sms) for sms in in_order}
        outcomes = []
        for (item, stamp), (sms, is_new, is_changed) in zip(items, results, strict=True):
            outcome = assigned[sms.key]
            if outcome.conversation is not None:
                is_charged = self._charge(outcome.conversation, item, stamp)
                outcome = replace(outcome, is_new=is_new, is_changed=is_changed or is_charged)
            outcomes.append(outcome)
        return outcomes

    def _charge(self, conversation: MergedCall, item: SmsItem, stamp: Stamp) -> bool:
        """Take the cost of an SMS for its conversation; whether it is charged anew.

        Each SMS is a line of the bill by itself, and all of a source are one bill, whichever way
        they came: see `Producer`.
        """
        if item.cost is None:
            return False
        line = CostItem(
            source=item.source,
            occurred_at=item.occurred_at,
            producer=SMS_BILL,
            call=conversation.key[1],
            key=item.message_id,
            service="telephony",
            provider=item.source,
            usage_type="sms",
            currency=item.cost.currency,
            amount=item.cost.amount,
        )
        return self.calls.take_element(conversation, line, stamp)[1]

    def _assign(self, sms: MergedSms) -> SmsOutcome:
        """Put an SMS into its conversation."""
        sides = sms.sides
        if sides is None:
            return SmsOutcome(note=UNNUMBERED)
        between = pair(*sides)
        leaves = False
        if sms.row:
            conversation = self.by_id[sms.row["call_id"]]
            if is_archived(conversation):
                return SmsOutcome(note=ARCHIVED)
            leaves = self.placed(sms, between) is not conversation
            if leaves:
                self.unsettled |= {between, pair_of(conversation)}
        else:
            if not has_number(sides[0]):
                return SmsOutcome(is_refused=True, note=ANONYMOUS.format(address=sides[0][:60]))
            if self._is_late(sms, between):
                return SmsOutcome(note=ARCHIVED)
            conversation = self.placed(sms, between) or self.open(sms, between)
        # One that leaves says no more of its conversation, whose numbers would become its own.
        if has_merge_state(conversation) and not leaves:
            conversation.hold(sms.text, sms.newest or 0, sms.direction, sides)
            if is_of_other_source(conversation):
                self.unsettled.add(between)
        if sms.is_changed:
            self.put(sms, conversation)
        return SmsOutcome(conversation)

    def put(self, sms: MergedSms, conversation: MergedCall) -> None:
        """Put an SMS into a conversation, and its text among the messages there."""
        self._put_message(sms, conversation)
        self.changed.append((sms, conversation))

    def _is_late(self, sms: MergedSms, between: Pair) -> bool:
        """Whether a new SMS, or a report alone on one, is of an archived conversation."""
        archived = [call for call in self.pairs.get(between, []) if is_archived(call)]
        if any((sms.first or 0) <= _newest(call) for call in archived):
            return True
        return bool(archived) and not sms.has_content and self.placed(sms, between) is None

    def placed(self, sms: MergedSms, between: Pair) -> MergedCall | None:
        """The conversation that an SMS belongs to; None where that is yet to be opened."""
        live = [call for call in self.pairs.get(between, []) if not is_archived(call)]
        named = [call for call in live if not call.is_opened_by_sms]
        opened = (call for call in live if call.is_opened_by_sms)
        return conversation_at(sms.first or 0, named) or next(opened, None)

    def open(self, sms: MergedSms, between: Pair) -> MergedCall:
        """The next conversation of a pair; its key ends with its number among them."""
        prefix = f"sms:{':'.join(between)}:"
        others = self.pairs.setdefault(between, [])
        numbers = [
            int(number)
            for call in others
            if (number := call.key[1].removeprefix(prefix)).isdecimal()
        ]
        call = MergedCall((sms.key[0], prefix))
        self._name(call, prefix, max(numbers, default=0) + 1)
        call.bill.lines = {}
        others.append(call)
        return call

    async def name_opened(self) -> None:
        """Give each conversation that SMS open a name that no call has.

        An item may name a conversation by the key that SMS gave it, and change its numbers: then
        it keeps the key, and the next one of the pair has a greater number. Each look goes twice as
        far as the one before, so that many such names take few statements.
        """
        calls, step = self.calls.calls, 1
        opened = [call for call in calls.values() if not call.row and call.is_opened_by_sms]
        while opened:
            own = (
                owned(CALLS, self.calls.write.organization_id),
                is_among(CALLS.c.source, sorted({call.key[0] for call in opened})),
                is_among(CALLS.c.external_id, sorted({call.key[1] for call in opened})),
            )
            statement = select(CALLS.c.source, CALLS.c.external_id).where(*own)
            used_keys = {tuple(row) for row in await self.calls.write.run(statement)}
            opened = [call for call in opened if call.key in used_keys]
            for call in opened:
                del calls[call.key]
                prefix, _, number = call.key[1].rpartition(":")
                self._name(call, f"{prefix}:", int(number) + step)
            step *= 2

    def _name(self, call: MergedCall, prefix: str, number: int) -> None:
        """Name a new conversation by the first free number of the batch, from one on."""
        source = call.key[0]
        while (key := (source, f"{prefix}{number}")) in self.calls.calls:
            number += 1
        call.key = key
        self.calls.calls[key] = call
        self.calls.sids[key[1]] = key

    def _put_message(self, sms: MergedSms, conversation: MergedCall) -> None:
        """Put the text of an SMS among the messages of its conversation.

        A mirror may have the same message. Of its text the later one counts; its delivery is
        always that of the SMS.
        """
        name = set_name(MESSAGES, sms.key[0], None, conversation.key)
        elements = conversation.sets.setdefault(name, StampedSet())
        key = sms.key[1]
        before = elements.stamps.get(key, "")
        if sms.has_content and elements.snapshot < sms.stamp and before <= sms.stamp:
            elements.stamps[key] = sms.stamp
            elements.removed.discard(key)
            elements.changed[key] = {**sms.message(), **sms.delivery()}
        elif before:
            elements.changed[key] = {**elements.changed.get(key, {}), **sms.delivery()}

    async def save(self) -> None:
        """Write what is new or changed; conversations and their messages are written before."""
        rows = [(sms.row, sms.columns(call.row["id"])) for sms, call in self.changed]
        write = self.calls.write
        newest: dict[int, int] = {}
        for sms, call in self.changed:
            if sms.has_content and not sms.had_content:
                newest[call.row["id"]] = max(sms.first or 0, newest.get(call.row["id"], 0))
        await update_rows(write, _LOG, [{**row, "id": old["id"]} for old, row in rows if old])
        await insert_rows(write, _LOG, [row for old, row in rows if not old])
        await refresh_sms_sessions(write, newest)


def has_merge_state(call: MergedCall) -> bool:
    """Whether items have made a call, or named it: SQL's rows are left as they are."""
    return not call.row or call.row.get("merge_state") is not None


def is_of_other_source(call: MergedCall) -> bool:
    """Whether SMS have made a conversation, and the first of them is of another source."""
    first_text = call.first_text
    return call.first is None and first_text is not None and first_text.source != call.key[0]


def is_archived(call: MergedCall) -> bool:
    return bool(call.row and call.row["is_archived"])


def _newest(call: MergedCall) -> int:
    """The last instant that is known of a conversation, in microseconds since 1970."""
    instants = [call.row.get(name) for name in ("last_activity", "occurred_at", "ended_at")]
    return max((microseconds(each) for each in instants if each is not None), default=0)
