"""The engine: answers queries with one statement each, where it knows all that they select.

A request goes through four stages:

    Document        valid text, parsed                               gql/schema/documents.py
    Plan            what one of its operations selects               planner.py
    Statement       the SQL for one variant of the plan's arguments  bind.py, compile.py
    BoundStatement  a statement with the values of the request       bind.py, statement.py

A document keeps its plans and a plan its statements, so one cache of documents holds them all.
Where there is no plan, an argument is refused or a statement fails, resolvers answer instead: they
know how to word an error.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import ReferenceType, ref

import strawberry
from graphql import GraphQLError, get_variable_values
from graphql.execution.values import VariableValues

from gql.database import Database, RequestDatabase
from gql.engine.bind import Binder
from gql.engine.cache import SegmentedCache
from gql.engine.collect_fields import Unsupported
from gql.engine.compile import emit
from gql.engine.compile_lock import CompileLocks
from gql.engine.document import Request
from gql.engine.fallback import (
    MISSING,
    RESTING,
    AnswerCounts,
    Fallback,
    FallbackReason,
    NoPlan,
    fallback_of,
    field_names,
    refused_arguments,
    unsupported,
)
from gql.engine.plan import Plan
from gql.engine.planner import plan_operation
from gql.engine.statement import BoundStatement, Statement, StatementFailed, run
from gql.engine.statement_compiler import StatementCompiler
from gql.identity import Identity
from gql.steps import in_steps

_log = logging.getLogger(__name__)

REQUESTS_BYTES = 8_000_000
"""How much memory the requests of one process that may come again take, roughly."""

NO_VARIABLES = VariableValues({}, {})

Bound = BoundStatement | bytes
"""What answers a request: a statement, or the answer itself where it needs none."""


class BoundBefore(NamedTuple):
    """What answers a request in bytes that came before.

    Attributes:
        points: What the operation costs.
        operation: Its name.
    """

    bound: Bound
    points: int
    operation: str | None


@dataclass(frozen=True, slots=True)
class _CachedRequest:
    """What answered a request, for the next one in the same bytes.

    Attributes:
        text: Of the document, which the next one uses as well.
        statement: Weak, as its document owns it; or the answer where it needs no statement.
        values: Of the statement.
        points: What the operation costs.
        operation: Its name.
        weight: About how many bytes of memory this takes.
    """

    text: str
    statement: ReferenceType[Statement] | bytes
    values: list[Any]
    points: int
    operation: str | None
    weight: int


class Engine:
    """Answers queries.

    Args:
        schema: Whose fields have their declarations in their metadata.
        database: Whose dialect statements are compiled for.
        documents: The cache of valid documents, by text.
        locks: Held while something is planned or compiled, which takes milliseconds.

    Attributes:
        counts: How requests were answered.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        database: Database,
        documents: SegmentedCache[Any],
        locks: CompileLocks,
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._database = database
        self._documents = documents
        self._locks = locks
        self._binder = Binder(schema.schema_converter)
        self._compiler = StatementCompiler(database.engine.dialect, locks)
        self._requests: SegmentedCache[_CachedRequest] = SegmentedCache(
            REQUESTS_BYTES, lambda request: request.weight
        )
        self.counts = AnswerCounts(fields=field_names(self._schema))

    def sizes(self) -> dict[str, tuple[int, float]]:
        """How many requests are cached, and about how many bytes they take."""
        return {"requests": (len(self._requests), self._requests.weight)}

    def bound_before(self, body: bytes) -> BoundBefore | None:
        """What answered a request in the same bytes, whoever sent it."""
        request = self._requests.get(body)
        if request is None:
            return None
        self._documents.get(request.text)  # it is used again
        if isinstance(request.statement, bytes):
            return BoundBefore(request.statement, request.points, request.operation)
        statement = request.statement()
        if statement is None:
            return None
        bound = BoundStatement(statement, request.values)
        return BoundBefore(bound, request.points, request.operation)

    async def bind_request(
        self, request: Request, caller: Identity, points: int = 0
    ) -> Bound | Fallback:
        """What answers a request, or why resolvers have to run.

        Args:
            request: What is asked for.
            caller: Who asks.
            points: What the operation costs, for `bound_before`.
        """
        try:
            variables = self.coerce(request)
            plan, _ = await self.plan(request, variables, caller.organization_id)
            if plan.constant is not None:
                bound: Bound = plan.constant
            else:
                bound, _ = await self.bind(request, plan, variables, caller)
        except Exception as error:  # noqa: BLE001 -- a bug of ours must not fail a request
            return self.fallback(error, request)
        of_caller = isinstance(bound, BoundStatement) and bound.statement.depends_on_caller
        if request.body is not None and not plan.depends_on_caller and not of_caller:
            self._requests.put(request.body, _cached(request, request.body, bound, points))
        return bound

    async def answer(
        self,
        database: RequestDatabase,
        bound: Bound | Fallback,
        organization_id: int,
        request_id: str,
    ) -> bytes | Fallback:
        """The finished response body, or why resolvers have to run; counted.

        Args:
            database: What is read.
            bound: What answers the request, from `bound_before` or `bind_request`.
            organization_id: Whose data is read.
            request_id: For the log.
        """
        if isinstance(bound, Fallback):
            return self.counts.record_fallback(bound)
        if isinstance(bound, bytes):
            self.counts.compiled += 1
            return bound
        if bound.statement.resting:
            return self.counts.record_fallback(RESTING)
        try:
            body = await run(database, bound, organization_id, request_id)
        except StatementFailed as failed:
            return self.counts.record_fallback(
                Fallback(FallbackReason.FAILED, repr(failed.__cause__))
            )
        if body is None:  # resolvers word the error
            return self.counts.record_fallback(MISSING)
        self.counts.compiled += 1
        return body

    def coerce(self, request: Request) -> VariableValues:
        """The variables of a request.

        Raises:
            GraphQLError: when one cannot be used.
        """
        definitions = request.operation.variable_definitions
        if not definitions:
            return NO_VARIABLES
        coerced = get_variable_values(self._schema, definitions, dict(request.variables or {}))
        if isinstance(coerced, VariableValues):
            return coerced
        raise coerced[0]

    async def plan(
        self, request: Request, variables: VariableValues, organization_id: int
    ) -> tuple[Plan, bool]:
        """The plan of a request, and whether it was cached.

        Raises:
            NoPlan: when there is none, which is cached too.
        """
        document, coerced = request.document, variables.coerced
        key = (request.name, *(coerced.get(name) for name in document.steering))
        plan = document.plans.get(key)
        cached = plan is not None
        if plan is None:
            async with self._locks.of(organization_id):
                plan = document.plans.get(key)  # a concurrent request may have made it
                if plan is None:
                    plan = document.plans[key] = await in_steps(self._plan, request, coerced)
                    self._documents.reweigh(document.text)
        if isinstance(plan, Fallback):
            raise NoPlan(plan)
        return plan, cached

    async def bind(
        self, request: Request, plan: Plan, variables: VariableValues, caller: Identity
    ) -> tuple[BoundStatement, bool]:
        """The statement of a plan with the values of a request, and whether it was cached.

        Raises:
            GatewayError: when an argument cannot be used; resolvers word the answer.
            GraphQLError: the same, for an argument of the wrong type.
        """
        variant, values = self._binder.bind(plan.arguments, variables, caller, plan.constants)
        try:
            statement: Statement | None = plan.statements[variant]  # `get` would hash it twice
        except KeyError:
            statement = None
        if statement is not None:
            return statement.bind(values), True
        statement = await self._compiler.compile(
            plan,
            plan.statements,
            variant,
            lambda: emit(plan.root, variant, self._database.max_statement_bytes),
            caller.organization_id,
        )
        self._documents.reweigh(request.document.text)
        return statement.bind(values), False

    def fallback(self, error: Exception, request: Request) -> Fallback:
        """Why a request has no statement, from what was raised before it had one."""
        fallback = fallback_of(error)
        if fallback is None:
            _log.warning("binding failed: %s", request.document.text[:500], exc_info=error)
        return fallback or Fallback(FallbackReason.FAILED, repr(error))

    def _plan(self, request: Request, variables: Mapping[str, Any]) -> Plan | Fallback:
        try:
            return plan_operation(self._schema, request.document.node, request.operation, variables)
        except Unsupported as error:
            return unsupported(str(error))
        except GraphQLError as error:
            return refused_arguments(error.message)
        except Exception as error:  # noqa: BLE001 -- logged once, and resolvers run
            text = request.document.text
            _log.warning("a document has no plan: %s", text[:500], exc_info=True)
            return Fallback(FallbackReason.FAILED, repr(error))


def _cached(request: Request, body: bytes, bound: Bound, points: int) -> _CachedRequest:
    text, name = request.document.text, request.name
    if isinstance(bound, bytes):
        return _CachedRequest(text, bound, [], points, name, len(body) + len(bound))
    weight = len(body) + bound.weight
    return _CachedRequest(text, ref(bound.statement), bound.values, points, name, weight)
