"""Makes the deliveries of webhook subscriptions in the background: see `gql/webhooks/queue.py`."""

import asyncio
import logging
import random
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.accounts.secret_box import SecretBox, require_box
from gql.background import GrowingPause, RepeatedTask
from gql.database import Database
from gql.errors import (
    BadInput,
    DatabaseUnavailable,
    DeadlineExceeded,
    GatewayError,
    NotFound,
    RateLimited,
    ResyncRequired,
    TooComplex,
    Unavailable,
)
from gql.events.reading import EventCursor, StoredEvent
from gql.fair_queue import FairQueue
from gql.identity import Identity, Method, Permission
from gql.models.types import now
from gql.operation_queues import OperationQueues
from gql.query.context import Context
from gql.schema.event_answers import EventAnswers
from gql.settings import Settings
from gql.webhooks import delivery_log, queue
from gql.webhooks.outcomes import Outcome, record
from gql.webhooks.queue import SubscriptionKey, event_of
from gql.webhooks.sending import Attempt, WebhookClient, signed_headers
from gql.webhooks.writes import pause_subscription, reader_of

INTERVAL = 0.5
"""Seconds between two looks for something to deliver, which is one statement."""

CLEANING_SECONDS = 3_600.0
"""Seconds between two deletions of old deliveries."""

LONGEST_PAUSE = 30.0
"""Most seconds after a failure, as on a database that is down or read-only."""

MOST_SERVED = 200
"""Subscriptions that a process serves at a time; others wait for the next look."""

MOST_ATTEMPTS = 128
"""Attempts of a process that are under way."""

MOST_ATTEMPTS_PER_ORGANIZATION = 32

LAST_SECONDS = 2.0
"""Seconds that running attempts have when the process ends; others repeat those that take longer.
"""

POINTS = 1_000
"""What a round of a subscription costs the database, about: a list."""

USUAL_DOCUMENT = "subscription { events { eventId kind at changedId } }"
"""What is answered for a subscription without a document of its own."""

LONGEST_BODY = 1_000_000
"""Bytes of a body; an answer that is longer is left out."""

_NOT_NOW = (Unavailable, DeadlineExceeded, RateLimited, TimeoutError)
"""Why an answer cannot be made up that can be later."""

Answers = Callable[[str, Identity], Awaitable[EventAnswers]]
"""What answers a document for events; see `SubscriptionReader.event_answers`."""

_log = logging.getLogger(__name__)


