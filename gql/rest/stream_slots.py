"""Bounds how many downloads are sent, and how many bodies of lines are taken, at a time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from gql.errors import RETRY_AFTER, Overloaded, RateLimited


class StreamSlots:
    """One slot for each stream of one kind that runs.

    Args:
        kind: What they are, in the plural.
        most: Slots of this process.
        most_per_organization: How many of them one organization may hold.
    """

    def __init__(self, kind: str, most: int, most_per_organization: int) -> None:
        self._kind = kind
        self._most = most
        self._most_per_organization = most_per_organization
        self._held: Counter[int] = Counter()

    @contextmanager
    def hold(self, organization_id: int) -> Iterator[None]:
        """Hold a slot inside the block.

        Raises:
            RateLimited: when the organization holds as many as it may.
            Overloaded: when the process has no slot left.
        """
        if self._held[organization_id] >= self._most_per_organization:
            raise RateLimited(
                f"Your organization has {self._most_per_organization} {self._kind} running, the"
                " most at a time; try again when one of them has ended.",
                RETRY_AFTER,
            )
        if self._held.total() >= self._most:
            raise Overloaded(
                f"{self._most} {self._kind} are running, the most at a time; try again.",
                RETRY_AFTER,
            )
        self._held[organization_id] += 1
        try:
            yield
        finally:
            self._held[organization_id] -= 1
            self._held += Counter()  # drops the organizations that hold none


class HoldingAnswer:
    """A response that gives back what was held for it once it is sent.

    Args:
        response: What is sent.
        held: What is closed then, whether sending succeeds or fails.
    """

    def __init__(self, response: ASGIApp, held: ExitStack) -> None:
        self._response = response
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await self._response(scope, receive, send)
