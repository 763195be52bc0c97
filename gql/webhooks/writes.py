"""Webhook subscriptions, made and changed by callers, who need the admin permission."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, select, update

from gql.accounts.secret_box import new_webhook_secret, require_box
from gql.domain.webhooks import WEBHOOK_DELIVERIES, WEBHOOK_SUBSCRIPTIONS
from gql.domain.writes.audit import audit
from gql.domain.writes.rows import delete_row, insert_row, lock, update_row
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import BadInput, ResyncRequired
from gql.events.reading import EventCursor, check_cursor, last_event
from gql.identity import Identity, Method, Permission
from gql.models.enums import EventKind, WebhookDeliveryState
from gql.models.scope import owned
from gql.models.types import now
from gql.query.context import Context
from gql.query.global_id import split_id
from gql.query.webhook_checks import WebhookChecks

MOST_SUBSCRIPTIONS = 50
"""Of an organization: each event is looked at once for each."""

MOST_OBJECTS = 100

NULLABLE = frozenset({"kinds", "object_ids", "document"})
"""Of the columns that callers change, those that may be null."""

_NOUNS = (
    *("call", "transcript", "sms_conversation", "sms_message", "graph", "graph_session"),
    "cost_budget",
)
_AUDITED = ("name", "url", "kinds", "object_ids", "document", "is_active", "pause_reason")


def reader_of(organization_id: int) -> Identity:
    """Who asks when a document is answered for an organization's webhook."""
    return Identity(organization_id, Method.API_KEY, frozenset({Permission.READ}))


async def create_subscription(
    context: Context,
    *,
    url: str,
    name: str | None = None,
    kinds: Sequence[str] | None = None,
    object_ids: Sequence[str] | None = None,
    document: str | None = None,
    after: str | None = None,
) -> tuple[int, str]:
    """The id of a new subscription, and its secret, which nobody can read again.

    Args:
        context: Of the caller.
        url: Where deliveries are posted to.
        name: What it is for; the URL's beginning, without.
        kinds: The kinds of events; None for all.
        object_ids: Global ids: only of these objects and what belongs to them; None for all.
        document: A GraphQL subscription that is answered for each event; None for the usual one.
        after: The event id after which to begin; None for what comes from now on.

    Raises:
        Invalid: when a value cannot be used.
        BadInput: when there are too many subscriptions.
        Unavailable: when there is no key to encrypt the secret with.
    """
    async with transaction(context, Permission.ADMIN) as write:
        values: dict[str, Any] = {
            "name": url[:100] if name is None else name,
            "url": url,
            "kinds": kinds,
            "object_ids": object_ids,
            "document": document,
        }
        problems = ProblemList()
        await _check(write, problems, values)
        cursor = await _beginning(write, problems, after)
        problems.raise_if_any()
        await _check_number(write)
        secret = new_webhook_secret()
        instant = now()
        row = {
            **values,
            "secret": require_box(write.secret_box).seal(secret),
            "is_active": True,
            "failures": 0,
            "seq": cursor.seq,
            "tag": cursor.tag,
            "created_at": instant,
            "updated_at": instant,
        }
        subscription_id = await insert_row(write, WEBHOOK_SUBSCRIPTIONS, row)
        await audit(write, "webhook_subscription.create", subscription_id, after=values)
        return subscription_id, secret


async def update_subscription(
    context: Context, subscription_id: int, changes: Mapping[str, Any]
) -> None:
    """Give a subscription other values; `is_active` pauses it, and has it go on where it stopped.

    What it was not told meanwhile it is told then, as far as that is still there.

    Raises:
        NotFound: when the organization has no such subscription.
        Invalid: when a value cannot be used.
    """
    async with transaction(context, Permission.ADMIN) as write:
        before = await lock(write, WEBHOOK_SUBSCRIPTIONS, subscription_id)
        values = dict(changes)
        problems = ProblemList()
        await _check(write, problems, values)
        problems.raise_if_any()
        if "is_active" in values:
            values.update(pause_reason=None, failures=0, failing_since=None, retry_at=None)
            if values["is_active"]:
                await _try_anew(write, subscription_id)
        await _change(write, before, "update", values)


