"""How one operation was answered: its plan, its SQL, the database's own account, rows and times."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from gql.database import RequestDatabase
from gql.engine.document import Request
from gql.engine.engine import Engine
from gql.engine.fallback import Fallback
from gql.engine.plan import Plan
from gql.engine.statement import BoundStatement
from gql.identity import Identity

_BREAKS = ("SELECT", "FROM", "WHERE", "ORDER BY", "LEFT OUTER JOIN")


class Explanation:
    """What is learnt of one operation on its way, in the order in which it happens.

    Args:
        for_operator: Whether it is for who runs the gateway. The database's own account counts rows
            of every organization, and what failed may name machines: nobody else sees either.

    Attributes:
        points: What the operation costs.
        milliseconds: How long each step took.
        cached: Of `document`, `plan` and `statement`, whether it was cached.
        fallback: Why resolvers answered; None when a plan did.
        database: The database's own account of the statement; None when it is not for the reader.
    """

    def __init__(self, *, for_operator: bool) -> None:
        self.points = 0
        self.milliseconds: dict[str, float] = {}
        self.cached: dict[str, bool] = {}
        self.fallback: Fallback | None = None
        self.database: list[str] | None = [] if for_operator else None
        self._for_operator = for_operator
        self._plan: Plan | None = None
        self._sql: str | None = None
        self._parameters: dict[str, Any] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Record how long the block takes, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds[step] = round((time.perf_counter() - start) * 1_000, 3)

    @contextmanager
    def resolved(self, fallback: Fallback) -> Iterator[None]:
        """Record that the block answers by resolvers, why, and how long it takes."""
        self.fallback = fallback
        with self.timed("run"):
            yield

    async def answer(
        self,
        engine: Engine,
        database: RequestDatabase,
        request: Request,
        caller: Identity,
        request_id: str,
    ) -> bytes | Fallback:
        """As the engine does, one step after another; then the database explains the statement.

        Args:
            engine: Answers.
            database: Where it does.
            request: What is answered.
            caller: Who sent it.
            request_id: For the log.
        """
        organization = caller.organization_id
        try:
            with self.timed("plan"):
                variables = engine.coerce(request)
                self._plan, self.cached["plan"] = await engine.plan(
                    request, variables, organization
                )
            if self._plan.constant is not None:
                return await engine.answer(database, self._plan.constant, organization, request_id)
            with self.timed("compile"):
                bound, self.cached["statement"] = await engine.bind(
                    request, self._plan, variables, caller
                )
        except Exception as error:  # noqa: BLE001 -- as in the engine: resolvers run
            return await engine.answer(
                database, engine.fallback(error, request), organization, request_id
            )
        with self.timed("run"):
            body = await engine.answer(database, bound, organization, request_id)
        await self._explain(database, bound, organization)
        return body

    def document(self, body: bytes) -> dict[str, Any]:
        """Everything as JSON, beside the finished answer that it is about."""
        return {
            "way": "plan" if self.fallback is None else "resolvers",
            "reason": self.fallback and self._reason(self.fallback),
            "points": self.points,
            "tree": str(self._plan).splitlines() if self._plan else [],
            "sql": self._sql,
            "parameters": self._parameters,
            "database": self.database,
            "rows": list_lengths(orjson.loads(body).get("data")),
            "bytes": len(body),
            "remembered": self.cached,
            "milliseconds": self.milliseconds,
        }

    def _reason(self, fallback: Fallback) -> str:
        if self._for_operator:
            return ": ".join(filter(None, (fallback.reason, fallback.detail)))
        return fallback.explanation

    async def _explain(
        self, database: RequestDatabase, bound: BoundStatement, organization_id: int
    ) -> None:
        """The statement, with its values, and what the database says of it."""
        statement = bound.statement
        if not statement.sql:
            return
        values = bound.owned_by(organization_id)
        names = (name for name, _, _ in statement.parameters)
        self._sql, self._parameters = statement.sql, dict(zip(names, values, strict=True))
        if not self._for_operator:
            return
        try:
            self.database = await database.explain(
                statement.sql, values, custom_plan=statement.custom_plan
            )
        except Exception as error:  # noqa: BLE001 -- told in the explanation
            self.database = [f"The database gives no account: {error}"]


def list_lengths(data: Any) -> dict[str, int]:
    """How many items the lists of an answer have, by where they are: `calls.nodes`."""
    lengths: Counter[str] = Counter()
    pending = [("", data)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, list):
            lengths[path] += len(value)
            pending += [(path, item) for item in reversed(value)]
        elif isinstance(value, dict):
            members = ((f"{path}.{key}".removeprefix("."), item) for key, item in value.items())
            pending += list(members)[::-1]
    return dict(lengths)


def with_line_breaks(sql: str) -> str:
    """A statement with line breaks where the parts of a SELECT begin."""
    for word in _BREAKS:
        sql = sql.replace(f" {word} ", f"\n{word} ").replace(f"({word} ", f"(\n{word} ")
    return "\n".join(line.strip() for line in sql.splitlines())
