"""Runs mutations: once per idempotency key, and with refusals as user errors."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Annotated, Any, TypeVar, get_type_hints

import orjson
import strawberry
from strawberry import UNSET
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from gql.domain.writes.idempotency import StoredAnswer, fingerprint, idempotent
from gql.domain.writes.transaction import WriteContext
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
from gql.query.resource import Resource
from gql.schema.enums import UserErrorCode
from gql.schema.mutations.payloads import SHOWN_ONCE, ChangeInput, Payload, UserError
from gql.schema.permissions import PERMISSION

InputT = TypeVar("InputT", bound=ChangeInput)
PayloadT = TypeVar("PayloadT", bound=Payload)

Change = Callable[[Context, InputT], Awaitable[PayloadT]]
"""Makes a change inside the transaction of the context, and returns the payload."""

REFUSALS = (BadInput, NotFound, Conflict, IdempotencyKeyReused)
"""The errors that become `userErrors` of the payload; all others become `errors` of the answer."""

_STATUS = 200

_GRAPHQL_NAMES = {"from_node_id": "from", "to_node_id": "to", "metadata": "meta"}
"""What the schema calls differently from the REST documents."""

_ARGUMENTS: tuple[tuple[type[GatewayError], str], ...] = (
    (VersionConflict, "expected_version"),
    (IdempotencyKeyReused, "idempotency_key"),
    (NotFound, "id"),
    (InUse, "id"),
)
"""The argument that a refusal is about, where it does not say so itself."""


def mutation(
    description: str,
    *,
    permission: Permission = Permission.WRITE,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[Change[InputT, PayloadT]], StrawberryField]:
    """Make a function the mutation of its name: `create_graph` becomes `createGraph`.

    The function gets the input and the context of an open transaction, and returns the payload.
    What it raises of `REFUSALS` undoes the change and becomes the payload's `userErrors`.
    """

    def decorate(change: Change[InputT, PayloadT]) -> StrawberryField:
        input_type: Any
        _, input_type, payload_type = get_type_hints(change).values()

        async def resolve(
            info: Info,
            input: Annotated[
                input_type, strawberry.argument(description="What to change, and how.")
            ],
        ) -> payload_type:  # type: ignore[valid-type]
            return await run_mutation(info, input, change, payload_type, permission)

        resolve.__name__ = change.__name__
        needs = (
            "" if permission is Permission.WRITE else f" Needs the {permission.name} permission."
        )
        return strawberry.mutation(
            resolve,
            description=description + needs,
            metadata={PERMISSION: permission, **(metadata or {})},
        )

    return decorate


async def run_mutation(
    info: Info,
    input: InputT,
    change: Change[InputT, PayloadT],
    payload_type: type[PayloadT],
    permission: Permission,
) -> PayloadT:
    """Make a change, or replay its payload when it was made before under the same key.

    It runs in the transaction that the executor opens for the field; see `mutation_executor`.

    Raises:
        Forbidden: when the caller lacks the permission.
        Unavailable: when the database cannot be reached.
    """
    context: WriteContext = info.context
    key = None if input.is_dry_run() else default(input.idempotency_key, None)
    request = "" if key is None else fingerprint(info.field_name, _json(input))
    try:
        async with idempotent(context, key, request, permission=permission) as replay:
            if replay.answer is None:
                payload = await change(replay.context, input)
                replay.answer = StoredAnswer(_STATUS, orjson.dumps(_stored(payload)).decode())
            else:
                payload = payload_type(**orjson.loads(replay.answer.body))
    except REFUSALS as error:
        await context.roll_back()
        payload = payload_type(user_errors=user_errors(error))
    payload.client_mutation_id = default(input.client_mutation_id, None)
    return payload


def changes_of(input: Any, *left_out: str) -> dict[str, Any]:
    """The fields that an input has, null ones too, less the common ones and those left out."""
    values = ((field.name, getattr(input, field.name)) for field in fields(input))
    return {
        name: value
        for name, value in values
        if name not in _COMMON_INPUTS and name not in left_out and value is not UNSET
    }


def values_of(input: Any, *left_out: str) -> dict[str, Any]:
    """Like `changes_of`, for a new object: without the null ones, which take their defaults."""
    changes = changes_of(input, *left_out).items()
    return {name: value for name, value in changes if value is not None}


def key_of(text: str, resource: Resource, *path: str | int) -> int:
    """The integer behind an id of the input.

    Raises:
        Invalid: when it is not an id of the resource; the problem is at `path`, or at `id`.
    """
    try:
        return read_id(text, resource.name)
    except BadInput as error:
        raise Invalid((Problem(path or ("id",), error.message),)) from None


def global_id_of(resource: Resource, key: int) -> strawberry.ID:
    """The global id of a record that need not be there any more."""
    return strawberry.ID(f"{resource.name}_{key}")


def default(value: Any, otherwise: Any) -> Any:
    """The value of an input's field, or `otherwise` when it is absent or null."""
    return otherwise if value is None or value is UNSET else value


_COMMON_INPUTS = frozenset(field.name for field in fields(ChangeInput))
_COMMON_OUTPUTS = frozenset({"user_errors", "client_mutation_id"})


def _stored(payload: Payload) -> dict[str, Any]:
    """What is stored of a payload: neither secrets nor fields that are read from the database."""
    return {
        field.name: getattr(payload, field.name)
        for field in fields(payload)
        if field.init and field.name not in _COMMON_OUTPUTS and SHOWN_ONCE not in field.metadata
    }


def user_errors(error: GatewayError) -> list[UserError]:
    """What a refusal becomes in the payload."""
    if isinstance(error, Invalid):
        return [_user_error(problem) for problem in error.problems]
    path = tuple(name for kind, name in _ARGUMENTS if isinstance(error, kind))[:1]
    return [_user_error(Problem(path, error.message, error.code))]


def _user_error(problem: Problem) -> UserError:
    steps = tuple(
        step if isinstance(step, int) else to_camel_case(_GRAPHQL_NAMES.get(step, step))
        for step in problem.path
    )
    renamed = problem.moved(steps)
    return UserError(
        message=renamed.message,
        code=UserErrorCode(renamed.code),
        path=["input", *map(str, steps)],
    )


def _json(value: Any) -> Any:
    """An input as JSON, without the fields of every input, which do not change what is done."""
    if is_dataclass(value) and not isinstance(value, type):
        values = {field.name: getattr(value, field.name) for field in fields(value)}
        return {
            name: _json(inner)
            for name, inner in values.items()
            if name not in _COMMON_INPUTS and inner is not UNSET
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return [_json(item) for item in value] if isinstance(value, list) else value
