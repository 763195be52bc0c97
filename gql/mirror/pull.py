"""Reads the list of a voice platform into the inbox, where it is applied like a webhook.

Most platforms never repeat a delivery that failed, and some have costs only in their lists. A pull
can be repeated at will: bodies that the inbox has are not stored again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gql.accounts.hook_endpoints import StoredEndpoint
from gql.database import DatabaseAccess
from gql.ingest.inbox import AT_ONCE, store_pulled
from gql.mirror.client import SourceClient
from gql.mirror.platform_lists import PlatformList


@dataclass
class PullCounts:
    """What a run has read.

    Attributes:
        read: Objects in the lists.
        new: Those whose bytes the inbox did not have.
    """

    read: int = 0
    new: int = 0


async def pull(
    database: DatabaseAccess,
    endpoint: StoredEndpoint,
    platform: PlatformList,
    client: SourceClient,
    since: datetime,
    account: str = "",
    on_read: Callable[[PullCounts], None] = lambda _counts: None,
) -> PullCounts:
    """Put what a platform's lists have since an instant into the inbox.

    Args:
        database: Where the inbox is.
        endpoint: Whose deliveries they are then.
        platform: How its list is read.
        client: Has the address and the credential.
        since: Aware.
        account: For a platform whose addresses name it.
        on_read: Called after each object, with what has been read so far.

    Raises:
        SourceFailure: when the platform refuses, or does not answer; what was read until then is
            kept.
    """
    counts, bodies = PullCounts(), list[bytes]()
    async for payload in platform.read(client, since, account):
        bodies.append(json.dumps(payload, default=_plain).encode())
        counts.read += 1
        on_read(counts)
        if len(bodies) == AT_ONCE:
            counts.new += await store_pulled(database, endpoint, bodies)
            bodies = []
    counts.new += await store_pulled(database, endpoint, bodies)
    return counts


def _plain(value: Any) -> float:
    """A number with a fraction, as the webhook would have written it."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
