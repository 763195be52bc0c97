"""How one operation was answered: its plan, its SQL, the database's own account, rows and times."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from gql.database import Database
from gql.engine.engine import Engine
from gql.engine.fallback import Fallback
from gql.engine.plan import Plan
from gql.engine.prepared import Made
from gql.engine.request import Request
from gql.identity import Identity

_BREAKS = ("SELECT", "FROM", "WHERE", "ORDER BY", "LEFT OUTER JOIN")


class Explanation:
    """What is learnt of one operation on its way, in the order in which it happens.

    Attributes:
        milliseconds: How long each step took.
        remembered: Of what is remembered, whether it was there already.
        why: Why it went the reference way; None when a plan answered.
        database: The database's own account of the statement.
    """

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}
        self.remembered: dict[str, bool] = {}
        self.why: Fallback | None = None
        self.database: list[str] = []
        self._plan: Plan | None = None
        self._sql: str | None = None
        self._parameters: dict[str, Any] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long the block takes, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds[step] = round((time.perf_counter() - start) * 1_000, 3)

    @contextmanager
    def resolved(self, why: Fallback) -> Iterator[None]:
        """Note that the block answers field by field, why, and how long it takes."""
        self.why = why
        with self.timed("run"):
            yield

    async def answer(
        self,
        engine: Engine,
        database: Database,
        request: Request,
        caller: Identity,
        request_id: str,
    ) -> bytes | Fallback:
        """As the engine does, one step after another; then the database is asked for its account.

        Args:
            engine: Answers.
            database: Where it does.
            request: What is asked.
            caller: Who is asking.
            request_id: For the log.
        """
        organization = caller.organization_id
        try:
            with self.timed("plan"):
                prepared = await engine.prepare(request)
            self._plan, self.remembered["plan"] = prepared.plan, prepared.was_cached
            if prepared.constant is not None:
                return await engine.answer(prepared.constant, organization, request_id)
            with self.timed("compile"):
                made = await engine.bind(prepared, caller)
            self.remembered["statement"] = made.was_cached
        except Exception as error:  # noqa: BLE001 -- as the engine has it: the reference way runs
            refused = engine.refused(error, request)
            return await engine.answer(refused, organization, request_id)
        with self.timed("run"):
            answered = await engine.answer(made.bound, organization, request_id)
        await self._account(database, made, organization)
        return answered

    def document(self, body: bytes) -> dict[str, Any]:
        """Everything as JSON, beside the finished answer that it is about."""
        return {
            "way": "plan" if self.why is None else "resolvers",
            "reason": self.why and ": ".join(filter(None, (self.why.reason, self.why.detail))),
            "tree": str(self._plan).splitlines() if self._plan else [],
            "sql": self._sql,
            "parameters": self._parameters,
            "database": self.database,
            "rows": rows(orjson.loads(body).get("data")),
            "bytes": len(body),
            "remembered": self.remembered,
            "milliseconds": self.milliseconds,
        }

    async def _account(self, database: Database, made: Made, organization_id: int) -> None:
        """The statement, with its values, and what the database says of it."""
        statement = made.statement
        if not statement.sql:
            return
        values = made.bound.owned_by(organization_id)
        names = (name for name, _, _ in statement.parameters)
        self._sql, self._parameters = statement.sql, dict(zip(names, values, strict=True))
        try:
            self.database = await database.explain(
                statement.sql, values, custom_plan=statement.custom_plan
            )
        except Exception as error:  # noqa: BLE001 -- told in the explanation
            self.database = [f"The database gives no account: {error}"]


def rows(data: Any) -> dict[str, int]:
    """How many items the lists of an answer have, by where they are: `calls.nodes`."""
    found: Counter[str] = Counter()
    waiting = [("", data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, list):
            found[path] += len(value)
            waiting += [(path, item) for item in reversed(value)]
        elif isinstance(value, dict):
            inside = ((f"{path}.{key}".removeprefix("."), item) for key, item in value.items())
            waiting += list(inside)[::-1]
    return dict(found)


def broken(sql: str) -> str:
    """A statement with line breaks where the parts of a SELECT begin."""
    for word in _BREAKS:
        sql = sql.replace(f" {word} ", f"\n{word} ").replace(f"({word} ", f"(\n{word} ")
    return "\n".join(line.strip() for line in sql.splitlines())
