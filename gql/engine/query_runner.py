"""Runs REST reads: one statement each, compiled once for each variant of a read."""

from collections import Counter, defaultdict
from enum import StrEnum
from typing import Any, NamedTuple

from cachetools import LRUCache

from gql.database import Database, RequestDatabase
from gql.database.drivers import FetchedValue
from gql.database.failures import translate_failures
from gql.engine.compile import emit_read
from gql.engine.compile_lock import CompileLocks
from gql.engine.data_version import DataVersions, VersionedStatement, split_stamps
from gql.engine.plan import MOST_VARIANTS
from gql.engine.read_cost import ReadCost, cost_of_read
from gql.engine.rest_query import RestArguments, RestQuery, bind
from gql.engine.statement import BoundStatement, Statement
from gql.engine.statement_compiler import compile_statement
from gql.engine.variants import (
    VariantKey,
    is_selective,
)
from gql.errors import AnswerTooLong, NotFound
from gql.query.context import Context
from gql.steps import in_steps


class ReadOutcome(StrEnum):
    """How a read ended, as metrics call it."""

    ANSWERED = "none"
    MISSING = "nothing"
    FAILED = "failed"


class BoundQuery(NamedTuple):
    """A read with what one request binds.

    Attributes:
        query: What is read.
        key: Of the record that is looked up.
        statement: The SQL of the read's variant, with its values.
        points: What it costs.
    """

    query: RestQuery
    key: Any
    statement: BoundStatement
    points: int


class ReadAnswer(NamedTuple):
    """What a read printed.

    Attributes:
        body: JSON.
        version: Of what it was made of; None where that has none.
    """

    body: bytes
    version: str | None = None


class ReadVariant(NamedTuple):
    """What is cached of one variant of a read."""

    statement: Statement
    cost: ReadCost


class QueryRunner:
    """Runs REST reads.

    There are as many reads as routes, and each keeps the statements that were used last.

    Args:
        database: Whose dialect statements are compiled for.
        has_own_connections: Whether `answer` runs statements on the connections that a database
            keeps for them, or in the snapshot of the operation.

    Attributes:
        counts: How reads ended.
    """

    def __init__(self, database: Database, *, has_own_connections: bool) -> None:
        self._database = database
        self._has_own_connections = has_own_connections
        self._locks = CompileLocks()
        self._versions = DataVersions(database.engine.dialect)
        self._variants: defaultdict[RestQuery, LRUCache[VariantKey, ReadVariant]] = defaultdict(
            lambda: LRUCache(MOST_VARIANTS)
        )
        self.counts: Counter[ReadOutcome] = Counter()

    def size(self) -> tuple[int, float]:
        """How many statements are cached, and about how many bytes they take."""
        variants = [each for cache in self._variants.values() for each in cache.values()]
        return len(variants), sum(each.statement.weight for each in variants)

    async def bind(
        self, query: RestQuery, arguments: RestArguments, organization_id: int
    ) -> BoundQuery:
        """The statement of a read with the values of a request, but for whose data it reads."""
        key, values = bind(query, arguments)
        variant = self._variants[query].get(key)
        if variant is None:
            variant = await self._compile(query, key, organization_id)
        points = variant.cost.points(arguments)
        return BoundQuery(query, arguments.key, variant.statement.bind(values), points)

    def versioned(self, bound: BoundQuery) -> VersionedStatement | None:
        """The statement of a read with its version; None where it has none."""
        return self._versions.versioned(bound.statement)

    async def current_version(
        self, context: Context, database: RequestDatabase, versioned: VersionedStatement
    ) -> str | None:
        """The version by now of what a read prints: see `VersionedStatement.current_version`."""
        has_own = self._has_own_connections
        fetch_value = database.fetch_value if has_own else context.snapshot.fetch_value
        return await versioned.current_version(fetch_value, context.organization_id)

    async def answer(
        self,
        context: Context,
        database: RequestDatabase,
        bound: BoundQuery,
        versioned: VersionedStatement | None,
    ) -> ReadAnswer:
        """What a read prints, where it is all that the operation reads.

        Args:
            context: Of the operation.
            database: What it works with.
            bound: The read.
            versioned: The same with its version, where it has one.

        Raises:
            NotFound: when the record is missing.
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
            DeadlineExceeded: when it ended the statement because that took too long.
        """
        owner = context.organization_id
        whole = bound.statement if versioned is None else versioned.bound
        statement, values = whole.statement, whole.owned_by(owner)
        if self._has_own_connections:
            value = database.fetch_value(statement.sql, values, custom_plan=statement.custom_plan)
        else:
            value = context.snapshot.fetch_value(statement.sql, values)
        stamps, body = await self._printed(bound, value, has_stamps=versioned is not None)
        return ReadAnswer(body, versioned and versioned.version(stamps, owner))

    async def fetch(self, context: Context, query: RestQuery, arguments: RestArguments) -> bytes:
        """What a read prints in the snapshot of the operation: a write sees what it has written.

        Raises:
            NotFound: when the record is missing.
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
            DeadlineExceeded: when it ended the statement because that took too long.
            AnswerTooLong: when it prints more than an answer may have.
        """
        bound = await self.bind(query, arguments, context.organization_id)
        values = bound.statement.owned_by(context.organization_id)
        value = context.snapshot.fetch_value(bound.statement.statement.sql, values)
        _, body = await self._printed(bound, value)
        return body

    async def _printed(
        self, bound: BoundQuery, value: FetchedValue, *, has_stamps: bool = False
    ) -> tuple[bytes, bytes]:
        """The change stamps, and what a statement prints: nothing for a record that is missing."""
        try:
            with translate_failures():
                body = await value or b""
        except Exception:
            self.counts[ReadOutcome.FAILED] += 1
            raise
        stamps, body = split_stamps(body) if has_stamps else (b"", body)
        if len(body) > self._database.max_response_bytes:
            self.counts[ReadOutcome.FAILED] += 1
            raise AnswerTooLong
        if not body:
            self.counts[ReadOutcome.MISSING] += 1
            record = bound.query.record
            raise NotFound(record.noun if record else "record", bound.key)
        self.counts[ReadOutcome.ANSWERED] += 1
        return stamps, body

    async def _compile(
        self, query: RestQuery, key: VariantKey, organization_id: int
    ) -> ReadVariant:
        async with self._locks.of(organization_id):
            variants = self._variants[query]
            variant = variants.get(key)
            if variant is None:
                variant = variants[key] = await in_steps(self._compiled, query, key)
            return variant

    def _compiled(self, query: RestQuery, key: VariantKey) -> ReadVariant:
        statement = compile_statement(
            emit_read(query, key, self._database.max_statement_bytes),
            self._database.engine.dialect,
            custom_plan=is_selective(key),
        )
        return ReadVariant(statement, cost_of_read(query, key))
