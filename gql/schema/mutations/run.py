"""Carrying out a mutation: once per idempotency key, and refusals told as user errors."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

import orjson
from strawberry import UNSET
from strawberry.types import Info
from strawberry.utils.str_converters import to_camel_case

from gql.domain.writes.idempotency import StoredAnswer, fingerprint, idempotent
from gql.errors import (
    BadInput,
    Conflict,
    GatewayError,
    IdempotencyKeyReused,
    InUse,
    Invalid,
    NotFound,
    Problem,
    VersionConflict,
)
from gql.identity import Permission
from gql.query.context import Context
from gql.query.global_id import read_id
from gql.schema.mutations.payloads import ChangeInput, UserError

Result = dict[str, Any]
"""What a change came to, as JSON: ids and counts, never a secret. It is kept for a day."""

Change = Callable[[Context], Awaitable[Result]]
"""Makes the change inside the transaction of the context it is given."""

_TOLD = (BadInput, NotFound, Conflict, IdempotencyKeyReused)
_DONE = 200

_NAMES = {"from_node_id": "from", "to_node_id": "to", "metadata": "meta"}
"""What the schema calls differently from the REST documents."""

_PLACES: tuple[tuple[type[GatewayError], tuple[str, ...]], ...] = (
    (VersionConflict, ("expected_version",)),
    (IdempotencyKeyReused, ("idempotency_key",)),
    (NotFound, ("id",)),
    (InUse, ("id",)),
)
"""Which argument a refusal is about, where it does not say so itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutation.

    Attributes:
        outcome: Empty when there are user errors.
        common: The fields that every payload has.
    """

    outcome: Result
    common: dict[str, Any]


async def run_mutation(
    info: Info,
    given: ChangeInput,
    change: Change,
    *,
    permission: Permission = Permission.WRITE,
    remember: bool = True,
) -> Outcome:
    """Make a change, or tell what it came to when it was made before.

    Args:
        info: Of the mutation field.
        given: Its input.
        change: Makes it.
        permission: What it needs.
        remember: Whether an idempotency key counts; not for what changes nothing.

    Raises:
        Forbidden: when the caller lacks the permission.
        Unavailable: when the database cannot be reached.
    """
    key = given.idempotency_key if remember else None
    request = fingerprint(info.field_name, _plain(given)) if key is not None else ""
    common: dict[str, Any] = {"client_mutation_id": _or_none(given.client_mutation_id)}
    try:
        async with idempotent(
            info.context, _or_none(key), request, permission=permission
        ) as memory:
            if memory.answer is None:
                outcome = await change(memory.context)
                memory.answer = StoredAnswer(_DONE, orjson.dumps(outcome).decode())
            body = memory.answer.body
    except _TOLD as error:
        return Outcome({}, common | {"user_errors": _user_errors(error)})
    return Outcome(orjson.loads(body), common)


def changes_of(given: ChangeInput, *left_out: str) -> dict[str, Any]:
    """The fields that an input has, null ones too, less the common ones and those left out."""
    common = {field.name for field in fields(ChangeInput)}
    return {
        field.name: getattr(given, field.name)
        for field in fields(given)
        if field.name not in {*common, *left_out} and getattr(given, field.name) is not UNSET
    }


def key_of(text: str, noun: str, *path: str | int) -> int:
    """The integer behind an id of the input.

    Raises:
        Invalid: when it is not an id of that noun; the problem is at `path`, or at `id`.
    """
    try:
        return read_id(text, noun)
    except BadInput as error:
        raise Invalid((Problem(path or ("id",), error.message),)) from None


def default(value: Any, otherwise: Any) -> Any:
    """The value of an input's field, or `otherwise` when it is absent or null."""
    return otherwise if value is None or value is UNSET else value


def _or_none(value: str | None) -> str | None:
    return None if value is UNSET else value


def _user_errors(error: GatewayError) -> list[UserError]:
    if isinstance(error, Invalid):
        return [_user_error(problem) for problem in error.problems]
    path = next((path for kind, path in _PLACES if isinstance(error, kind)), ())
    return [_user_error(Problem(path, error.message, error.code))]


def _user_error(problem: Problem) -> UserError:
    here = tuple(
        step if isinstance(step, int) else to_camel_case(_NAMES.get(step, step))
        for step in problem.path
    )
    moved = problem.moved(here)
    path = ["input", *map(str, here)]
    return UserError(message=moved.message, code=moved.code, path=path)


def _plain(value: Any) -> Any:
    """An input as JSON, less what does not steer the change."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: getattr(value, field.name) for field in fields(value)}
        for name in (field.name for field in fields(ChangeInput)):
            found.pop(name, None)
        return {name: _plain(inner) for name, inner in found.items() if inner is not UNSET}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
