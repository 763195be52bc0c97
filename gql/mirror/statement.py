"""The statement of a comparison: what was compared, what differs, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gql.mirror.records import Record, Tally

MOST_DIFFERENCES = 1_000
"""Most differences that are named one by one; the sums of each day show the others."""

LEFT_OUT = (
    "Steps of graph sessions and runs of flows have no address: neither copied nor compared.",
    "Of files, the addresses are copied and not the contents.",
)
"""What no statement says anything about."""

Side = dict[tuple[str, str], Tally]
"""By collection and day, as YYYY-MM-DD."""


@dataclass(frozen=True)
class Difference:
    """An object that the two sides do not have alike.

    Attributes:
        collection: Of the object.
        day: When it began.
        key: What the source calls it.
        why: In a sentence.
        fields: Those that differ: the server's value and the stored one.
    """

    collection: str
    day: str
    key: str
    why: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass
class MirrorStatement:
    """What a comparison has shown.

    Attributes:
        at: When it was made.
        server: The address.
        organization_id: The organization here.
        source: The name of the source in its rows.
        since: What began before was left out.
        theirs: The server's sums.
        stored: Those of the database.
        differences: The first ones.
        more_differences: How many more there were.
        notes: What explains itself, such as what was deleted at the source and stays here.
    """

    at: datetime
    server: str
    organization_id: int
    source: str
    since: datetime | None = None
    theirs: Side = field(default_factory=dict)
    stored: Side = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    more_differences: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def compare(
        self,
        collection: str,
        day: str,
        key: str,
        there: Record | None,
        here: Record | None,
        *,
        why: str | None = None,
        is_named: bool = True,
    ) -> None:
        """Add an object to the sums of both sides, and the difference when there is one.

        Args:
            collection: Of the object.
            day: When it began.
            key: What the source calls it.
            there: What the server has.
            here: What is stored.
            why: In a sentence, where more is known than that it differs.
            is_named: Whether a difference is named, and not only seen in the sums.
        """
        for side, record in ((self.theirs, there), (self.stored, here)):
            if record is not None:
                side.setdefault((collection, day), Tally()).add(key, record)
        fields = different_fields(there, here)
        if fields and is_named:
            reason = why or _reason(there, here)
            self.differ(Difference(collection, day, key, reason, fields))

    def differ(self, difference: Difference) -> None:
        """Add a difference."""
        if len(self.differences) < MOST_DIFFERENCES:
            self.differences.append(difference)
        else:
            self.more_differences += 1

    def to_json(self) -> dict[str, Any]:
        """The statement for programs."""
        nothing = Tally().to_json()
        return {
            "at": self.at.isoformat(),
            "server": self.server,
            "organization": self.organization_id,
            "source": self.source,
            "since": None if self.since is None else self.since.isoformat(),
            "clean": self.is_clean,
            "days": [
                {
                    "collection": collection,
                    "day": day,
                    "server": self._sums(self.theirs, collection, day, nothing),
                    "database": self._sums(self.stored, collection, day, nothing),
                }
                for collection, day in self._days()
            ],
            "differences": [
                {
                    "collection": each.collection,
                    "day": each.day,
                    "key": each.key,
                    "why": each.why,
                    "fields": {
                        name: {"server": values[0], "database": values[1]}
                        for name, values in each.fields.items()
                    },
                }
                for each in self.differences
            ],
            "moreDifferences": self.more_differences,
            "notes": self.notes,
            "leftOut": list(LEFT_OUT),
        }

    def lines(self) -> Iterator[str]:
        """The statement for people."""
        yield f"Statement of {self.at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"{self.server} and organization {self.organization_id}, source {self.source}"
        if self.since is not None:
            yield f"What began before {self.since:%Y-%m-%d %H:%M} is left out."
        yield ""
        for collection in sorted({collection for collection, _ in self._days()}):
            yield self._total(collection)
        wrong = sorted({(each.collection, each.day) for each in self.differences})
        for collection, day in wrong:
            yield f"  {collection} of {day}: {self._both(collection, day)}"
        yield ""
        for each in self.differences:
            yield f"{each.collection} {each.key} ({each.day}): {each.why}"
            for name, (there, here) in sorted(each.fields.items()):
                yield f"    {name}: {there!r} there, {here!r} here"
        if self.more_differences:
            yield f"... and {self.more_differences:,} more differences."
        yield from self.notes
        yield from LEFT_OUT
        how_many = len(self.differences) + self.more_differences
        if self.is_clean:
            yield "Nothing differs."
            return
        first = min(each.day for each in self.differences)
        yield f"Objects that differ: {how_many:,}. To read them again: --since {first}"

    def _days(self) -> list[tuple[str, str]]:
        return sorted(self.theirs.keys() | self.stored.keys())

    @staticmethod
    def _sums(side: Side, collection: str, day: str, nothing: dict[str, Any]) -> dict[str, Any]:
        tally = side.get((collection, day))
        return nothing if tally is None else tally.to_json()

    def _both(self, collection: str, day: str) -> str:
        there = self.theirs.get((collection, day), Tally())
        here = self.stored.get((collection, day), Tally())
        return f"{_sums(there)} there, {_sums(here)} here"

    def _total(self, collection: str) -> str:
        there, here = (
            sum(tally.count for (of, _), tally in side.items() if of == collection)
            for side in (self.theirs, self.stored)
        )
        days = [day for of, day in self._days() if of == collection]
        same = [
            day
            for day in days
            if self.theirs.get((collection, day)) == self.stored.get((collection, day))
        ]
        return (
            f"{collection:20} {there:>9,} there {here:>9,} here;"
            f" {len(same):,} of {len(days):,} days are the same"
        )


def _sums(tally: Tally) -> str:
    printed = tally.to_json()
    money = "".join(f", {amount} {currency}" for currency, amount in printed["money"].items())
    return f"{tally.count:,}{money}, {tally.seconds:,} s"


def different_fields(there: Record | None, here: Record | None) -> dict[str, tuple[Any, Any]]:
    """The fields of two records that differ; all of them where there is only one record."""
    one, other = there or {}, here or {}
    return {
        name: (one.get(name), other.get(name))
        for name in one.keys() | other.keys()
        if one.get(name) != other.get(name) or there is None or here is None
    }


def _reason(there: Record | None, here: Record | None) -> str:
    if here is None:
        return "is not here"
    return "is not at the source" if there is None else "differs"
