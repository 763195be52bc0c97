"""What tests share until the end of the run, whatever parameters they have."""

from collections.abc import Callable, Hashable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

T = TypeVar("T")


class RunResources(AsyncExitStack):
    """Opens a resource when its key is first asked for; closing this closes them all.

    Of a fixture with parameters pytest keeps one value at a time, and nearly every file of tests
    needs all values: each file would copy the databases and start the applications again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._opened: dict[Hashable, Any] = {}

    async def get(self, key: Hashable, opening: Callable[[], AbstractAsyncContextManager[T]]) -> T:
        """The resource of a key."""
        if key not in self._opened:
            self._opened[key] = await self.enter_async_context(opening())
        resource: T = self._opened[key]
        return resource
