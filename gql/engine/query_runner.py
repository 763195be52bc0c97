"""Answers REST reads by plans: one statement each, compiled once for each variant of a read."""

import logging
from collections import defaultdict

from cachetools import LRUCache

from gql.database import Database
from gql.engine.bind import VariantKey
from gql.engine.compile import emit_read
from gql.engine.compile_lock import CompileLock
from gql.engine.fallback import NOT_FOUND, RESTING, AnswerCounts, Fallback, FallbackReason
from gql.engine.plan import MOST_VARIANTS
from gql.engine.rest_query import RestArguments, RestQuery, bind
from gql.engine.statement import BoundStatement, Failed, Statement, run
from gql.engine.statement_compiler import StatementCompiler
from gql.query.context import Context

_log = logging.getLogger(__name__)


class QueryRunner:
    """Answers reads by plans.

    Memory is bounded without a cache of all reads: there are as many as routes, and each keeps the
    variants that were used last.

    Args:
        database: Where.

    Attributes:
        counts: How reads were answered.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._compiler = StatementCompiler(database.engine.dialect, CompileLock())
        self._statements: defaultdict[RestQuery, LRUCache[VariantKey, Statement]] = defaultdict(
            lambda: LRUCache(MOST_VARIANTS)
        )
        self.counts = AnswerCounts()

    def size(self) -> tuple[int, float]:
        """How many statements are cached, and about how many bytes they take."""
        statements = [
            statement for cache in self._statements.values() for statement in cache.values()
        ]
        return len(statements), sum(statement.weight for statement in statements)

    async def bind(self, query: RestQuery, arguments: RestArguments) -> BoundStatement | None:
        """The statement of a request with its values; None when resolvers have to run."""
        try:
            variant, values = bind(query, arguments)
            statements = self._statements[query]
            statement = statements.get(variant) or await self._compiler.compile(
                query, statements, variant, lambda: emit_read(query, variant)
            )
            return statement.bind(values)
        except Exception:  # noqa: BLE001 -- a bug of ours must not fail a request
            _log.warning("binding failed: %.500r", arguments, exc_info=True)
            return None

    async def answer(self, context: Context, bound: BoundStatement | None) -> bytes | Fallback:
        """The finished body, or why resolvers have to run; counted.

        A record that is missing is a matter for resolvers too: they word the refusal.
        """
        if bound is None or bound.statement.resting:
            return self.counts.record_fallback(RESTING)
        try:
            body = await run(self._database, bound, context.organization_id, context.request_id)
        except Failed as failed:
            return self.counts.record_fallback(
                Fallback(FallbackReason.FAILED, repr(failed.__cause__))
            )
        if not body:
            return self.counts.record_fallback(NOT_FOUND)
        self.counts.compiled += 1
        return body
