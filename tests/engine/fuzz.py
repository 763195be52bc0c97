"""Answers random documents by resolvers and by plans, and reports every difference.

`python -m tests.engine.fuzz 50000 SEED` asks half of them on each database.
"""

import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any
from unittest.mock import patch

from gql.database import Database
from gql.query import rollup
from tests.databases import Copy, settings_for
from tests.engine.concurrent_writer import flip, writing_between_reads
from tests.engine.differential import GRAPHQL, Answers, DifferentialClient, differential_client
from tests.engine.edge_rows import add_edge_rows
from tests.engine.fuzz_command import main
from tests.engine.hostile_settings import set_database
from tests.engine.random_arguments import Values
from tests.engine.random_documents import Document, Writer

SEVERAL_READS = Document(
    """{ graphs(first: 3) { nodes { name nodes { assistant { name } } } }
        calls(first: 20) { totalCount nodes { status duration messages(first: 1) {
            nodes { content } } } } }""",
    {},
)
"""What resolvers read by several statements, each of which shows what a writer changes."""

UNTIL_COMPILED = 3
"""The first request of a document plans it, and by the second its binder is compared."""

BESIDE_A_WRITER = 5
"""Of so many documents one is answered while another program writes."""


@dataclass
class Report:
    """What a run found.

    Attributes:
        documents: How many.
        planned: How many of them the engine answered.
        erred: How many resolvers answered with errors.
        failed: How many plans failed, so that resolvers answered; those do not count that fail
            because `databaseId` cannot hold an id.
        by_own_binder: How many the binder of their own plan bound.
        different: The documents whose two answers differ, with both, and the plan of each.
    """

    documents: int = 0
    planned: int = 0
    erred: int = 0
    failed: int = 0
    by_own_binder: int = 0
    different: list[tuple[Document, Answers, str]] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.documents} asked, {self.planned} planned, {self.erred} with errors,"
            f" {self.failed} failed plans, {self.by_own_binder} bound by the binder of their plan,"
            f" {len(self.different)} different"
        )

    def lines(self, most: int) -> Iterator[str]:
        """The first of the differences, in words."""
        for document, answers, plan in self.different[:most]:
            yield f"{document.text}\n{json.dumps(document.variables)}\n{plan}"
            for line in islice(differences(answers.resolved, answers.compiled), 3):
                yield f"    {line}"


async def fuzz(copy: Copy, number: int, seed: int) -> Report:
    """Answer `number` documents by resolvers and by plans, on a copy with rows at the edge.

    Some are answered while another program writes.
    """
    # The demo's lists are short: here an offset of 2 is deep.
    with patch.object(rollup, "SEEK_FROM", 2):
        async with spoiled(copy, seed) as database, differential_client(copy) as client:
            return await _ask(client, database, number, seed)


@asynccontextmanager
async def spoiled(copy: Copy, seed: int) -> AsyncIterator[Database]:
    """A copy with rows at the edge, and with settings that print values otherwise."""
    if copy.kind == "postgresql":
        await set_database(copy)
    database = Database(settings_for(copy.url))
    try:
        await add_edge_rows(database, seed)
        yield database
    finally:
        await database.close()


async def _ask(client: DifferentialClient, database: Database, number: int, seed: int) -> Report:
    pick = random.Random(seed)  # noqa: S311, not a secret
    values = Values(pick)
    report = Report()
    for count in range(1, number + 1):
        document = Writer(GRAPHQL, pick, values).document()
        beside = partial(_ask_beside_a_writer, client, database, document)
        failed_before = client.engine.counts.failed
        by_own_binder = client.engine.counts.own_binder
        if count % BESIDE_A_WRITER == 0 and await beside():
            report.different += await beside()  # twice for the same reason as below
        answers = await client.ask(document, times=UNTIL_COMPILED)
        if not answers.alike:
            # Between the two, the last use of the API key may have been written, as it is now and
            # then; what is really answered differently is different again.
            answers = await client.ask(document)
        if not _has_too_large_id(answers.data):
            report.failed += client.engine.counts.failed - failed_before
        values.learn(answers.data.get("data"))
        report.documents += 1
        report.planned += answers.planned
        report.erred += "errors" in answers.data
        report.by_own_binder += client.engine.counts.own_binder > by_own_binder
        if not answers.alike:
            report.different.append((document, answers, await client.plan_of(document)))
    report.different += await _ask_beside_a_writer(client, database, SEVERAL_READS)
    return report


def _has_too_large_id(data: dict[str, Any]) -> bool:
    return any("fullDatabaseId" in error["message"] for error in data.get("errors", ()))


async def _ask_beside_a_writer(
    client: DifferentialClient, database: Database, document: Document
) -> list[tuple[Document, Answers, str]]:
    """Answers to a document that are neither those before a write nor those after it."""
    one = await client.ask(document)
    await flip(database)
    other = await client.ask(document)
    await flip(database)
    expected = [one.resolved, other.resolved]
    async with writing_between_reads(database):
        answers = await client.ask(document)
    return [
        (document, each, _beside_a_writer(expected, each))
        for each in (one, other, answers)
        if each.resolved not in expected or each.compiled not in expected
    ]


def _beside_a_writer(expected: list[tuple[int, Any]], answers: Answers) -> str:
    """The statuses and bodies before a write and after it, and both answers meanwhile."""
    before, after = expected
    return (
        f"beside a writer\n  before: {before}\n  after: {after}"
        f"\n  resolved: {answers.resolved}\n  compiled: {answers.compiled}"
    )


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two ordered answers differ, in words."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if len(one) != len(other):
            yield f"{path}: {len(one)} items, {len(other)} compiled: {one!r:.300} | {other!r:.300}"
            return
        for number, (item, other_item) in enumerate(zip(one, other, strict=True)):
            name = item[1] if isinstance(item, tuple) and item[:1] == ("",) else number
            yield from differences(item, other_item, f"{path}.{name}")
    elif (type(one), one) != (type(other), other):
        yield f"{path}: {one!r:.200} | compiled {other!r:.200}"


if __name__ == "__main__":
    main(fuzz, module="tests.engine.fuzz", description=__doc__)
