"""The compiled way: plans and statements are made once, remembered, and run with new values."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from cachetools import LRUCache
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, get_variable_values
from graphql.execution.values import VariableValues
from sqlalchemy import BindParameter, literal_column
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.visitors import replacement_traverse

from gql.context import Context
from gql.errors import GatewayError
from gql.models.scope import parameters
from gql.plan.binder import Binder
from gql.plan.emitter import emit
from gql.plan.planner import Plan, Unsupported, plan, steering

_log = logging.getLogger(__name__)

MAX_PLANS = 2_000
"""Most plans and most statements that a process remembers."""


@dataclass(frozen=True)
class Statement:
    """Compiled SQL, and how its parameters are filled in order.

    Attributes:
        sql: In the words of the driver.
        parameters: In the driver's order: name, what turns a value into the driver's (None where
            nothing does), and the value of a parameter that SQLAlchemy itself added.
    """

    sql: str
    parameters: tuple[tuple[str, Any, Any], ...]

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in the driver's order."""
        return tuple(
            given.get(name, constant) if process is None else process(given.get(name, constant))
            for name, process, constant in self.parameters
        )


@dataclass(frozen=True)
class Ready:
    """A statement with the values of one request."""

    statement: Statement
    values: dict[str, Any]


class Engine:
    """Answers queries with one statement each, where it knows everything that they ask for."""

    def __init__(self, schema: strawberry.Schema, dialect: Dialect) -> None:
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._binder = Binder(schema.schema_converter)
        self._dialect = dialect
        self._plans: LRUCache[Any, Plan | None] = LRUCache(MAX_PLANS)
        self._statements: LRUCache[Any, Statement] = LRUCache(MAX_PLANS)
        self._steering: LRUCache[str, frozenset[str]] = LRUCache(MAX_PLANS)

    async def answer(
        self,
        context: Context,
        text: str,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any] | None,
    ) -> bytes | None:
        """The finished response body, or None when the reference way has to run.

        Args:
            context: Whose data.
            text: The document's text, by which plans are remembered.
            document: The valid document.
            operation: The operation in it that is meant.
            variables: As they came.
        """
        try:
            ready = self.ready(text, document, operation, variables or {})
            if ready is None:
                return None
            values = {**ready.values, **parameters(context.organization_id)}
            statement = ready.statement
            printed = await context.database.value(statement.sql, statement.values(values))
        except Exception:  # noqa: BLE001 -- the reference way decides what is wrong, and words it
            _log.warning("a plan failed", exc_info=True, extra={"request_id": context.request_id})
            return None
        return printed.encode() if isinstance(printed, str) else None

    def ready(
        self,
        text: str,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> Ready | None:
        """The statement and the values of a request; None when the reference way has to run."""
        coerced = get_variable_values(
            self._schema, operation.variable_definitions or (), dict(variables)
        )
        if not isinstance(coerced, VariableValues):
            return None
        name = operation.name.value if operation.name else None
        steered = self._steering.get(text)
        if steered is None:
            steered = self._steering[text] = steering(document)
        flags = tuple((flag, coerced.coerced.get(flag)) for flag in sorted(steered))
        key = (text, name, flags)
        planned = self._plan(key, document, operation, coerced.coerced)
        if planned is None:
            return None
        try:
            shapes, values = self._binder.bind(planned.slots, coerced)
        except (GatewayError, GraphQLError):
            return None
        statement = self._statements.get((key, shapes))
        if statement is None:
            statement = self._compile(emit(planned.root, shapes))
            self._statements[key, shapes] = statement
        return Ready(statement, values)

    def _plan(
        self,
        key: Any,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> Plan | None:
        if key not in self._plans:
            try:
                self._plans[key] = plan(self._schema, document, operation, variables)
            except (Unsupported, KeyError):
                self._plans[key] = None
        return self._plans[key]

    def _compile(self, statement: Any) -> Statement:
        settled = replacement_traverse(statement, {}, self._inlined)
        compiled = settled.compile(dialect=self._dialect)
        parameters = tuple(
            (name, self._processor(compiled.binds[name]), compiled.binds[name].value)
            for name in compiled.positiontup
        )
        return Statement(str(compiled), parameters)

    def _processor(self, parameter: BindParameter[Any]) -> Any:
        return parameter.type.dialect_impl(self._dialect).bind_processor(self._dialect)

    def _inlined(self, element: Any, **_: Any) -> Any:
        """Constants are written into the SQL: the database plans better for a value it sees."""
        if not isinstance(element, BindParameter) or element.required:
            return None
        kind = element.type.dialect_impl(self._dialect)
        write = kind.literal_processor(self._dialect)
        return literal_column(write(element.value), element.type) if write else None
