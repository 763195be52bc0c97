"""The bases of the inputs and the payloads of mutations."""

from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry import UNSET

from gql.engine.declaration import described
from gql.schema.enums import UserErrorCode

SHOWN_ONCE = "shown_once"
"""The key in the metadata of payload fields that are not stored."""

T = TypeVar("T")


def optional(description: str) -> Any:
    """A field of an input that may be absent, which is not the same as null."""
    return strawberry.field(default=UNSET, description=description)


def required(description: str) -> Any:
    """A field of an input that must be present."""
    return strawberry.field(description=description)


def shown_once(description: str) -> Any:
    """A secret in a payload: never stored, so null when the payload is replayed."""
    return strawberry.field(default=None, description=description, metadata={SHOWN_ONCE: True})


@strawberry.input
class ChangeInput:
    """The base of every input."""

    client_mutation_id: str | None = optional("Comes back in the payload as it is.")
    idempotency_key: str | None = optional(
        "A key of your own choosing, new for each change. Sent again with the same input within"
        " 24 hours, the change is not made again, and the payload is that of the first time."
    )

    def is_dry_run(self) -> bool:
        """Whether the mutation only checks; then its idempotency key is ignored."""
        return False


@strawberry.type(description="Why a change was not made.")
class UserError:
    """One problem; nothing is changed when there is any."""

    message: str = strawberry.field(description="One sentence for people.")
    code: UserErrorCode = strawberry.field(description="For programs; the same as in REST.")
    path: list[str] = strawberry.field(
        description='Where in the arguments: `["input", "edges", "2", "to"]`.'
    )


@strawberry.interface(description="What a mutation gives.")
class Payload:
    """The base of every payload, which is stored as JSON under the idempotency key.

    Attributes:
        object_id: The id of the changed object, for the field that reads it back.
    """

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was changed; empty when it was."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="As it was in the input."
    )
    object_id: strawberry.Private[int | None] = None


def change_input(cls: type[T]) -> type[T]:
    """Make a class the input of a mutation; its docstring is the description."""
    return strawberry.input(cls, description=described(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def payload(cls: type[T]) -> type[T]:
    """Make a class the payload of a mutation; its docstring is the description."""
    return strawberry.type(cls, description=described(cls))
