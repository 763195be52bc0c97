"""Batching: many keys, one statement.

When does a batch leave? A resolver that calls `load` is suspended; its siblings run in the same
turn of the event loop and call `load` too. Strawberry's DataLoader schedules the batch with
`loop.call_soon`, so it leaves at the start of the next turn, with every key the siblings asked
for. A timer would wait longer and collect no more: what a sibling asks for only after its own
await belongs to the next level.

All batches of an operation run on its one snapshot, one after another: they see one instant, and
the operation never holds a connection while it waits for a second one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any

from strawberry.dataloader import DataLoader

BATCH_SIZE = 1_000
"""Most keys of one statement."""

BatchFunction = Callable[[list[Any]], Awaitable[Sequence[Any]]]
"""Takes distinct keys and returns one value per key, in the same order."""


class Loaders:
    """The loaders of one operation, made when first asked for and never shared with another."""

    def __init__(self) -> None:
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}
        self._known: dict[Hashable, dict[Any, Any]] = {}

    async def load(self, name: Hashable, batch: BatchFunction, key: Any) -> Any:
        """The value for `key` from the loader called `name`.

        A field that fails cancels its siblings, and a cancelled waiter would cancel the future that
        unrelated fields share for the same key. The shield lets only the waiter go.
        """
        known = self._known.get(name)
        if known is not None and key in known:
            return known[key]
        future = asyncio.ensure_future(self._loader(name, batch).load(key))
        future.add_done_callback(_retrieve)
        return await asyncio.shield(future)

    def remember(self, name: Hashable, values: Mapping[Any, Any]) -> None:
        """Keep values that another statement already brought; asking for them costs nothing."""
        self._known.setdefault(name, {}).update(values)

    def _loader(self, name: Hashable, batch: BatchFunction) -> DataLoader[Any, Any]:
        loader = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = DataLoader(load_fn=batch, max_batch_size=BATCH_SIZE)
        return loader


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Look at an outcome that nobody may be waiting for any more, so that it is not logged."""
    if not future.cancelled():
        future.exception()
