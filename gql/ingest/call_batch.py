"""The calls that a batch of items is about, with what belongs to them.

One class, long as it is: what is read, merged and saved are the same calls and elements, and each
step is one statement for all of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from gql.domain.writes.transaction import WriteContext
from gql.ingest.batch_writes import by_columns, delete_ids, insert_rows, update_rows
from gql.ingest.bills import UNKNOWN_COSTS, Line, LineKey, Total, to_micros
from gql.ingest.elements import COSTS, SINGLES, SNAPSHOTS, TABLES, ElementTable, table_for
from gql.ingest.items import AnyItem, CallItem, CostsItem, OfCall
from gql.ingest.merge import Stamp, StampedSet
from gql.ingest.merged_call import EXTERNALS, CallKey, MergedCall, qualified_sid
from gql.ingest.named_rows import NamedRows, Pair
from gql.ingest.new_call import NewCall
from gql.models.call import Call, phone_digits
from gql.models.rollup import SERVICES
from gql.models.scope import owned, parameters, table_of
from gql.sql.keys import is_among
from gql.steps import in_steps, pause_if_long

CALLS = table_of(Call)
_COST_COLUMNS = (
    "total_cost",
    *(f"{name}_cost" for name in SERVICES),
    *("unattributed_cost", "cost_currency"),
)
BY_SQL = "manual"
"""The source of a call whose writer did not name one."""

CALL_COLUMNS = [column for column in CALLS.c if column.name != "organization_id"]

_LOCK = (
    select(*CALL_COLUMNS)
    .where(
        owned(CALLS),
        or_(
            is_among(CALLS.c.source, "sources") & is_among(CALLS.c.external_id, "external_ids"),
            is_among(CALLS.c.call_sid, "call_sids"),
        ),
    )
    .order_by(CALLS.c.source, CALLS.c.external_id, CALLS.c.id)
    .with_for_update()
)
"""The calls that items name by key or by `callSid`, locked in one order."""


class ItemRefused(Exception):  # noqa: N818, no error of ours
    """An item cannot be taken; the message has the reason."""


def call_key(item: AnyItem) -> CallKey | None:
    """The call that an item is about; None where the item does not name one."""
    return None if item.kind == "sms" else _call_key(item)


def _call_key(item: CallItem | OfCall) -> CallKey:
    if isinstance(item, CallItem):
        return item.source, item.external_id
    return item.call_source or item.source, item.call


@dataclass
class CallBatch:
    """Calls while a batch of items is merged.

    Attributes:
        write: The transaction.
        received_at: When the batch came.
        calls: By key: all that items are about, but for the next ones.
        alone: The keys of calls that are not stored, and that one item is about.
        new: By key: calls of `alone` that need no merge.
        sids: The calls by `callSid`, stored ones and those of this batch.
        stored: By set, call, source (with the producer of a bill) and key: rows of elements.
        named: The assistants and graphs that items name.
        named_columns: What columns of a call follow from how a source names one.
    """

    write: WriteContext
    received_at: datetime
    calls: dict[CallKey, MergedCall] = field(default_factory=dict)
    alone: set[CallKey] = field(default_factory=set)
    new: dict[CallKey, NewCall] = field(default_factory=dict)
    sids: dict[str, CallKey] = field(default_factory=dict)
    stored: dict[str, dict[tuple[CallKey, str], dict[str, Any]]] = field(default_factory=dict)
    named: NamedRows = field(default_factory=NamedRows)
    named_columns: dict[tuple[str, str, Pair], dict[str, Any]] = field(default_factory=dict)

    async def lock(self, keys: Mapping[CallKey, int], named_sids: Mapping[str, CallKey]) -> None:
        """Read and lock the calls with these keys, and those that have one of these `callSid`s.

        A call that SQL wrote has no key. The item whose source says no other `callSid`, or this
        one, is about it, so it gets the item's key.

        Args:
            keys: All that items name, and how many do.
            named_sids: By `callSid`: the keys of the items that name it.
        """
        if not keys:
            return
        sids = {key[1]: key for key in sorted(keys, reverse=True)} | dict(named_sids)
        values = {
            "sources": list({source for source, _ in keys}),
            "external_ids": list({each for _, each in keys}),
            "call_sids": list(sids),
        }
        rows = await self.write.run(_LOCK, {**parameters(self.write.organization_id), **values})
        unnamed: list[dict[str, Any]] = []
        for row in rows.mappings():
            key = (row["source"], row["external_id"] or "")
            self.sids[row["call_sid"]] = key
            if key in keys:
                self.calls[key] = MergedCall.stored(dict(row))
            elif row["external_id"] is None:
                unnamed.append(dict(row))
        for columns in unnamed:
            key = sids[columns["call_sid"]]
            if key not in self.calls and columns["source"] in {key[0], BY_SQL}:
                self.calls[key] = call = MergedCall.stored(columns)
                self.sids[columns["call_sid"]] = call.key = key
                call.is_changed = True
        await self._read_qualified_sids(sids)
        self.alone = {key for key, count in keys.items() if count == 1} - self.calls.keys()

    async def _read_qualified_sids(self, sids: Mapping[str, CallKey]) -> None:
        """Read who has the `callSid`s that calls get whose own one another source has."""
        qualified = [
            qualified_sid(key[0], sid)
            for sid, key in sids.items()
            if self.sids.get(sid, key)[0] != key[0]
        ]
        if not qualified:
            return
        statement = select(CALLS.c.call_sid, CALLS.c.source, CALLS.c.external_id).where(
            owned(CALLS, self.write.organization_id), is_among(CALLS.c.call_sid, sorted(qualified))
        )
        for row in await self.write.run(statement):
            self.sids[row.call_sid] = (row.source, row.external_id or "")

    async def read_elements(self, items: Sequence[AnyItem]) -> None:
        """Read the elements that items may change; all of a set that is replaced, and of a bill."""
        by_table: dict[ElementTable | None, list[AnyItem]] = {}
        for item in items:
            by_table.setdefault(table_for(item), []).append(item)
        for table in TABLES:
            parents, whole, keys = set[int](), set[int](), set[str]()
            for item in by_table.get(table, []):
                key = call_key(item)
                call = None if key is None else self.calls.get(key)
                if call is None or not call.row:
                    continue
                parents.add(call.row["id"])
                if type(item) in SINGLES and table is not COSTS:
                    keys.add(item.key)  # type: ignore[union-attr]
                else:
                    whole.add(call.row["id"])
            await self.read(table, sorted(parents), sorted(whole), sorted(keys))
        charged = {call_key(item) for item in by_table.get(COSTS, [])}
        self.load_bills([call for key, call in self.calls.items() if key in charged])

    async def read(
        self, table: ElementTable, parents: Sequence[int], whole: Sequence[int], keys: Sequence[str]
    ) -> None:
        """Read elements of calls that are read: see `ElementTable.of`."""
        if not parents:
            return
        by_id = {call.row["id"]: call for call in self.calls.values() if call.row}
        statement = table.of(parents, whole, keys)
        rows = await self.write.run(statement, parameters(self.write.organization_id))
        stored = self.stored.setdefault(table.name, {})
        for row in rows.mappings():
            call = by_id[row["parent_id"]]
            name = set_name(table, row["source"], row.get("producer"), call.key)
            stored.setdefault((call.key, name), {})[row["external_id"]] = row
            elements = call.sets.setdefault(name, StampedSet())
            elements.stamps[row["external_id"]] = row["stamp"] or ""

    def load_bills(self, calls: Iterable[MergedCall]) -> None:
        """Fill the bills of calls with their stored lines, which are read, once."""
        empty: dict[CallKey, dict[LineKey, Line]] = {}
        for call in calls:
            if call.bill.lines is None:
                call.bill.lines = empty[call.key] = {}
        for (key, _), rows in self.stored.get(COSTS.name, {}).items():
            for row in rows.values() if key in empty else ():
                line = Line(row["stamp"] or "", row["service"], row["amount"], row["currency"])
                empty[key][_line_key(row)] = line

    def call(self, item: CallItem | OfCall) -> MergedCall:
        """The call that an item is about, a new one where there is none.

        Raises:
            ItemRefused: when the key or the `callSid` is the `callSid` of another call of its
                source.
        """
        key = _call_key(item)
        sid = item.call_sid if isinstance(item, CallItem) else None
        call = self.calls.get(key)
        if sid is None and call is None:
            sid = key[1]
        claimed = None if sid is None else self._claim(sid, key)
        if call is None:
            call = self.calls[key] = MergedCall(key)
            call.bill.lines = {}
        if claimed is not None:
            call.has_qualified_sid = claimed != sid
        return call

    def take_new(self, key: CallKey, columns: Mapping[str, Any]) -> NewCall:
        """Take the item on a call of `alone`, as `new_call_columns` has it.

        Raises:
            ItemRefused: when its `callSid` is that of another call of its source.
        """
        sid = self._claim(columns["call_sid"], key)
        call = self.new[key] = NewCall(key, {**columns, "call_sid": sid})
        return call

    def _claim(self, sid: str, key: CallKey) -> str:
        """Have a `callSid` for a call, with the name of its source where another source has it.

        Raises:
            ItemRefused: when it is that of another call of its source.
        """
        for each in (sid, qualified_sid(key[0], sid)):
            owner = self.sids.setdefault(each, key)
            if owner == key:
                return each
            if owner[0] == key[0]:
                break
        raise ItemRefused(f"{sid!r} is the callSid of another call; name the call by its own.")

    def take(self, item: AnyItem, stamp: Stamp) -> tuple[MergedCall, bool, bool]:
        """Take an item on a call or on what belongs to it.

        Returns:
            The call, whether the item is the first on its subject, and whether it has changed it.

        Raises:
            ItemRefused: when it cannot be.
        """
        assert item.kind != "sms"  # noqa: S101
        is_new = call_key(item) not in self.calls
        call = self.call(item)
        if isinstance(item, CallItem):
            return call, is_new, call.take(item, stamp)
        extends_times = call.notice(item)
        is_new, is_changed = self.take_element(call, item, stamp)
        return call, is_new, extends_times or is_changed

    def take_element(self, call: MergedCall, item: AnyItem, stamp: Stamp) -> tuple[bool, bool]:
        """Take an item on what belongs to a call; whether it makes an element, and changes any."""
        table = table_for(item)
        if table is None:
            return False, False
        name = set_name(table, item.source, item.producer, call.key)
        elements = call.sets.setdefault(name, StampedSet())
        count = len(elements.stamps)
        if type(item) in SNAPSHOTS:
            is_changed = elements.replace(stamp, SNAPSHOTS[type(item)][1](item))
        else:
            is_changed = elements.add(item.key, stamp, SINGLES[type(item)][1](item))  # type: ignore[union-attr]
        if table is COSTS and is_changed:
            self._charge(call, item, stamp, name)
        call.is_changed |= is_changed and (type(item) in SNAPSHOTS or table is COSTS)
        return is_changed and len(elements.stamps) > count, is_changed

    def _charge(self, call: MergedCall, item: AnyItem, stamp: Stamp, name: str) -> None:
        """Bring the lines and the totals of a bill up to date with its set."""
        lines = call.bill.lines
        assert lines is not None  # noqa: S101, read before
        elements = call.sets[name]
        for old in [each for each in lines if each[:2] == (item.source, item.producer)]:
            if old.key not in elements.stamps:
                del lines[old]
        for key, value in elements.changed.items():
            line = Line(elements.stamps[key], value["service"], value["amount"], value["currency"])
            lines[LineKey(item.source, item.producer, key)] = line
        if isinstance(item, CostsItem):
            amount = None if item.total is None else to_micros(item.total)
            total = Total(stamp, item.currency, amount)
            call.bill.totals[f"{item.source}/{item.producer}"] = total

    async def save(self) -> None:
        """Write what is new or changed."""
        changed = [call for call in self.calls.values() if call.is_changed and not call.is_unnamed]
        await self._find_named(changed)
        rows, new = await in_steps(self._rows, changed)
        stored = [
            {**row, "id": call.row["id"], "received_at": call.row["received_at"]}
            for row, call in zip(rows, changed, strict=True)
            if call.row
        ]
        await update_rows(self.write, CALLS, stored)
        returned = ("id", "source", "external_id")
        inserted: Mapping[CallKey, MergedCall | NewCall] = {**self.calls, **self.new}
        for row in await insert_rows(self.write, CALLS, new, *returned):
            inserted[row.source, row.external_id].row = {"id": row.id}
        for table in TABLES:
            await self._save_elements(table)

    async def _find_named(self, changed: Sequence[MergedCall]) -> None:
        named: dict[str, set[Any]] = {"assistant": set(), "graph": set()}
        for call in changed:
            for name, by_source in named.items():
                pair = call.registers.changed.get(name)
                if pair is not None:
                    by_source.add((call.key[0], tuple(pair)))
        for new in self.new.values():
            for name, (external_id, own_name) in EXTERNALS.items():
                pair = new.columns[external_id], new.columns[own_name]
                if pair != (None, None):
                    named[name].add((new.key[0], pair))
        await self.named.find_assistants(self.write, named["assistant"])
        await self.named.find_graphs(self.write, {pair for _, pair in named["graph"]})

    def _rows(
        self, calls: Sequence[MergedCall]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The rows of these calls, and those of all that are new."""
        rows, new = [], []
        for call in calls:
            pause_if_long()
            rows.append(row := self._columns(call))
            if not call.row:
                new.append(row | _derived(row))
        for new_call in self.new.values():
            pause_if_long()
            new.append(self._new_row(new_call))
        return rows, new

    def _new_row(self, call: NewCall) -> dict[str, Any]:
        columns = dict(call.columns)
        for name, (external_id, own_name) in EXTERNALS.items():
            pair = columns[external_id], columns[own_name]
            columns.update(self._named_columns(name, call.key[0], pair))
        return {**columns, **UNKNOWN_COSTS, "received_at": self.received_at, **_derived(columns)}

    def _named_columns(self, name: str, source: str, pair: Pair) -> Mapping[str, Any]:
        """The id of the assistant or graph that a source names so, and our name of that."""
        columns = self.named_columns.get((name, source, pair))
        if columns is None:
            is_assistant = name == "assistant"
            find = self.named.assistant if is_assistant else self.named.graph
            row_id = find(source, pair)
            columns = {f"{name}_id": row_id}
            if row_id is not None:
                names = self.named.assistants if is_assistant else self.named.graphs
                columns[f"{name}_name"] = names[row_id]
            self.named_columns[name, source, pair] = columns
        return columns

    def _columns(self, call: MergedCall) -> dict[str, Any]:
        columns = call.columns()
        costs, _ = _costs(call)
        ids: dict[str, Any] = {}
        for name in EXTERNALS:
            if name in call.registers.changed or not call.row:
                pair = call.registers.changed.get(name) or (None, None)
                ids.update(self._named_columns(name, call.key[0], (pair[0], pair[1])))
            else:
                ids[f"{name}_id"] = call.row[f"{name}_id"]
        if call.is_opened_by_sms and "assistant" not in call.registers.stamps:
            # No item names the assistant: it is the one whose number was written to.
            if "to_phone_number" in call.registers.changed:
                answering = self.named.by_number(columns["to_phone_number"])
            else:
                answering = call.row["assistant_id"], call.row["assistant_name"]
            ids["assistant_id"], ids["assistant_name"] = answering or (None, None)
        return {**columns, **costs, **ids, "received_at": self.received_at}

    async def _save_elements(self, table: ElementTable) -> None:
        inserted: list[dict[str, Any]] = []
        updated: list[dict[str, Any]] = []
        marked: list[dict[str, Any]] = []
        removed: list[int] = []
        for call in self.calls.values():
            sets = list(_sets_of(call, table))
            _, counted = _costs(call) if sets and table is COSTS else ({}, frozenset())
            for name, elements in sets:
                stored = self.stored.get(table.name, {}).get((call.key, name), {})
                source = _source_of(name, call.key)
                removed += [stored[key]["id"] for key in elements.removed if key in stored]
                for key, value in elements.changed.items():
                    row = {**value, "stamp": elements.stamps[key]}
                    if table is COSTS:
                        line = LineKey(source, name.rpartition("/")[2], key)
                        row["is_superseded"] = line not in counted
                    if key in stored:
                        updated.append({**row, "id": stored[key]["id"]})
                        continue
                    own = {"call_id": call.row["id"], "source": source, "external_id": key}
                    if table is COSTS:
                        own["producer"] = name.rpartition("/")[2]
                    inserted.append({**row, **own})
                if table is COSTS and call.bill.lines is not None:
                    marked += _changed_marks(stored, elements, counted)
        await delete_ids(self.write, table.table, removed)
        for alike in by_columns(updated):
            await update_rows(self.write, table.table, alike)
        await update_rows(self.write, table.table, marked)
        for alike in by_columns(inserted):
            await insert_rows(self.write, table.table, alike)


