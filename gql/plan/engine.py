"""The compiled way: plans and statements are made once, remembered, and run with new values."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLError, get_variable_values
from graphql.execution.values import VariableValues
from sqlalchemy.engine import Dialect

from gql.database import Database
from gql.direct import is_lasting
from gql.errors import GatewayError
from gql.identity import Identity
from gql.plan.binder import Binder, Memo, Shapes
from gql.plan.collecting import Unsupported, steering
from gql.plan.emitter import emit
from gql.plan.facts import Own, Told
from gql.plan.planner import plan
from gql.plan.remembered import Remembered
from gql.plan.request import Request
from gql.plan.slots import Plan
from gql.plan.statement import Bound, Statement, compile_statement
from gql.plan.tree import Constant
from gql.plan.turn import Turn

_log = logging.getLogger(__name__)

PLANS_BYTES = 24_000_000
"""How much memory the plans of one process may take, roughly."""

STATEMENTS_BYTES = 24_000_000
"""The same for statements: a plan has one for each shape of its arguments."""

BOUND_BYTES = 8_000_000
"""The same for statements that are bound already, to values that come again and again."""

_PLAN_BYTES_PER_CHARACTER = 60
_STATEMENT_BYTES_PER_CHARACTER = 4
_BYTES_AT_LEAST = 4_000

NO_VARIABLES = VariableValues({}, {})


@dataclass
class Counts:
    """How requests were answered since the process started.

    Attributes:
        compiled: By a plan.
        reference: Field by field: no plan, or arguments that a plan refuses.
        failed: Field by field, after a plan failed.
    """

    compiled: int = 0
    reference: int = 0
    failed: int = 0


Ready = Bound | bytes
"""What answers a request: a statement with its values, or the answer where none is needed."""


@dataclass(frozen=True)
class Known:
    """What is known of a document: the variables that choose the plan."""

    steering: tuple[str, ...]


@dataclass(frozen=True)
class Planned:
    """A plan, or that there is none.

    Attributes:
        plan: None when the reference way has to run.
        weight: About how many bytes of memory it takes.
        constant: The answer, where it depends on the document alone.
        memo: What its settled slots are bound to.
    """

    plan: Plan | None
    weight: int
    constant: bytes | None = None
    memo: Memo = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Again:
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
        self, schema: strawberry.Schema, database: Database, turn: Turn | None = None
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._binder = Binder(schema.schema_converter)
        self._database = database
        self._dialect: Dialect = database.engine.dialect
        self._known: Remembered[Known] = Remembered(PLANS_BYTES / 8, lambda _: 1_000)
        self._plans: Remembered[Planned] = Remembered(PLANS_BYTES, lambda planned: planned.weight)
        self._statements: Remembered[Statement] = Remembered(STATEMENTS_BYTES, _weight)
        self._again: Remembered[_Again] = Remembered(
            BOUND_BYTES,
            lambda again: again.weight,
            # Who comes again in the same bytes never asks for the statement: it proves itself here.
            proven=lambda again: self._statements.get(again.key),
        )
        self._turn = turn or Turn()
        self.counts = Counts()

    def remembered(self, raw: bytes) -> Ready | None:
        """What answered a request that came in these bytes, whoever asked."""
        found = self._again.get(raw)
        if found is None:
            return None
        ready = found.ready
        return None if isinstance(ready, Bound) and ready.statement() is None else ready

    async def plan_of(self, request: Request, identity: Identity) -> Ready | None:
        """What answers a request; None when the reference way has to run."""
        try:
            again, personal = await self._bind(request, identity)
        except (GatewayError, GraphQLError, Unsupported):
            return None
        except Exception:  # noqa: BLE001 -- a bug of ours must not fail a request
            _log.warning("binding failed: %s", request.text[:500], exc_info=True)
            return None
        if again is not None and request.raw is not None and not personal:
            self._again.put(request.raw, again)
        return None if again is None else again.ready

    async def answer(
        self, ready: Ready | None, organization_id: int, request_id: str
    ) -> bytes | None:
        """The finished response body, or None when the reference way has to run.

        Args:
            ready: What answers the request, from `remembered` or `plan_of`.
            organization_id: Whose data is read.
            request_id: For the log.
        """
        if isinstance(ready, bytes):
            self.counts.compiled += 1
            return ready
        statement = None if ready is None else ready.statement()
        if ready is None or statement is None or statement.resting:
            self.counts.reference += 1
            return None
        return await self._run(statement, ready.owned_by(organization_id), request_id)

    async def _run(self, statement: Statement, values: list[Any], request_id: str) -> bytes | None:
        """The answer of a statement; None when it fails, which the reference way then explains."""
        try:
            body = await self._database.value(statement.sql, values)
        except Exception as error:  # noqa: BLE001 -- the reference way words what is wrong
            self.counts.failed += 1
            if statement.fail(lasting=is_lasting(error)):
                extra = {"request_id": request_id}
                _log.warning("a plan failed: %s", statement.sql[:500], exc_info=True, extra=extra)
            return None
        if body is None:
            # On purpose: something is not there that must be.
            self.counts.failed += 1
            return None
        statement.failures = 0
        self.counts.compiled += 1
        return body

    async def _bind(self, request: Request, identity: Identity) -> tuple["_Again | None", bool]:
        """What answers a request, and whether that depends on who is asking."""
        variables = self._variables(request)
        if variables is None:
            return None, False
        known = self._known.get(request.text)
        if known is None:
            known = Known(tuple(sorted(steering(request.document))))
            self._known.put(request.text, known)
        coerced = variables.coerced
        name = request.operation.name.value if request.operation.name else None
        key = (request.text, name, *(coerced.get(flag) for flag in known.steering))
        planned = self._plans.get(key) or await self._plan(key, request, coerced)
        size = len(request.raw or b"")
        if planned.constant is not None:
            return _Again(planned.constant, size + len(planned.constant), key), False
        if planned.plan is None:
            return None, False
        slots = planned.plan.slots
        shapes, values = self._binder.bind(slots, variables, identity, planned.memo)
        statement = self._statements.get((key, shapes))
        if statement is None:
            statement = await self._compile(key, planned.plan, shapes)
        personal = any(isinstance(slot.fact, (Told, Own)) for slot in slots)
        bound = Bound.to(statement, values)
        return _Again(bound, size + bound.weight, (key, shapes)), personal

    def _variables(self, request: Request) -> VariableValues | None:
        definitions = request.operation.variable_definitions
        if not definitions:
            return NO_VARIABLES
        coerced = get_variable_values(self._schema, definitions, dict(request.variables or {}))
        return coerced if isinstance(coerced, VariableValues) else None

    async def _plan(self, key: Any, request: Request, variables: Mapping[str, Any]) -> Planned:
        async with self._turn:
            weight = _BYTES_AT_LEAST + len(request.text) * _PLAN_BYTES_PER_CHARACTER
            try:
                made = plan(self._schema, request.document, request.operation, variables)
                planned = Planned(made, weight, constant=_constant(made))
            except Unsupported:
                planned = Planned(None, _BYTES_AT_LEAST)
            except Exception:  # noqa: BLE001 -- told once, and the reference way runs
                _log.warning("a document has no plan: %s", request.text[:500], exc_info=True)
                planned = Planned(None, _BYTES_AT_LEAST)
            self._plans.put(key, planned)
            return planned

    async def _compile(self, key: Any, made: Plan, shapes: Shapes) -> Statement:
        async with self._turn:
            try:
                statement = compile_statement(emit(made.root, shapes), self._dialect)
            except Exception:  # noqa: BLE001 -- told once, and the reference way runs
                _log.warning("a plan has no SQL: %s", key[0][:500], exc_info=True)
                statement = Statement.impossible()
            self._statements.put((key, shapes), statement)
            return statement


def _constant(made: Plan) -> bytes | None:
    items = made.root.items
    if not all(isinstance(item, Constant) for _, item in items):
        return None
    printed = ",".join(f'"{key}":{item.text}' for key, item in items if isinstance(item, Constant))
    return f'{{"data":{{{printed}}}}}'.encode()


def _weight(statement: Statement) -> int:
    return _BYTES_AT_LEAST + len(statement.sql) * _STATEMENT_BYTES_PER_CHARACTER
