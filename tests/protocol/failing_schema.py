"""A schema whose fields fail in every way that a resolver can."""

from collections.abc import AsyncIterator
from enum import Enum

import strawberry

from gql.errors import BadInput, Forbidden, GatewayError, NotFound, Unavailable
from gql.query.context import Context

Info = strawberry.Info[Context, None]

SECRET = "the password is swordfish"


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = "green"


@strawberry.input
class Paint:
    colour: Colour
    layers: int = 1


@strawberry.input(one_of=True)
class By:
    id: int | None = strawberry.UNSET
    name: str | None = strawberry.UNSET


@strawberry.type
class Child:
    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError(SECRET)


@strawberry.type
class Query:
    """Fields named after how they fail."""

    @strawberry.field
    def fine(self) -> str:
        return "fine"

    @strawberry.field
    async def missing(self) -> str | None:
        raise NotFound("call", 7)

    @strawberry.field
    def forbidden(self) -> str | None:
        raise Forbidden("Not this one.")

    @strawberry.field
    def unavailable(self) -> str | None:
        raise Unavailable("Try again.")

    @strawberry.field
    def unusable(self) -> str | None:
        raise BadInput("`first` is 101; at most 100.", argument="first", most=100)

    @strawberry.field
    def bug(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def unclassified(self) -> str | None:
        raise GatewayError(SECRET)

    @strawberry.field
    def child(self) -> Child | None:
        return Child()

    @strawberry.field
    def children(self) -> list[Child | None]:
        return [Child()]

    @strawberry.field
    def never(self) -> str:
        raise RuntimeError(SECRET)

    @strawberry.field
    def too_big(self) -> int | None:
        return 2**40

    @strawberry.field
    def nothing(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def painted(self, paint: Paint, times: int = 1) -> str:
        return f"{paint.colour.value} {times}"

    @strawberry.field
    def renamed(self, name: strawberry.Maybe[str]) -> str | None:
        return name.value if name else None

    @strawberry.field
    def chosen(self, by: By) -> str:
        return f"{by.id or by.name}"

    @strawberry.field
    def request_id(self, info: Info) -> str:
        return info.context.request_id

    @strawberry.field
    def organization(self, info: Info) -> int:
        return info.context.organization_id


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> str:
        return "changed"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


schema = strawberry.Schema(Query, Mutation, Subscription)