def _derived(row: Mapping[str, Any]) -> dict[str, Any]:
    """What triggers derive for a new row; they let one pass that has it.

    On SQLite a trigger can only change a row after it was inserted: an update by each of two, with
    their own triggers and index entries, took a third of the time of an insert.
    """
    return {
        "customer_phone_digits": phone_digits(row["customer_phone_number"]),
        "is_archived": row["call_meta"].get("sms_deleted") is True,
        "message_count": 0,
        "last_activity": row["started_at"],
    }


def _costs(call: MergedCall) -> tuple[Mapping[str, Any], frozenset[LineKey]]:
    """The cost columns of a call, and the lines that count; the stored ones where no bill came."""
    if call.bill.lines is None:
        return {name: call.row.get(name) for name in _COST_COLUMNS}, frozenset()
    return call.bill.columns(call.key[0])


def _changed_marks(
    stored: Mapping[str, Any], elements: StampedSet, counted: frozenset[LineKey]
) -> Iterator[dict[str, Any]]:
    """The stored lines whose `is_superseded` has changed, with the new value."""
    for key, row in stored.items():
        if key in elements.changed or key in elements.removed:
            continue
        is_superseded = _line_key(row) not in counted
        if is_superseded != row["is_superseded"]:
            yield {"id": row["id"], "is_superseded": is_superseded}


def _line_key(row: Mapping[str, Any]) -> LineKey:
    return LineKey(row["source"], row["producer"], row["external_id"])


def set_name(table: ElementTable, source: str, producer: str | None, call: CallKey) -> str:
    """The name of a set of a call: each other source has its own, and each producer of a bill."""
    name = table.name if source == call[0] else f"{source}:{table.name}"
    return f"{name}/{producer}" if table is COSTS else name


def _sets_of(call: MergedCall, table: ElementTable) -> Iterator[tuple[str, StampedSet]]:
    for name, elements in call.sets.items():
        if name.rpartition(":")[2].partition("/")[0] == table.name:
            yield name, elements


def _source_of(set_name: str, call: CallKey) -> str:
    source, colon, _ = set_name.rpartition(":")
    return source if colon else call[0]
