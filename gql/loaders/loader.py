"""Batching: many keys, one statement.

When does a batch leave? A resolver that calls `load` is suspended; its siblings run in the same
iteration of the event loop and call `load` too. Strawberry's DataLoader schedules the batch with
`loop.call_soon`, so it leaves at the start of the next iteration, with the keys of all siblings. A
timer would wait longer and collect no more: what a sibling loads only after an await of its own
belongs to the next level.

All batches of an operation run on its one snapshot, one after another: they see one instant, and
the operation never holds a connection while it waits for a second one.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Select
from strawberry.dataloader import DataLoader

from gql.loop_shares import wait_for_share
from gql.models.scope import parameters
from gql.query.context import Context

BATCH_SIZE = 1_000
"""Most keys of one statement."""

_NONE: Mapping[str, Any] = MappingProxyType({})

K = TypeVar("K")
V = TypeVar("V")
L = TypeVar("L", bound="Loader[Any, Any]")
P = ParamSpec("P")


def loader_of(
    context: Context,
    kind: Callable[Concatenate[Context, P], L],
    *arguments: P.args,
    **named: P.kwargs,
) -> L:
    """The loader that fields of the same operation share when they load by the same statement.

    Args:
        context: The operation's.
        kind: The class of the loader.
        arguments: Its further arguments, which must be hashable.
        named: More of them.
    """
    key = (kind, *arguments, *named.items())
    loader: L | None = context.loaders.get(key)
    if loader is None:
        loader = context.loaders[key] = kind(context, *arguments, **named)
    return loader


class Loader(DataLoader[K, V], ABC):
    """A DataLoader of one operation, whose batches are statements on the operation's snapshot."""

    def __init__(self, context: Context) -> None:
        super().__init__(load_fn=self.read_many, max_batch_size=BATCH_SIZE)
        self._context = context

    @abstractmethod
    async def read_many(self, keys: list[K]) -> Sequence[V | BaseException]:
        """The value of each of these distinct keys, in their order."""

    async def load(self, key: K) -> V:
        """The value of a key.

        A field that fails cancels its siblings, and a cancelled waiter would cancel the future that
        unrelated fields share for the same key. The shield lets only the waiter go.
        """
        future = asyncio.ensure_future(super().load(key))
        if not future.done():
            future.add_done_callback(_retrieve_exception)
            await asyncio.shield(future)
        return future.result()

    async def _rows(
        self,
        statement: Select[Any],
        keys: list[K] | None = None,
        further: Mapping[str, Any] = _NONE,
    ) -> Sequence[Any]:
        """The rows of a statement, which may have a parameter `keys`, and further ones."""
        values: dict[str, Any] = {**further, **parameters(self._context.organization_id)}
        if keys is not None:
            values["keys"] = keys
        await wait_for_share()
        return await self._context.snapshot.rows(statement, values)


class OneByOneLoader(Loader[K, V]):
    """Reads each key by a statement of its own, and once however often it is loaded."""

    async def read_many(self, keys: list[K]) -> Sequence[V | BaseException]:
        return await asyncio.gather(*map(self.read, keys), return_exceptions=True)

    @abstractmethod
    async def read(self, key: K) -> V:
        """The value of one key."""


def _retrieve_exception(future: asyncio.Future[Any]) -> None:
    """Look at an outcome that nobody may be waiting for any more, so that it is not logged."""
    if not future.cancelled():
        future.exception()
