"""The compiled way: plans and statements are made once, remembered, and run with new values."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLError, get_variable_values
from graphql.execution.values import VariableValues
from sqlalchemy.engine import Dialect

from gql.context import Context
from gql.direct import is_lasting
from gql.errors import GatewayError
from gql.identity import Identity
from gql.plan.binder import Binder, Memo, Shapes
from gql.plan.collecting import Unsupported, steering
from gql.plan.emitter import emit
from gql.plan.facts import Own, Told
from gql.plan.planner import plan
from gql.plan.remembered import Remembered
from gql.plan.request import Request, again_key
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


class Engine:
    """Answers queries with one statement each, where it knows everything that they ask for.

    Attributes:
        counts: How requests were answered.
    """

    def __init__(
        self, schema: strawberry.Schema, dialect: Dialect, turn: Turn | None = None
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._binder = Binder(schema.schema_converter)
        self._dialect = dialect
        self._known: Remembered[Known] = Remembered(PLANS_BYTES / 8, lambda _: 1_000)
        self._plans: Remembered[Planned] = Remembered(PLANS_BYTES, lambda planned: planned.weight)
        self._statements: Remembered[Statement] = Remembered(STATEMENTS_BYTES, _weight)
        self._bound: Remembered[Bound] = Remembered(
            BOUND_BYTES, lambda bound: _weight(bound.statement)
        )
        self._turn = turn or Turn()
        self.counts = Counts()

    async def answer(self, context: Context, request: Request) -> bytes | None:
        """The finished response body, or None when the reference way has to run."""
        try:
            found = await self._ready(request, context.identity)
        except (GatewayError, GraphQLError, Unsupported):
            found = None
        except Exception:  # noqa: BLE001 -- a bug of ours must not fail a request
            extra = {"request_id": context.request_id}
            _log.warning("binding failed: %s", request.text[:500], exc_info=True, extra=extra)
            found = None
        if found is None:
            self.counts.reference += 1
            return None
        if isinstance(found, bytes):
            self.counts.compiled += 1
            return found
        return await self._run(context, found)

    async def _run(self, context: Context, bound: Bound) -> bytes | None:
        """The answer of a statement; None when it fails, which the reference way then explains."""
        statement = bound.statement
        try:
            values = bound.owned_by(context.organization_id)
            printed: str = await context.database.value(statement.sql, values)
            body = printed.encode()
        except Exception as error:  # noqa: BLE001 -- the reference way words what is wrong
            self.counts.failed += 1
            if statement.fail(lasting=is_lasting(error)):
                extra = {"request_id": context.request_id}
                _log.warning("a plan failed: %s", statement.sql[:500], exc_info=True, extra=extra)
            return None
        statement.failures = 0
        self.counts.compiled += 1
        return body

    async def _ready(self, request: Request, identity: Identity) -> Bound | bytes | None:
        """The bound statement of a request, or the answer where none is needed.

        None when the reference way has to run.
        """
        name = request.operation.name.value if request.operation.name else None
        again = again_key(request, name)
        bound = self._bound.get(again)
        if bound is None:
            found = await self._bind(request, name, identity)
            if not isinstance(found, tuple):
                return found
            bound, personal = found
            if again is not None and not personal:
                self._bound.put(again, bound)
        return None if bound.statement.resting else bound

    async def _bind(
        self, request: Request, name: str | None, identity: Identity
    ) -> tuple[Bound, bool] | bytes | None:
        """The statement of a request, bound, and whether it depends on who is asking."""
        variables = self._variables(request)
        if variables is None:
            return None
        known = self._known.get(request.text)
        if known is None:
            known = Known(tuple(sorted(steering(request.document))))
            self._known.put(request.text, known)
        coerced = variables.coerced
        key = (request.text, name, *(coerced.get(flag) for flag in known.steering))
        planned = self._plans.get(key) or await self._plan(key, request, coerced)
        if planned.plan is None or planned.constant is not None:
            return planned.constant
        slots = planned.plan.slots
        shapes, values = self._binder.bind(slots, variables, identity, planned.memo)
        statement = self._statements.get((key, shapes))
        if statement is None:
            statement = await self._compile(key, planned.plan, shapes)
        personal = any(isinstance(slot.fact, (Told, Own)) for slot in slots)
        return Bound.to(statement, values), personal

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