async def pause_subscription(context: Context, subscription_id: int, reason: str) -> None:
    """Pause a subscription whose receiver does not take anything.

    Raises:
        NotFound: when it is deleted.
    """
    async with transaction(context, Permission.ADMIN) as write:
        before = await lock(write, WEBHOOK_SUBSCRIPTIONS, subscription_id)
        if before.is_active:
            await _change(write, before, "pause", {"is_active": False, "pause_reason": reason})


async def rotate_subscription_secret(
    context: Context, subscription_id: int, *, end_previous: bool = False
) -> str:
    """Another secret for a subscription, which nobody can read again.

    Deliveries are signed with the one before too, until the next rotation; with `end_previous` no
    longer than now.

    Raises:
        NotFound: when the organization has no such subscription.
        Unavailable: when there is no key to encrypt the secret with.
    """
    async with transaction(context, Permission.ADMIN) as write:
        before = await lock(write, WEBHOOK_SUBSCRIPTIONS, subscription_id)
        secret = new_webhook_secret()
        values = {
            "secret": require_box(write.secret_box).seal(secret),
            "secret_previous": None if end_previous else before.secret,
        }
        await _change(write, before, "rotate", values)
        return secret


async def delete_subscription(context: Context, subscription_id: int) -> str:
    """Delete a subscription with its deliveries; its name.

    Raises:
        NotFound: when the organization has no such subscription.
    """
    async with transaction(context, Permission.ADMIN) as write:
        before = await lock(write, WEBHOOK_SUBSCRIPTIONS, subscription_id)
        await delete_row(write, WEBHOOK_SUBSCRIPTIONS, subscription_id)
        audited = {name: getattr(before, name) for name in _AUDITED}
        await audit(write, "webhook_subscription.delete", subscription_id, before=audited)
        return str(before.name)


async def repeat_deliveries(
    context: Context,
    *,
    delivery_id: int | None = None,
    subscription_id: int | None = None,
    after: str | None = None,
    until: str | None = None,
    states: Collection[str] | None = None,
) -> int:
    """Make deliveries once more that are kept; how many.

    Args:
        context: Of the caller.
        delivery_id: One alone; else those of a subscription.
        subscription_id: Whose.
        after: Those of events after the one with this id.
        until: Those of events up to the one with this id.
        states: Those in one of these states.

    Raises:
        BadInput: when it is not said which, or an event id is none.
        NotFound: when the organization has no such delivery or subscription.
    """
    if (delivery_id is None) == (subscription_id is None):
        raise BadInput("Say which deliveries: one by its id, or those of a subscription.")
    table = WEBHOOK_DELIVERIES.table
    async with transaction(context, Permission.ADMIN) as write:
        conditions = [owned(table, write.organization_id)]
        if delivery_id is not None:
            await lock(write, WEBHOOK_DELIVERIES, delivery_id)
            conditions.append(table.c.id == delivery_id)
        if subscription_id is not None:
            await lock(write, WEBHOOK_SUBSCRIPTIONS, subscription_id)
            conditions.append(table.c.subscription_id == subscription_id)
        if after is not None:
            conditions.append(table.c.seq > _seq_of(after))
        if until is not None:
            conditions.append(table.c.seq <= _seq_of(until))
        if states:
            conditions.append(
                table.c.state.in_(sorted(WebhookDeliveryState(each) for each in states))
            )
        result = await write.run(update(table).where(*conditions).values(**_anew()))
        number = int(result.rowcount)
        noun = "webhook_delivery" if subscription_id is None else "webhook_subscription"
        after_values = {"count": number}
        object_id = delivery_id if subscription_id is None else subscription_id
        await audit(write, f"{noun}.replay", object_id, after=after_values)
        return number


