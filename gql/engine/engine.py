"""The engine: answers queries with one statement each, where it knows all that they select.

A request goes through four stages:

    Document        valid text, parsed                               gql/schema/documents.py
    Plan            what one of its operations selects               planner.py
    Statement       the SQL for one variant of the plan's arguments  bind.py, compile.py
    BoundStatement  a statement with the values of the request       bind.py, compiled_binder.py

A document keeps its plans and a plan its statements, so one cache of documents holds them all.
Where there is no plan, an argument is refused or a statement fails, resolvers answer instead: they
know how to word an error.
"""

import logging
from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLError, get_variable_values
from graphql.execution.values import VariableValues

from gql.database import Database, RequestDatabase
from gql.engine.bind import Binder
from gql.engine.cache import SegmentedCache
from gql.engine.coercion import Coercions
from gql.engine.collect_fields import Unsupported
from gql.engine.compile import emit
from gql.engine.compile_lock import CompileLocks
from gql.engine.compiled_binder import CompiledBinder
from gql.engine.data_version import DataVersions, VersionedStatement
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

NO_VARIABLES = VariableValues({}, {})

Bound = BoundStatement | bytes
"""What answers a request: a statement, or the answer itself where it needs none."""


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
        self._versions = DataVersions(database.engine.dialect)
        self._coercions = Coercions(self._schema, schema.schema_converter)
        self.counts = AnswerCounts(fields=field_names(self._schema))

    async def bind_request(self, request: Request, caller: Identity) -> Bound | Fallback:
        """What answers a request, or why resolvers have to run.

        Args:
            request: What is asked for.
            caller: Who asks.
        """
        bound = _bind_compiled(request, caller)
        if bound is not None:
            self.counts.own_binder += 1
            return bound
        try:
            return await self._bind_general(request, caller)
        except Exception as error:  # noqa: BLE001 -- a bug of ours must not fail a request
            return self.fallback(error, request)

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
            bound: What answers the request, from `bind_request`.
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

    def versioned(self, request: Request, bound: Bound | Fallback) -> VersionedStatement | None:
        """What answers a request, with its version; None where that has none."""
        if not isinstance(bound, BoundStatement):
            return None
        is_new = bound.statement.versioned is None
        versioned = self._versions.versioned(bound)
        if is_new and versioned is not None:
            self._documents.reweigh(request.document.text)
        return versioned

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
            lambda: emit(
                plan.root,
                variant,
                self._database.max_statement_bytes,
                embedded=self._database.embedded,
            ),
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

    async def _bind_general(self, request: Request, caller: Identity) -> Bound:
        """What answers a request, by graphql-core's and Strawberry's functions."""
        variables = self.coerce(request)
        plan, is_cached = await self.plan(request, variables, caller.organization_id)
        if is_cached and not plan.binding.is_off:  # what is sent once is not worth the work
            self._compile_binder(request, plan)
        if plan.constant is not None:
            return plan.constant
        bound, _ = await self.bind(request, plan, variables, caller)
        if plan.binding.binder is not None and not bound.statement.is_compared:
            self._compare(request, plan, bound.statement, caller)
        return bound

    def _compile_binder(self, request: Request, plan: Plan) -> None:
        """Make the functions that bind a plan, unless there are some."""
        document, coercions = request.document, self._coercions
        try:
            if request.name not in document.coercions:
                document.coercions[request.name] = coercions.variables(request.operation)
            if plan.binding.binder is None:
                plan.binding.binder = CompiledBinder.of(coercions, plan.arguments)
                self._documents.reweigh(document.text)
        except Exception:  # noqa: BLE001 -- whatever it is, the general binder does without
            plan.binding.is_off = True

    def _compare(
        self, request: Request, plan: Plan, statement: Statement, caller: Identity
    ) -> None:
        """Let a plan's own binder bind a statement from now on, if it binds it as the general one.

        Both bind without the constants that were bound before, so that those are compared too.
        """
        try:
            variables = request.document.coercions[request.name](request.variables or {})
            compiled = plan.binding.binder.bind(variables, caller, {})
        except Exception:  # noqa: BLE001 -- this request is one for the general binder
            return
        general = self._binder.bind(plan.arguments, self.coerce(request), caller, {})
        # By what they print, as `True` is no `1`, and a member of an enum not its text.
        if repr(compiled) == repr(general):
            statement.is_compared = True
            return
        plan.binding.binder, plan.binding.is_off = None, True
        self.counts.binders_off += 1
        _log.error("a compiled binder is wrong: %s", request.document.text[:500])

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


def _bind_compiled(request: Request, caller: Identity) -> Bound | None:
    """What answers a request whose plan has a binder of its own; None when the general one has to.

    Nothing here is looked at before it is used: a document, a plan, a variant or a value for which
    there is no function raises, and so does a value that is refused.
    """
    document, name = request.document, request.name
    try:
        variables = document.coercions[name](request.variables or {})
        plan: Any = document.plans[(name, *[variables.get(each) for each in document.steering])]
        if plan.constant is not None:
            constant: bytes = plan.constant
            return constant
        variant, values = plan.binding.binder.bind(variables, caller, plan.constants)
        statement: Statement = plan.statements[variant]
    except Exception:  # noqa: BLE001 -- the general binder knows what it means
        return None
    return statement.bind(values) if statement.is_compared else None
