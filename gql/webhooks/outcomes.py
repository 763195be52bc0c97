"""What came of deliveries: noted in their rows, and in how their subscription goes on."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Row,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.models.enums import WebhookDeliveryState
from gql.models.scope import owned
from gql.models.types import now
from gql.webhooks.queue import DELIVERIES, PENDING, RESYNC, SUBSCRIPTIONS, SubscriptionKey
from gql.webhooks.sending import Attempt

FIRST_PAUSE = 5.0
"""Seconds, about, from the first attempt to the second; each further pause is four times as long.
"""

LONGEST_PAUSE = 4 * 3_600.0

WINDOW = timedelta(hours=24)
"""How long a delivery is tried."""

MOST_FAILURES = 16
"""After so many failures without a success between, a subscription is tried less and less often,
and not once for each of its deliveries."""


@dataclass(frozen=True)
class Outcome:
    """What came of a delivery.

    Attributes:
        delivery: Its row, as it was before.
        attempt: What came of sending it; None where it could not be made up, which is no fault of
            the receiver.
    """

    delivery: Row[Any]
    attempt: Attempt | None


@dataclass(frozen=True)
class Recorded:
    """What was noted of some deliveries.

    Attributes:
        failed: Those that are not tried again.
        pause_reason: Why their subscription is to be paused; None where it goes on.
    """

    failed: Sequence[Row[Any]] = ()
    pause_reason: str | None = None


POSTPONED = timedelta(seconds=30)
"""Until a delivery is tried again that could not be made up."""


async def record(
    connection: AsyncConnection,
    key: SubscriptionKey,
    outcomes: Sequence[Outcome],
) -> Recorded:
    """Note what came of deliveries.

    Args:
        connection: In a transaction.
        key: Of their subscription.
        outcomes: At least one.
    """
    own = owned(SUBSCRIPTIONS, key.organization_id), SUBSCRIPTIONS.c.id == key.id
    locked = select(SUBSCRIPTIONS).where(*own).with_for_update()
    subscription = (await connection.execute(locked)).one_or_none()
    if subscription is None:
        return Recorded()
    instant = now()
    attempts = [each.attempt for each in outcomes if each.attempt is not None]
    health = _health(subscription, attempts, instant)
    if health:
        await connection.execute(update(SUBSCRIPTIONS).where(*own).values(**health))
    failing_since = health.get("failing_since")
    failed, is_dead = [], False
    for outcome in outcomes:
        delivery = outcome.delivery
        values = _after(outcome, instant)
        if values.get("state") is WebhookDeliveryState.FAILED:
            if failing_since is not None and failing_since <= delivery.first_attempt_at:
                is_dead = True  # it is not this delivery: all of them fail
                values.update(state=PENDING, finished_at=None)
            else:
                failed.append(delivery)
        row = owned(DELIVERIES, key.organization_id), DELIVERIES.c.id == delivery.id
        await connection.execute(update(DELIVERIES).where(*row).values(**values))
    return Recorded(failed, _pause_reason(attempts, is_dead=is_dead))


def _pause_reason(attempts: Iterable[Attempt], *, is_dead: bool) -> str | None:
    if any(attempt.unsubscribes for attempt in attempts):
        return "The receiver answered 410: it wants no more."
    if is_dead:
        hours = WINDOW // timedelta(hours=1)
        last = next((each.error for each in attempts if each.error is not None), "")
        return f"Every attempt of {hours} hours has failed; the last one: {last}"
    return None


def _health(
    subscription: Row[Any],
    attempts: Sequence[Attempt],
    instant: datetime,
) -> dict[str, Any]:
    """The columns of a subscription that attempts change."""
    if not attempts:
        return {}
    requested_pauses = [each.retry_after for each in attempts if each.retry_after is not None]
    pause = max(requested_pauses, default=0.0)
    if any(each.error is None for each in attempts):
        values = {"failures": 0, "failing_since": None, "succeeded_at": instant}
    else:
        failures = subscription.failures + len(attempts)
        if failures >= MOST_FAILURES:
            pause = max(pause, _pause(failures // MOST_FAILURES))
        since = subscription.failing_since or instant
        values = {"failures": failures, "failing_since": since}
    return {**values, "retry_at": instant + timedelta(seconds=pause) if pause else None}


def _after(outcome: Outcome, instant: datetime) -> dict[str, Any]:
    """The columns of a delivery after an attempt."""
    delivery, attempt = outcome.delivery, outcome.attempt
    if attempt is None:
        return {"next_attempt_at": instant + POSTPONED}
    first = delivery.first_attempt_at or instant
    values: dict[str, Any] = {
        "attempts": delivery.attempts + 1,
        "first_attempt_at": first,
        "status": attempt.status,
    }
    if attempt.error is None:
        delivered = {"state": WebhookDeliveryState.DELIVERED, "finished_at": instant}
        # What a `RESYNC` says stays to be read.
        return {**values, **delivered, **({} if delivery.kind == RESYNC else {"error": None})}
    if delivery.kind != RESYNC:
        values["error"] = attempt.error
    if instant >= first + WINDOW:
        return {**values, "state": WebhookDeliveryState.FAILED, "finished_at": instant}
    pause = max(_pause(delivery.attempts + 1), attempt.retry_after or 0.0)
    # The last attempt is made at the end of the time, and not before it.
    next_attempt = min(instant + timedelta(seconds=pause), first + WINDOW)
    return {**values, "next_attempt_at": next_attempt}


def _pause(attempts: int) -> float:
    """Seconds after so many failed attempts.

    Up to a fifth more or less than planned, so that what failed together does not come back
    together.
    """
    planned = min(LONGEST_PAUSE, FIRST_PAUSE * 4.0 ** min(attempts - 1, 20))
    return planned * (0.8 + 0.4 * random.random())  # noqa: S311 -- no secret
