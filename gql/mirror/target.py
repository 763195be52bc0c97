"""Where a mirror writes: one organization of a database, as one source."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from pydantic import ValidationError

from gql.database import DatabaseAccess
from gql.domain.writes.transaction import retry_collisions, transaction
from gql.identity import Identity, Method, Permission
from gql.ingest.apply import MOST_ITEMS, apply_items
from gql.ingest.items import ITEM, AnyItem, in_region
from gql.ingest.sources.source import ItemFields
from gql.mirror.positions import ReadPosition, save_position
from gql.query.context import Context

Progress = Callable[[str, int, int], None]
"""Takes a collection, how many of its objects are done, and how many there are."""

MOST_FINDINGS = 100
"""Most findings of a run that are kept; the others are counted."""

_PERMISSIONS = frozenset({Permission.READ, Permission.WRITE, Permission.INGEST})


@dataclass
class MirrorReport:
    """What a run has done.

    Attributes:
        objects: How many were read, by collection.
        items: What became of items and definitions, by status.
        absent_families: Lists that the server has not.
        findings: What could not be copied, or is no longer at the source, in sentences.
        more_findings: How many more there were.
    """

    objects: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    absent_families: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    more_findings: int = 0

    def find(self, sentence: str) -> None:
        """Add a finding."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(sentence)
        else:
            self.more_findings += 1


@dataclass
class MirrorTarget:
    """An organization that takes what a source has.

    Attributes:
        source: The name of the source in its rows.
        region: The country of phone numbers without its code, in two letters.
        report: Of the run.
        progress: Shows how far it is.
    """

    database: DatabaseAccess
    organization_id: int
    source: str
    region: str | None = None
    report: MirrorReport = field(default_factory=MirrorReport)
    progress: Progress = lambda _collection, _done, _total: None

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Context]:
        """A context for a few reads or one write; the network is not waited for inside it."""
        identity = Identity(self.organization_id, Method.API_KEY, _PERMISSIONS)
        context = Context(identity, self.database)
        try:
            yield context
        finally:
            await context.close()

    async def apply(
        self, fields: Sequence[ItemFields], collection: str, position: ReadPosition | None = None
    ) -> None:
        """Take items, and keep the position in the same transaction as the last of them."""
        items = list(self._valid(fields))
        chunks = [items[at : at + MOST_ITEMS] for at in range(0, len(items), MOST_ITEMS)] or [[]]
        for chunk in chunks:
            reached = position if chunk is chunks[-1] else None
            await retry_collisions(partial(self._write, chunk, collection, reached))

    async def _write(
        self, items: list[AnyItem], collection: str, position: ReadPosition | None
    ) -> None:
        async with (
            self.context() as context,
            transaction(context, Permission.INGEST) as write,
        ):
            outcomes = await apply_items(write, items) if items else []
            if position is not None:
                await save_position(write, self.source, collection, position)
        for outcome in outcomes:
            self.report.items[str(outcome.status)] += 1
            if outcome.error is not None:
                self.report.find(f"{outcome.kind} {outcome.key}: {outcome.error}")

    def _valid(self, fields: Sequence[ItemFields]) -> list[AnyItem]:
        """The items that can be read; the others are findings."""
        items = []
        for each in fields:
            try:
                items.append(ITEM.validate_python(each, context=in_region(self.region)))
            except ValidationError as error:
                fault = error.errors(include_url=False, include_input=False)[0]
                where = ".".join(str(part) for part in fault["loc"][1:])
                name = each.get("externalId") or each.get("call") or each.get("messageId")
                self.report.items["refused"] += 1
                self.report.find(f"{each['kind']} {name} is refused: {where}: {fault['msg']}.")
        return items