class WebhookSender:
    """A task of each process; a subscription is served by one of them at a time.

    Args:
        database: Where subscriptions and deliveries are.
        settings: How long deliveries are kept, and where they may go.
        queues: Where the work waits for that of other organizations.
        answers: Reads documents.

    Attributes:
        attempts: Where attempts wait for each other.
        counts: How attempts ended, by outcome.
    """

    def __init__(
        self, database: Database, settings: Settings, queues: OperationQueues, answers: Answers
    ) -> None:
        self._database = database
        self._settings = settings
        self._queues = queues
        self._answers = answers
        self._box = SecretBox.of(settings)
        self._client = WebhookClient(settings)
        self._lease = secrets.token_hex(8)
        # What waits for its turn, for its answer and for the receiver, each as long as it may, is
        # done before the lease ends.
        self._lease_seconds = 2 * settings.webhook_timeout + settings.request_timeout
        self._served: dict[SubscriptionKey, asyncio.Task[None]] = {}
        self._leases_to_end: set[SubscriptionKey] = set()
        self._is_stopping = False
        self._task = RepeatedTask(self._work, first_wait=INTERVAL)
        self._next_cleaning = time.monotonic() + CLEANING_SECONDS
        self._pause_after_failure = GrowingPause(LONGEST_PAUSE)
        self._has_failed = False
        self.attempts = FairQueue(
            MOST_ATTEMPTS,
            slots_per_organization=MOST_ATTEMPTS_PER_ORGANIZATION,
            most_waiting=MOST_SERVED * queue.AT_ONCE,
            noun="webhooks",
        )
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        """Begin in the running event loop."""
        self._is_stopping = False
        self._task.start()

    async def stop(self) -> None:
        """End, soon: what is cut off is sent again by whoever goes on."""
        self._is_stopping = True
        await self._task.stop()
        if served := self.served:
            _, late = await asyncio.wait(served, timeout=LAST_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._client.close()

    async def look(self) -> None:
        """Begin to serve the subscriptions for which there is something to do."""
        for key in list(self._leases_to_end):
            await self._end_lease(key)
        async with self._database.snapshot() as snapshot:
            keys = await queue.subscriptions_with_work(snapshot, now())
        random.shuffle(keys)  # so that no one waits for always the same others
        for key in keys:
            if len(self._served) >= MOST_SERVED:
                return
            if key not in self._served:
                self._served[key] = asyncio.create_task(self._serve(key))

    @property
    def served(self) -> list[asyncio.Task[None]]:
        """What makes the deliveries of subscriptions, of each one."""
        return list(self._served.values())

    async def drain(self) -> None:
        """Serve all that is due, and wait for it."""
        await self.look()
        while self._served:
            await asyncio.wait(self.served)
            await self.look()

    async def clean(self) -> int:
        """Delete the deliveries that are kept no longer; how many there were."""
        async with self._database.snapshot() as snapshot:
            subscriptions = await delivery_log.all_subscriptions(snapshot)
        days, most = self._settings.webhook_days, self._settings.max_webhook_deliveries
        deleted = 0
        for organization_id in sorted({each.organization_id for each in subscriptions}):
            number = delivery_log.DELETED_AT_ONCE
            while number == delivery_log.DELETED_AT_ONCE:
                async with self._database.transaction() as connection:
                    number = await delivery_log.delete_old_deliveries(
                        connection, organization_id, days=days, most=most
                    )
                deleted += number
        return deleted

    async def _work(self) -> float:
        try:
            await self.look()
            if time.monotonic() >= self._next_cleaning:
                await self.clean()
                self._next_cleaning = time.monotonic() + CLEANING_SECONDS
        except Exception as error:  # noqa: BLE001 -- one failure must not end the task
            self._log_failure(error)
            self._pause_after_failure.record_failure()
            return self._pause_after_failure.seconds
        self._pause_after_failure.record_success()
        return INTERVAL

    async def _serve(self, key: SubscriptionKey) -> None:
        """Make the deliveries of a subscription that are due, until none is."""
        try:
            while not self._is_stopping and await self._serve_once(key):
                self._has_failed = False
        except asyncio.CancelledError:
            await self._give_back(key)
            raise
        except DatabaseUnavailable as error:  # it is tried again once there is a database
            self._log_failure(error)
            self._leases_to_end.add(key)
        except Exception as error:  # noqa: BLE001 -- it is tried again after the lease
            self._log_failure(error)
        else:
            await self._give_back(key)
        finally:
            del self._served[key]

    async def _serve_once(self, key: SubscriptionKey) -> bool:
        """Make some deliveries; whether there may be more."""
        until = time.monotonic() + self._settings.webhook_timeout
        async with self._writing(key) as connection:
            subscription = await queue.lease_subscription(
                connection, key, self._lease, self._lease_seconds
            )
        if subscription is None:
            return False
        answers = await self._answers_for(key, subscription)
        if answers is None:
            return False
        async with self._writing(key) as connection:
            passes = _passing(subscription, answers)
            due = await queue.next_deliveries(connection, subscription, passes)
        outcomes = await asyncio.gather(
            *(self._deliver(subscription, answers, each, until) for each in due.deliveries)
        )
        tried = [each for each in outcomes if each is not None]
        if tried and await self._record(key, tried):
            return False
        return due.has_moved or bool(due.deliveries)

    @asynccontextmanager
    async def _writing(self, key: SubscriptionKey) -> AsyncIterator[AsyncConnection]:
        """A transaction, when it is the organization's turn."""
        async with (
            self._queues.hold(key.organization_id, POINTS),
            self._database.transaction() as connection,
        ):
            yield connection

    async def _answers_for(self, key: SubscriptionKey, subscription: Any) -> EventAnswers | None:
        """What makes up the bodies; None where that cannot be done, and it is paused."""
        if subscription.secret is None:
            await self._pause(key, "It has no secret: rotate its secret first.")
            return None
        document = subscription.document or USUAL_DOCUMENT
        try:
            return await self._answers(document, reader_of(key.organization_id))
        except BadInput as error:  # the schema has changed since the document was saved
            await self._pause(key, f"Its document cannot be answered: {error.message}")
            return None

    async def _record(self, key: SubscriptionKey, outcomes: list[Outcome]) -> bool:
        """Note what came of deliveries; whether their subscription is paused for it."""
        async with self._writing(key) as connection:
            recorded = await record(connection, key, outcomes)
        for outcome in outcomes:
            self.counts[_word(outcome.attempt)] += 1
        for delivery in recorded.failed:
            self.counts["given_up"] += 1
            _log.warning("webhook %s of %s is given up", _event_id(delivery), _name(key))
        if recorded.pause_reason is not None:
            await self._pause(key, recorded.pause_reason)
        return recorded.pause_reason is not None

    async def _deliver(
        self, subscription: Any, answers: EventAnswers, delivery: Any, until: float
    ) -> Outcome | None:
        """Try a delivery; None where it got no turn while the lease is surely ours."""
        async with self.attempts.hold(subscription.organization_id, has_begun=True):
            if time.monotonic() > until:
                return None
            message_id = _event_id(delivery)
            try:
                async with asyncio.timeout(self._settings.request_timeout):
                    body = await _body(answers, delivery)
                box = require_box(self._box)
                opened = [box.open(each) for each in _sealed(subscription)]
            except _NOT_NOW as error:
                _log.warning("webhook %s waits: %r", message_id, error)
                return Outcome(delivery, None)
            if body is None:
                return Outcome(delivery, Attempt())
            headers = signed_headers(opened, message_id, now(), body)
            return Outcome(delivery, await self._client.send(subscription.url, headers, body))

    async def _pause(self, key: SubscriptionKey, reason: str) -> None:
        identity = Identity(key.organization_id, Method.API_KEY, frozenset({Permission.ADMIN}))
        context = Context(identity, self._database)
        try:
            await pause_subscription(context, key.id, reason)
        except NotFound:
            return
        finally:
            await context.close()
        _log.warning("%s is paused: %s", _name(key), reason)

    async def _give_back(self, key: SubscriptionKey) -> None:
        try:
            await self._end_lease(key)
        except GatewayError as error:
            self._log_failure(error)
            self._leases_to_end.add(key)

    async def _end_lease(self, key: SubscriptionKey) -> None:
        async with self._database.transaction() as connection:
            await queue.end_lease(connection, key, self._lease)
        self._leases_to_end.discard(key)

    def _log_failure(self, error: Exception) -> None:
        if not self._has_failed:
            is_outage = isinstance(error, DatabaseUnavailable | DeadlineExceeded)
            log = _log.warning if is_outage else _log.exception
            log("webhooks are not delivered for now: %r", error)
        self._has_failed = True


def _word(attempt: Attempt | None) -> str:
    """How an attempt is counted."""
    if attempt is None:
        return "postponed"
    return "delivered" if attempt.error is None else "failed"


def _passing(subscription: Any, answers: EventAnswers) -> Callable[[StoredEvent], bool]:
    """Which events a subscription is told of."""
    kinds = None if subscription.kinds is None else frozenset(subscription.kinds)
    objects = None if subscription.object_ids is None else frozenset(subscription.object_ids)

    def passes(event: StoredEvent) -> bool:
        if kinds is not None and event.kind.value not in kinds:
            return False
        if objects is not None and objects.isdisjoint((event.subject, event.parent)):
            return False
        return answers.passes(event)

    return passes


async def _body(answers: EventAnswers, delivery: Any) -> bytes | None:
    """The answer to the document, as it is now, with what the specification puts before it.

    None where the filter of the document leaves the object out, as it is now.

    Raises:
        GatewayError: when there is none right now.
    """
    at = delivery.happened_at.astimezone(UTC).isoformat(timespec="microseconds")
    head = orjson.dumps({"type": delivery.kind, "timestamp": at.replace("+00:00", "Z")})
    answer = await _answer(answers, delivery)
    return None if answer is None else head[:-1] + b"," + answer[1:]


async def _answer(answers: EventAnswers, delivery: Any) -> bytes | None:
    if delivery.kind == queue.RESYNC:
        return _without_data(delivery.error, ResyncRequired.code)
    try:
        answer = await answers.answer(event_of(delivery))
    except _NOT_NOW:
        raise
    except GatewayError as error:
        return _without_data(error.message, error.code)
    if answer is not None and len(answer) > LONGEST_BODY:
        message = f"The answer has more than {LONGEST_BODY:,} bytes; select less of it."
        return _without_data(message, TooComplex.code)
    return answer


def _without_data(message: str, code: str) -> bytes:
    """An answer that has an error alone."""
    error = {"message": message, "extensions": {"code": code}}
    return orjson.dumps({"data": None, "errors": [error]})


def _sealed(subscription: Any) -> list[str]:
    """The secrets that sign, newest first."""
    secrets_ = (subscription.secret, subscription.secret_previous)
    return [each for each in secrets_ if each is not None]


def _event_id(delivery: Any) -> str:
    return str(EventCursor(delivery.seq, delivery.tag))


def _name(key: SubscriptionKey) -> str:
    """For the log."""
    return f"webhook subscription {key.id} of organization {key.organization_id}"
