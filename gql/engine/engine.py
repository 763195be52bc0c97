"""The compiled way: plans and statements are made once, remembered, and run with new values."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import get_variable_values
from graphql.execution.values import VariableValues

from gql.database import Database
from gql.engine.bind import Binder, ConstantBindings, VariantKey, is_selective
from gql.engine.cache import SegmentedCache, bytes_of
from gql.engine.collect_fields import Unsupported, steering
from gql.engine.compile import emit
from gql.engine.compile_lock import CompileLock
from gql.engine.fallback import (
    FORGOTTEN,
    MISSING,
    RESTING,
    AnswerCounts,
    Fallback,
    FallbackReason,
    NoPlan,
    fallback_of,
    field_names,
    unsupported,
)
from gql.engine.fields import ConstantSource
from gql.engine.plan import Plan
from gql.engine.planner import plan_operation
from gql.engine.prepared import Made, Prepared
from gql.engine.request import Request
from gql.engine.statement import BoundStatement
from gql.engine.statement_cache import Failed, Statements, run
from gql.engine.variants import RecentVariants
from gql.identity import Identity

_log = logging.getLogger(__name__)

PLANS_BYTES = 24_000_000
"""How much memory the plans of one process may take, roughly."""

BOUND_BYTES = 8_000_000
"""The same for statements that are bound already, to values that come again and again."""

_BYTES_AT_LEAST = 2_000
_PLAN_BYTES = {"item": 300, "slot": 1_000, "character": 10}
_SHAPE_BYTES = 800
"""Of each slot. All of these were measured by `tracemalloc`, and rounded up."""

NO_VARIABLES = VariableValues({}, {})


Ready = BoundStatement | bytes
"""What answers a request: a statement with its values, or the answer where none is needed."""


@dataclass(frozen=True)
class KnownDocument:
    """What is known of a document: the variables that choose the plan."""

    steering: tuple[str, ...]


@dataclass(frozen=True)
class Planned:
    """A plan, or that there is none.

    Attributes:
        plan: Or why the reference way has to run.
        weight: About how many bytes of memory it takes.
        constant: The answer, where it depends on the document alone.
        constants: What its settled slots are bound to.
        variants: The shapes of its statements.
    """

    plan: Plan | Fallback
    weight: int
    constant: bytes | None = None
    constants: ConstantBindings = field(default_factory=dict)
    variants: RecentVariants = field(default_factory=RecentVariants)


@dataclass(frozen=True, slots=True)
class _CachedRequest:
    """What answered a request, for the next one in the same bytes.

    Attributes:
        ready: What it was answered with.
        weight: About how many bytes of memory this takes.
        key: Of the statement.
    """

    ready: Ready
    weight: int
    key: Any


class Engine:
    """Answers queries with one statement each, where it knows everything that they ask for.

    Attributes:
        counts: How requests were answered.
    """

    def __init__(
        self, schema: strawberry.Schema, database: Database, turn: CompileLock | None = None
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._binder = Binder(schema.schema_converter)
        self._database = database
        self._turn = turn or CompileLock()
        self._documents: SegmentedCache[KnownDocument] = SegmentedCache(
            PLANS_BYTES / 8, lambda _: 1_000
        )
        self._plans: SegmentedCache[Planned] = SegmentedCache(
            PLANS_BYTES, lambda planned: planned.weight
        )
        # A plan has one for each shape of its arguments.
        self._statements = Statements(database.engine.dialect, self._turn)
        self._requests: SegmentedCache[_CachedRequest] = SegmentedCache(
            BOUND_BYTES,
            lambda again: again.weight,
            # Who comes again in the same bytes never asks for the statement: it proves itself here.
            on_promote=lambda again: self._statements.get(again.key),
        )
        self.counts = AnswerCounts(fields=field_names(self._schema))

    @property
    def caches(self) -> Mapping[str, SegmentedCache[Any]]:
        """What is remembered, by what it is."""
        return {
            "known": self._documents,
            "plans": self._plans,
            "statements": self._statements.cache,
            "requests": self._requests,
        }

    def cached(self, raw: bytes) -> Ready | None:
        """What answered a request that came in these bytes, whoever asked."""
        found = self._requests.get(raw)
        if found is None:
            return None
        ready = found.ready
        return None if isinstance(ready, BoundStatement) and ready.statement() is None else ready

    async def plan_of(self, request: Request, identity: Identity) -> Ready | Fallback:
        """What answers a request, or why the reference way has to run."""
        try:
            prepared = await self.prepare(request)
            size = len(request.raw or b"")
            if prepared.constant is not None:
                size += len(prepared.constant)
                again = _CachedRequest(prepared.constant, size, prepared.key)
            else:
                made = await self.bind(prepared, identity)
                again = _CachedRequest(made.bound, size + made.bound.weight, made.key)
        except Exception as error:  # noqa: BLE001 -- a bug of ours must not fail a request
            return self.refused(error, request)
        if request.raw is not None and not prepared.depends_on_caller:
            self._requests.put(request.raw, again)
        return again.ready

    def refused(self, error: Exception, request: Request) -> Fallback:
        """Why a request has no statement, from what was raised before it had one."""
        told = fallback_of(error)
        if told is None:
            _log.warning("binding failed: %s", request.text[:500], exc_info=error)
        return told or Fallback(FallbackReason.FAILED, repr(error))

    async def answer(
        self, ready: Ready | Fallback, organization_id: int, request_id: str
    ) -> bytes | Fallback:
        """The finished response body, or why the reference way has to run; counted.

        Args:
            ready: What answers the request, from `remembered` or `plan_of`.
            organization_id: Whose data is read.
            request_id: For the log.
        """
        if isinstance(ready, bytes):
            self.counts.compiled += 1
            return ready
        if isinstance(ready, Fallback):
            return self.counts.record_fallback(ready)
        statement = ready.statement()
        if statement is None or statement.resting:
            return self.counts.record_fallback(RESTING if statement else FORGOTTEN)
        try:
            values = ready.owned_by(organization_id)
            body = await run(self._database, statement, values, request_id)
        except Failed as failed:
            # The reference way words it.
            return self.counts.record_fallback(
                Fallback(FallbackReason.FAILED, repr(failed.__cause__))
            )
        if body is None:
            return self.counts.record_fallback(MISSING)
        self.counts.compiled += 1
        return body

    async def prepare(self, request: Request) -> Prepared:
        """The plan of a request.

        Raises:
            NoPlan: when there is none, which is remembered too.
            GraphQLError: when a variable cannot be used.
        """
        variables = self._variables(request)
        known = self._documents.get(request.text)
        if known is None:
            known = KnownDocument(tuple(sorted(steering(request.document))))
            self._documents.put(request.text, known, key_weight=bytes_of(request.text))
        coerced = variables.coerced
        key = (request.text, request.name, *(coerced.get(flag) for flag in known.steering))
        found = self._plans.get(key)
        planned = found or await self._plans.make(
            key,
            lambda: self._planned(request, coerced),
            self._turn,
            key_weight=bytes_of(key),
        )
        if isinstance(planned.plan, Fallback):
            raise NoPlan(planned.plan)
        return Prepared(
            key,
            planned.plan,
            planned.constant,
            planned.constants,
            planned.variants,
            variables,
            found is not None,
        )

    async def bind(self, prepared: Prepared, identity: Identity) -> Made:
        """The statement of a request, with its values.

        Raises:
            GatewayError: when an argument cannot be used; the reference way words the answer.
            GraphQLError: the same, for an argument of the wrong type.
            Unsupported: when the arguments are more than a plan is good for.
        """
        chosen, memo = prepared.plan, prepared.constants
        shapes, values = self._binder.bind(chosen.arguments, prepared.variables, identity, memo)
        key = (prepared.key, shapes)
        found = self._statements.get(key)
        statement = found or await self._statements.make(
            key,
            lambda: emit(chosen.root, shapes),
            chosen,
            custom_plan=is_selective(shapes),
            key_weight=bytes_of(prepared.key) + _SHAPE_BYTES * len(shapes),
        )
        self._note(prepared, shapes)
        return Made(BoundStatement.to(statement, values), statement, key, found is not None)

    def _note(self, prepared: Prepared, shapes: VariantKey) -> None:
        """Keep the shapes of a plan few, and weigh those that it keeps."""
        before = len(prepared.variants)
        too_many = prepared.variants.use(shapes)
        if too_many is not None:
            self._statements.cache.forget((prepared.key, too_many))
        elif len(prepared.variants) > before:
            self._plans.grow(prepared.key, _SHAPE_BYTES * len(shapes))

    def _variables(self, request: Request) -> VariableValues:
        definitions = request.operation.variable_definitions
        if not definitions:
            return NO_VARIABLES
        coerced = get_variable_values(self._schema, definitions, dict(request.variables or {}))
        if isinstance(coerced, VariableValues):
            return coerced
        raise coerced[0]

    def _planned(self, request: Request, variables: Mapping[str, Any]) -> Planned:
        try:
            made = plan_operation(self._schema, request.document, request.operation, variables)
            return Planned(made, _plan_weight(made, request.text), constant=_constant(made))
        except Unsupported as error:
            return Planned(unsupported(str(error)), _BYTES_AT_LEAST)
        except Exception as error:  # noqa: BLE001 -- told once, and the reference way runs
            _log.warning("a document has no plan: %s", request.text[:500], exc_info=True)
            return Planned(Fallback(FallbackReason.FAILED, repr(error)), _BYTES_AT_LEAST)


def _constant(made: Plan) -> bytes | None:
    items = made.root.items
    texts = [
        f'"{key}":{node.source.json}'
        for key, node in items
        if isinstance(node.source, ConstantSource)
    ]
    if len(texts) < len(items):
        return None
    printed = ",".join(texts)
    return f'{{"data":{{{printed}}}}}'.encode()


def _plan_weight(made: Plan, text: str) -> int:
    parts = {"item": made.size, "slot": len(made.arguments), "character": len(text)}
    return _BYTES_AT_LEAST + sum(_PLAN_BYTES[name] * count for name, count in parts.items())
