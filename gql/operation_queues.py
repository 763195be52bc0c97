"""Where the requests of both doors wait for their share of processors and connections."""

import os
from dataclasses import dataclass

from gql.database.drivers.sqlite import MAX_THREADS
from gql.fair_queue import FairQueue, Slot
from gql.settings import Settings

MOST_WAITING = 1_000
"""Requests of one organization that wait, beside the heavy ones; connections are fewer."""


@dataclass(frozen=True)
class OperationQueues:
    """Two queues, by what an operation costs.

    Heavy ones keep a processor busy for a while, and share these. The others share connections: of
    two hundred small statements of one organization, those of all others would wait for the last.

    Attributes:
        heavy: Of operations that cost at least `heavy_points`.
        light: Of all others.
    """

    heavy: FairQueue
    light: FairQueue
    heavy_points: int

    @classmethod
    def of(cls, settings: Settings) -> "OperationQueues":
        return cls(_heavy(settings), _light(settings), settings.heavy_points)

    def hold(self, organization_id: int, points: int, *, has_begun: bool = False) -> Slot:
        """A slot for an operation that costs so much; see `FairQueue.hold`."""
        queue = self.light if points < self.heavy_points else self.heavy
        return queue.hold(organization_id, has_begun=has_begun)


def _heavy(settings: Settings) -> FairQueue:
    """As many run as there are processors, as more would only share these.

    An organization has half of them: what is left serves the light operations of others.
    """
    processors = (os.cpu_count() or 1) // settings.workers
    slots = settings.max_heavy or max(2, processors)
    return FairQueue(
        slots,
        slots_per_organization=settings.max_heavy_per_organization or max(1, slots // 2),
        most_waiting=settings.max_heavy_waiting,
        noun="heavy operations",
    )


def _light(settings: Settings) -> FairQueue:
    """Twice as many as there are connections, so that one that gets free has its next statement.

    Half of them for an organization, so that the statement of another waits for one at most; SQLite
    has as few as to need no such half.
    """
    connections = settings.pool_size
    usual = max(1, connections // 2)
    if settings.embedded:
        connections = usual = min(MAX_THREADS, connections)
    return FairQueue(
        2 * connections,
        slots_per_organization=settings.max_light_per_organization or usual,
        most_waiting=MOST_WAITING,
        noun="requests",
    )