async def _check(write: WriteContext, problems: ProblemList, values: dict[str, Any]) -> None:
    """Check values by their columns, and bring them into the form that is stored."""
    if "name" in values:
        problems.check_name(("name",), values["name"])
    checks = _checks(write)
    if "url" in values:
        try:
            checks.url(values["url"])
        except BadInput as error:
            problems.add(("url",), error.message)
    if values.get("kinds") is not None:
        values["kinds"] = _kinds(problems, values["kinds"])
    if values.get("object_ids") is not None:
        values["object_ids"] = _object_ids(problems, values["object_ids"])
    if values.get("document") is not None:
        problems.check_name(("document",), values["document"], longest=10_000)
        if not problems.has(("document",)):
            try:
                await checks.document(values["document"], reader_of(write.organization_id))
            except BadInput as error:
                problems.add(("document",), f"cannot be answered: {error.message}")


def _checks(write: WriteContext) -> WebhookChecks:
    assert write.webhook_checks is not None, "every door has them"  # noqa: S101
    return write.webhook_checks


def _kinds(problems: ProblemList, kinds: Sequence[str]) -> list[str]:
    all_kinds = [each.value for each in EventKind]
    if not kinds:
        problems.add(("kinds",), "must have at least one kind", "REQUIRED")
    for number, kind in enumerate(kinds):
        if kind not in all_kinds:
            problems.add(("kinds", number), f"must be one of {', '.join(all_kinds)}")
    return [each for each in all_kinds if each in kinds]


def _object_ids(problems: ProblemList, object_ids: Sequence[str]) -> list[str]:
    if not object_ids:
        problems.add(("object_ids",), "must have at least one id", "REQUIRED")
    if len(object_ids) > MOST_OBJECTS:
        problems.add(("object_ids",), f"has more than {MOST_OBJECTS} ids", "TOO_MANY")
    for number, text in enumerate(object_ids[:MOST_OBJECTS]):
        try:
            noun, _ = split_id(text)
        except BadInput:
            noun = None
        if noun not in _NOUNS:
            nouns = ", ".join(f"{each}_..." for each in _NOUNS)
            problems.add(("object_ids", number), f"must be one of {nouns}")
    return list(dict.fromkeys(object_ids))


async def _beginning(write: WriteContext, problems: ProblemList, after: str | None) -> EventCursor:
    """The event after which a new subscription begins."""
    if after is None:
        return await last_event(write.database, write.organization_id)
    try:
        cursor = EventCursor.parse(after)
        await check_cursor(write.database, write.organization_id, cursor)
    except ResyncRequired as error:
        problems.add(("after",), f"cannot be used: {error.message}")
        return EventCursor(0, 0)
    return cursor


async def _check_number(write: WriteContext) -> None:
    table = WEBHOOK_SUBSCRIPTIONS.table
    statement = select(func.count()).where(owned(table, write.organization_id))
    if (await write.run(statement)).scalar_one() >= MOST_SUBSCRIPTIONS:
        raise BadInput(f"There are {MOST_SUBSCRIPTIONS} webhook subscriptions; delete one first.")


async def _change(
    write: WriteContext, before: Row[Any], verb: str, values: Mapping[str, Any]
) -> None:
    await update_row(write, WEBHOOK_SUBSCRIPTIONS, before.id, {**values, "updated_at": now()})
    changed = [name for name in _AUDITED if name in values]
    await audit(
        write,
        f"webhook_subscription.{verb}",
        before.id,
        before={name: getattr(before, name) for name in changed},
        after={name: values[name] for name in changed},
    )


async def _try_anew(write: WriteContext, subscription_id: int) -> None:
    """Give what is pending the whole time again."""
    table = WEBHOOK_DELIVERIES.table
    pending = (
        owned(table, write.organization_id),
        table.c.subscription_id == subscription_id,
        table.c.state == WebhookDeliveryState.PENDING,
    )
    await write.run(update(table).where(*pending).values(**_anew()))


def _anew() -> dict[str, Any]:
    return {
        "state": WebhookDeliveryState.PENDING,
        "attempts": 0,
        "first_attempt_at": None,
        "next_attempt_at": now(),
        "finished_at": None,
    }


def _seq_of(event_id: str) -> int:
    try:
        return EventCursor.parse(event_id).seq
    except ResyncRequired as error:
        raise BadInput(error.message) from None
