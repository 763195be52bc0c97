"""Events are told to those who subscribed: once, signed, in order, and in the end."""

import asyncio
import base64
import hashlib
import hmac
import itertools
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from gql.app import webhook_sender
from gql.errors import DatabaseUnavailable
from gql.events.reading import READ_AGAIN
from gql.models.types import now
from gql.webhooks import delivery_log, outcomes, queue
from gql.webhooks.queue import Due, SubscriptionKey
from gql.webhooks.sending import signed_headers
from tests.databases import Copy
from tests.webhooks.conftest import Sending, sending_on
from tests.webhooks.receivers import OK, Answer, Received, Receiver, receiving

DAY = timedelta(hours=24)
AUDIT = "{ auditLog(first: 1) { nodes { action objectId after user { id } } } }"
RENAME_GRAPH = text(
    "UPDATE assistant_graph SET name = 'Other' WHERE organization_id = 1 AND id = 1"
)
CHANGE_SESSION = text(
    "UPDATE graph_session SET is_active = NOT is_active WHERE organization_id = 1"
    " AND id = (SELECT min(id) FROM graph_session WHERE organization_id = 1 AND graph_id = 1)"
)
CALL_DOCUMENT = "subscription { callChanged { kind call { id graphName } } }"


def signature(secret: str, received: Received) -> str:
    """Written from the specification, and not from the library that signs."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{received.id}.{received.headers['webhook-timestamp']}.".encode() + received.body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def failing_first(times: int) -> Callable[[Received], Awaitable[Answer]]:
    """Refuses each event so often."""
    seen: Counter[str] = Counter()

    async def answer(received: Received) -> Answer:
        seen[received.id] += 1
        return Answer(500) if seen[received.id] <= times else OK

    return answer


def order_by_subject(received: list[Received]) -> dict[str, list[int]]:
    seqs: dict[str, list[int]] = defaultdict(list)
    for each in received:
        seqs[each.subject].append(each.seq)
    return seqs


async def test_an_event_is_told_and_signed(sending: Sending, receiver: Receiver) -> None:
    number = await sending.subscribe(receiver.url)
    (call,) = await sending.calls(1)
    await sending.write(call)

    await sending.sender.drain()

    (received,) = receiver.received
    body = received.json
    at = body["timestamp"]
    assert body == {
        "type": "call_updated",
        "timestamp": at,
        "data": {
            "events": {
                "eventId": received.id,
                "kind": "CALL_UPDATED",
                "at": body["data"]["events"]["at"],
                "changedId": f"call_{call}",
            }
        },
    }
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("Jackfield/")
    assert received.headers["webhook-signature"] == signature(sending.secrets[number], received)
    Webhook(sending.secrets[number]).verify(received.body, received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(sending.secrets[number]).verify(received.body + b" ", received.headers)
    columns = ("kind", "subject", "state", "attempts", "status", "error")
    assert await sending.deliveries(number, *columns) == [
        ("call_updated", f"call_{call}", "delivered", 1, 204, None)
    ]


async def test_both_secrets_sign_until_the_next_rotation(
    sending: Sending, receiver: Receiver
) -> None:
    rotate = (
        "mutation Rotate($input: RotateWebhookSubscriptionSecretInput!)"
        " { rotateWebhookSubscriptionSecret(input: $input) { secret } }"
    )
    number = await sending.subscribe(receiver.url)
    (call,) = await sending.calls(1)
    second = (await sending.graphql(rotate, id=str(number)))["secret"]
    await sending.write(call)
    await sending.sender.drain()
    third = (await sending.graphql(rotate, id=str(number), endPrevious=True))["secret"]
    await sending.write(call)
    await sending.sender.drain()

    both, alone = receiver.received
    signatures = [signature(each, both) for each in (second, sending.secrets[number])]
    assert both.headers["webhook-signature"] == " ".join(signatures)
    assert alone.headers["webhook-signature"] == signature(third, alone)


async def test_only_what_was_asked_for_is_told(sending: Sending) -> None:
    one, other = await sending.calls(2)
    async with (
        receiving() as kinds,
        receiving() as objects,
        receiving() as documents,
        receiving() as graphs,
    ):
        await sending.subscribe(kinds.url, kinds=["CALL_UPDATED", "CALL_CREATED"])
        await sending.subscribe(objects.url, objectIds=[f"call_{other}"])
        await sending.subscribe(
            documents.url,
            document=f'subscription {{ callChanged(id: "call_{one}") {{ call {{ id }} }} }}',
        )
        await sending.subscribe(graphs.url, objectIds=["graph_1"])
        await sending.write(one, other)
        async with sending.database.transaction() as connection:
            await connection.execute(RENAME_GRAPH)
            await connection.execute(CHANGE_SESSION)
        await sending.number()
        await sending.sender.drain()

        assert {each.subject for each in kinds.received} == {f"call_{one}", f"call_{other}"}
        assert [each.subject for each in objects.received] == [f"call_{other}"]
        assert [each.json["data"] for each in documents.received] == [
            {"callChanged": {"call": {"id": f"call_{one}"}}}
        ]
        assert sorted(each.json["type"] for each in graphs.received) == [
            "graph_session_updated",
            "graph_updated",
        ]


async def test_a_document_sees_its_organization_alone(sending: Sending) -> None:
    """The same document, of two organizations: each is told its own calls, and no other."""
    document = "subscription { callChanged { call { id assistant { id } } } }"
    calls = {owner: (await sending.calls(1, owner))[0] for owner in (1, 2)}
    async with receiving() as first, receiving() as second:
        await sending.subscribe(first.url, 1, document=document)
        await sending.subscribe(second.url, 2, document=document)
        for owner, call in calls.items():
            await sending.write(call, organization_id=owner)
        await sending.sender.drain()

        ids_by_owner = {
            owner: [each.json["data"]["callChanged"]["call"]["id"] for each in receiver.received]
            for owner, receiver in ((1, first), (2, second))
        }
    assert ids_by_owner == {owner: [f"call_{call}"] for owner, call in calls.items()}


async def test_what_is_gone_is_null(sending: Sending, receiver: Receiver) -> None:
    (call,) = await sending.calls(1)
    await sending.subscribe(receiver.url, document=CALL_DOCUMENT, objectIds=[f"call_{call}"])
    async with sending.database.transaction() as connection:
        statement = text("DELETE FROM call WHERE organization_id = 1 AND id = :id")
        await connection.execute(statement, {"id": call})
    await sending.number()
    await sending.sender.drain()

    assert [each.json["data"]["callChanged"] for each in receiver.received] == [
        {"kind": "CALL_DELETED", "call": None}
    ]


async def test_one_object_is_told_in_order_and_holds_up_no_other(
    sending: Sending, receiver: Receiver
) -> None:
    one, other, third = await sending.calls(3)
    await sending.subscribe(receiver.url)

    async def refuse_one(received: Received) -> Answer:
        return Answer(503) if received.subject == f"call_{one}" else OK

    receiver.answer = refuse_one
    await sending.write(one, one, other, one, other, third)
    await sending.sender.drain()
    of_others = [each.subject for each in receiver.accepted]
    tried = [each.seq for each in receiver.received if each.subject == f"call_{one}"]
    first_ids = {each.id for each in receiver.received if each.subject == f"call_{one}"}
    receiver.answer = None
    await sending.let_pass(timedelta(minutes=1))
    await sending.sender.drain()

    assert Counter(of_others) == {f"call_{other}": 2, f"call_{third}": 1}
    assert len(tried) == 1
    accepted = order_by_subject(receiver.accepted)
    assert all(seqs == sorted(seqs) for seqs in accepted.values())
    assert {subject: len(seqs) for subject, seqs in accepted.items()} == {
        f"call_{one}": 3,
        f"call_{other}": 2,
        f"call_{third}": 1,
    }
    assert first_ids == {each.id for each in receiver.accepted if each.seq == tried[0]}


async def test_the_order_of_each_object_survives_failures(
    sending: Sending, receiver: Receiver
) -> None:
    calls = await sending.calls(5)
    await sending.subscribe(receiver.url)
    receiver.answer = failing_first(2)
    await sending.write(*(calls * 6))
    for _ in range(40):
        await sending.sender.drain()
        await sending.let_pass(timedelta(hours=1))
    accepted = order_by_subject(receiver.accepted)

    assert sum(map(len, accepted.values())) == 30
    assert all(seqs == sorted(set(seqs)) for seqs in accepted.values())
    assert len(receiver.received) == 90


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(302, {"location": "http://127.0.0.1:1/"}), "answered 302"),
        (Answer(422, body=b"no\x00 such\r\n  call"), "answered 422: no such call"),
        (Answer(500, body=b"x" * 100_000), "answered 500: " + "x" * 500),
    ],
)
async def test_a_failure_says_why(
    sending: Sending, receiver: Receiver, answer: Answer, error: str
) -> None:
    """A redirect is not followed, and of a long answer only the beginning is kept."""
    number = await sending.subscribe(receiver.url)
    receiver.refuse(status=answer.status, headers=answer.headers, body=answer.body)
    await sending.write(*(await sending.calls(1)))
    await sending.sender.drain()

    assert await sending.deliveries(number, "state", "attempts", "status", "error") == [
        ("pending", 1, answer.status, error)
    ]
    assert len(receiver.received) == 1


async def test_a_receiver_that_does_not_answer_is_left(fresh: Copy, receiver: Receiver) -> None:
    forever = asyncio.Event()

    async def wait(_: Received) -> Answer:
        await forever.wait()
        return OK

    receiver.answer = wait
    async with sending_on(fresh, webhook_timeout=0.2) as sending:
        number = await sending.subscribe(receiver.url)
        closed = await sending.subscribe("http://127.0.0.1:1/")
        await sending.write(*(await sending.calls(1)))
        await sending.sender.drain()

        assert await sending.deliveries(number, "state", "status", "error") == [
            ("pending", None, "no answer within 0.2 seconds")
        ]
        ((state, error),) = await sending.deliveries(closed, "state", "error")
        assert state == "pending"
        assert error
    forever.set()


async def test_a_slow_receiver_holds_up_no_other(sending: Sending, receiver: Receiver) -> None:
    """The slow one is released only once the others have been told everything."""
    calls = await sending.calls(30)
    released = asyncio.Event()

    async def wait(_: Received) -> Answer:
        await released.wait()
        return OK

    async with receiving() as slow:
        slow.answer = wait
        for _ in range(3):
            await sending.subscribe(slow.url)
        await sending.subscribe(receiver.url)
        await sending.write(*calls)
        await sending.sender.look()
        await receiver.until(lambda: len(receiver.accepted) == 30)
        await slow.until(lambda: slow.unanswered == 3 * queue.AT_ONCE)
        waiting = len(slow.accepted)
        released.set()
        await sending.sender.drain()

        assert waiting == 0
        assert slow.most_unanswered == 3 * queue.AT_ONCE
        assert len(slow.accepted) == 90


async def test_an_organization_takes_no_turn_of_another_one(sending: Sending) -> None:
    calls, own = await sending.calls(10), (await sending.calls(1, 2))[0]
    released = asyncio.Event()

    async def wait(_: Received) -> Answer:
        await released.wait()
        return OK

    async with receiving() as slow, receiving() as strange:
        slow.answer = wait
        for _ in range(5):
            await sending.subscribe(slow.url)
        await sending.subscribe(strange.url, 2)
        await sending.write(*calls)
        await sending.write(own, organization_id=2)
        await sending.sender.look()
        most = webhook_sender.MOST_ATTEMPTS_PER_ORGANIZATION
        await strange.until(lambda: bool(strange.accepted))
        await slow.until(lambda: slow.unanswered == most)
        released.set()
        await sending.sender.drain()

        assert slow.most_unanswered == most
        assert len(slow.accepted) == 50


async def test_what_is_asked_by_retry_after_is_done(sending: Sending, receiver: Receiver) -> None:
    one, other = await sending.calls(2)
    number = await sending.subscribe(receiver.url)
    receiver.refuse(status=429, headers={"Retry-After": "600"})
    await sending.write(one)
    await sending.sender.drain()
    receiver.answer = None
    await sending.write(other)
    await sending.sender.drain()
    before = len(receiver.received)
    await sending.let_pass(timedelta(seconds=590))
    await sending.sender.drain()
    still = len(receiver.received)
    await sending.let_pass(timedelta(seconds=11))
    await sending.sender.drain()

    assert (before, still) == (1, 1)
    assert Counter(each.subject for each in receiver.accepted) == {
        f"call_{one}": 1,
        f"call_{other}": 1,
    }
    assert (await sending.subscription(number)).failures == 0


async def test_attempts_come_less_and_less_often_for_a_day(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without chance, by a clock that the test moves to each next attempt."""
    clock = [now()]
    monkeypatch.setattr("gql.webhooks.outcomes.random.random", lambda: 0.5)
    for module in (queue, outcomes, webhook_sender):
        monkeypatch.setattr(module, "now", lambda: clock[0])
    number = await sending.subscribe(receiver.url)
    receiver.refuse(status=500)
    await sending.write(*(await sending.calls(1)))
    clock[0] = begin = now()
    while (await sending.subscription(number)).is_active:
        await sending.sender.drain()
        ((clock[0],),) = await sending.deliveries(number, "next_attempt_at")

    sent = [int(each.headers["webhook-timestamp"]) for each in receiver.received]
    pauses = [after - before for before, after in itertools.pairwise(sent)]
    assert pauses == [5, 20, 80, 320, 1_280, 5_120, *[14_400] * 5, 7_575]
    assert sum(pauses) == DAY.total_seconds()
    assert sent[0] == int(begin.timestamp())


async def test_a_dead_receiver_is_paused_and_told_everything_in_the_end(
    sending: Sending, receiver: Receiver
) -> None:
    one, other = await sending.calls(2)
    number = await sending.subscribe(receiver.url)
    receiver.refuse(status=500, body=b"down")
    await sending.write(one, one)
    await sending.sender.drain()
    await sending.let_pass(DAY)
    await sending.sender.drain()
    paused = await sending.subscription(number)
    (entry,) = (await sending.graphql(AUDIT))["auditLog"]["nodes"]
    await sending.write(other)
    await sending.sender.drain()
    attempts = len(receiver.received)
    receiver.answer = None
    resume = (
        "mutation Resume($input: UpdateWebhookSubscriptionInput!)"
        " { updateWebhookSubscription(input: $input) { webhookSubscription { isActive pauseReason"
        " } } }"
    )
    resumed = await sending.graphql(resume, id=str(number), isActive=True)
    await sending.sender.drain()

    reason = "Every attempt of 24 hours has failed; the last one: answered 500: down"
    assert (paused.is_active, paused.pause_reason) == (False, reason)
    assert entry == {
        "action": "webhook_subscription.pause",
        "objectId": f"webhook_subscription_{number}",
        "after": {"is_active": False, "pause_reason": reason},
        "user": None,
    }
    assert attempts == 2
    assert resumed["webhookSubscription"] == {"isActive": True, "pauseReason": None}
    accepted = order_by_subject(receiver.accepted)
    assert {subject: len(each) for subject, each in accepted.items()} == {
        f"call_{one}": 2,
        f"call_{other}": 1,
    }
    assert all(each == sorted(each) for each in accepted.values())


async def test_one_that_fails_for_a_day_beside_others_is_given_up(
    sending: Sending, receiver: Receiver
) -> None:
    one, other = await sending.calls(2)
    number = await sending.subscribe(receiver.url)
    bad: list[str] = []

    async def refuse_first(received: Received) -> Answer:
        if received.subject == f"call_{one}" and not bad:
            bad.append(received.id)
        return Answer(400) if received.id in bad else OK

    receiver.answer = refuse_first
    await sending.write(one, one, other)
    await sending.sender.drain()
    await sending.let_pass(DAY)
    await sending.sender.drain()

    assert await sending.deliveries(number, "subject", "state", "attempts", "error") == [
        (f"call_{one}", "failed", 2, "answered 400"),
        (f"call_{one}", "delivered", 1, None),
        (f"call_{other}", "delivered", 1, None),
    ]
    assert (await sending.subscription(number)).is_active
    assert sending.sender.counts == {"delivered": 2, "failed": 2, "given_up": 1}


async def test_a_receiver_that_is_gone_is_paused_at_once(
    sending: Sending, receiver: Receiver
) -> None:
    number = await sending.subscribe(receiver.url)
    receiver.refuse(status=410)
    await sending.write(*(await sending.calls(3)))
    await sending.sender.drain()

    row = await sending.subscription(number)
    assert (row.is_active, row.pause_reason) == (
        False,
        "The receiver answered 410: it wants no more.",
    )
    assert {state for (state,) in await sending.deliveries(number, "state")} == {"pending"}


async def test_a_failing_receiver_is_not_tried_for_each_object(
    sending: Sending, receiver: Receiver
) -> None:
    """After 16 failures in a row it is left alone as a whole, whatever else is due."""
    await sending.subscribe(receiver.url)
    receiver.refuse(status=500)
    await sending.write(*(await sending.calls(100)))
    await sending.sender.drain()

    assert len(receiver.received) == outcomes.MOST_FAILURES


async def test_deliveries_are_made_once_more(sending: Sending, receiver: Receiver) -> None:
    replay = (
        "mutation Replay($input: ReplayWebhookDeliveriesInput!)"
        " { replayWebhookDeliveries(input: $input) { replayedCount userErrors { message } } }"
    )
    calls = await sending.calls(4)
    number = await sending.subscribe(receiver.url)
    await sending.write(*calls)
    await sending.sender.drain()
    ids = [each.id for each in sorted(receiver.received, key=lambda each: each.seq)]
    receiver.received.clear()
    delivery = (await sending.deliveries(number, "id"))[1][0]
    one = await sending.graphql(replay, id=str(delivery))
    await sending.sender.drain()
    alone = [each.id for each in receiver.received]
    receiver.received.clear()
    some = await sending.graphql(
        replay, subscriptionId=f"webhook_subscription_{number}", after=ids[0], until=ids[2]
    )
    await sending.sender.drain()
    between = sorted(each.id for each in receiver.received)
    none = await sending.graphql(replay, subscriptionId=str(number), states=["FAILED"])

    assert one == {"replayedCount": 1, "userErrors": []}
    assert alone == [ids[1]]
    assert some == {"replayedCount": 2, "userErrors": []}
    assert between == sorted(ids[1:3])
    assert none == {"replayedCount": 0, "userErrors": []}


async def test_what_was_written_while_it_was_paused_is_told_then(
    sending: Sending, receiver: Receiver
) -> None:
    update = (
        "mutation Update($input: UpdateWebhookSubscriptionInput!)"
        " { updateWebhookSubscription(input: $input) { userErrors { message } } }"
    )
    calls = await sending.calls(3)
    number = await sending.subscribe(receiver.url)
    await sending.graphql(update, id=str(number), isActive=False)
    await sending.write(*calls)
    await sending.sender.drain()
    meanwhile = list(receiver.received)
    await sending.graphql(update, id=str(number), isActive=True)
    await sending.sender.drain()

    assert meanwhile == []
    assert {each.subject for each in receiver.accepted} == {f"call_{call}" for call in calls}
    assert len(receiver.accepted) == 3


async def test_a_gap_is_said(sending: Sending, receiver: Receiver) -> None:
    """Events that are deleted before they were told, and another history after a restore."""
    calls = await sending.calls(3)
    number = await sending.subscribe(receiver.url, name="Gaps")
    begin = (await sending.subscription(number)).seq
    await sending.write(*calls, *calls)
    async with sending.database.transaction() as connection:
        for statement in (
            "UPDATE event_head SET pruned = :pruned WHERE organization_id = 1",
            "DELETE FROM event WHERE organization_id = 1 AND seq <= :pruned",
        ):
            await connection.execute(text(statement), {"pruned": begin + 4})
    await sending.sender.drain()
    after_pruning = sorted(receiver.received, key=lambda each: each.seq)
    receiver.received.clear()
    async with sending.database.transaction() as connection:
        statement = "UPDATE event SET tag = tag + 1 WHERE organization_id = 1 AND seq = :last"
        await connection.execute(text(statement), {"last": begin + 6})
    await sending.write(calls[0])
    await sending.sender.drain()
    await sending.write(calls[0])
    await sending.sender.drain()

    too_old = f"Event {begin} is too old: events up to {begin + 4} are deleted. {READ_AGAIN}"
    assert [each.json.get("errors") for each in after_pruning] == [
        [{"message": too_old, "extensions": {"code": "RESYNC_REQUIRED"}}],
        None,
        None,
    ]
    assert [each.json["type"] for each in after_pruning] == [
        "resync_required",
        "call_updated",
        "call_updated",
    ]
    assert after_pruning[0].json["data"] is None
    assert [each.seq for each in after_pruning] == [begin + 4, begin + 5, begin + 6]
    assert [each.json["type"] for each in receiver.received] == ["resync_required", "call_updated"]
    rows = await sending.deliveries(number, "kind", "state", "error")
    assert [row for row in rows if row[0] == "resync_required"] == [
        ("resync_required", "delivered", too_old),
        (
            "resync_required",
            "delivered",
            f"Event {begin + 6} is not the one that had this id: the database was restored. "
            + READ_AGAIN,
        ),
    ]


async def test_a_new_subscription_may_begin_earlier(sending: Sending, receiver: Receiver) -> None:
    calls = await sending.calls(3)
    early = await sending.subscribe(receiver.url)
    row = await sending.subscription(early)
    await sending.write(*calls)
    async with receiving() as late:
        await sending.subscribe(late.url, after=f"{row.seq}-{row.tag}")
        await sending.sender.drain()

        assert {each.id for each in late.received} == {each.id for each in receiver.received}
        assert len(late.received) == 3


async def test_several_processes_double_nothing(sending: Sending, receiver: Receiver) -> None:
    calls = await sending.calls(20)
    await sending.subscribe(receiver.url)
    others = [sending.another_sender() for _ in range(3)]
    await sending.write(*calls, *calls)
    await asyncio.gather(*(each.drain() for each in (sending.sender, *others)))
    await sending.sender.drain()
    for other in others:
        await other.stop()

    accepted = order_by_subject(receiver.received)
    assert len(receiver.received) == 40
    assert all(seqs == sorted(set(seqs)) for seqs in accepted.values())


async def test_another_process_goes_on_after_the_lease(
    sending: Sending, receiver: Receiver
) -> None:
    """The first one is stopped in the middle, as if it hung: nothing is lost, and the id stays."""
    forever = asyncio.Event()

    async def wait(_: Received) -> Answer:
        await forever.wait()
        return OK

    receiver.answer = wait
    await sending.subscribe(receiver.url)
    await sending.write(*(await sending.calls(1)))
    await sending.sender.look()
    await receiver.until(lambda: bool(receiver.received))
    other = sending.another_sender()
    receiver.answer = None
    await other.drain()
    during = len(receiver.received)
    await sending.let_pass(timedelta(minutes=5))
    await other.drain()
    await other.stop()
    forever.set()
    await sending.sender.drain()

    assert during == 1
    assert len(receiver.received) == 2
    assert receiver.received[0].id == receiver.received[1].id


async def test_a_stop_gives_back_what_is_cut_off(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "LAST_SECONDS", 0.0)
    forever = asyncio.Event()

    async def wait(_: Received) -> Answer:
        await forever.wait()
        return OK

    receiver.answer = wait
    await sending.subscribe(receiver.url)
    await sending.write(*(await sending.calls(1)))
    await sending.sender.look()
    await receiver.until(lambda: bool(receiver.received))
    await sending.sender.stop()
    receiver.answer = None
    other = sending.another_sender()
    await other.drain()
    await other.stop()
    forever.set()

    assert [each.id for each in receiver.accepted][-1:] == [receiver.received[0].id]


async def test_a_database_that_comes_back_finds_no_lease_of_this_process(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was under way when it went is told at the next look, and not when the lease ends."""
    has_failed = asyncio.Event()

    async def fail(*_: object) -> Due:
        has_failed.set()
        raise DatabaseUnavailable("It restarts.")

    await sending.subscribe(receiver.url)
    await sending.write(*(await sending.calls(1)))
    with monkeypatch.context() as patch:
        patch.setattr(queue, "next_deliveries", fail)
        await sending.sender.look()
        await has_failed.wait()
        while served := sending.sender.served:
            await asyncio.wait(served)
    during = len(receiver.received)
    await sending.sender.drain()

    assert (during, len(receiver.received)) == (0, 1)


async def test_a_database_that_is_gone_is_looked_at_ever_less_often(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> list[SubscriptionKey]:
        raise DatabaseUnavailable("It restarts.")

    sender = sending.sender
    with monkeypatch.context() as patch:
        patch.setattr(queue, "subscriptions_with_work", fail)
        waits = [await sender._work() for _ in range(7)]  # noqa: SLF001 -- rounds of the task
    await sending.subscribe(receiver.url)
    await sending.write(*(await sending.calls(1)))
    wait_after_success = await sender._work()  # noqa: SLF001 -- the same
    await receiver.until(lambda: bool(receiver.received))

    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert wait_after_success == webhook_sender.INTERVAL


async def test_a_long_answer_is_left_out(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "LONGEST_BODY", 50)
    await sending.subscribe(receiver.url)
    await sending.write(*(await sending.calls(1)))
    await sending.sender.drain()

    (received,) = receiver.received
    assert received.json["data"] is None
    assert received.json["errors"] == [
        {
            "message": "The answer has more than 50 bytes; select less of it.",
            "extensions": {"code": "QUERY_TOO_COMPLEX"},
        }
    ]


async def test_an_answer_that_cannot_be_made_up_is_no_fault_of_the_receiver(
    sending: Sending, receiver: Receiver
) -> None:
    """Here the key of the secrets is another one: nothing is sent, and nothing counts."""
    number = await sending.subscribe(receiver.url)
    (call,) = await sending.calls(1)
    async with sending.database.transaction() as connection:
        statement = text("UPDATE webhook_subscription SET secret = 'x' WHERE organization_id = 1")
        await connection.execute(statement)
    await sending.write(call)
    await sending.sender.drain()

    assert receiver.received == []
    assert await sending.deliveries(number, "state", "attempts") == [("pending", 0)]
    assert (await sending.subscription(number)).failures == 0
    assert sending.sender.counts == {"postponed": 1}


async def test_a_document_that_fits_no_more_pauses(sending: Sending, receiver: Receiver) -> None:
    number = await sending.subscribe(receiver.url)
    async with sending.database.transaction() as connection:
        statement = text(
            "UPDATE webhook_subscription SET document = 'subscription { gone { kind } }'"
            " WHERE organization_id = 1"
        )
        await connection.execute(statement)
    await sending.write(*(await sending.calls(1)))
    await sending.sender.drain()

    row = await sending.subscription(number)
    assert not row.is_active
    assert row.pause_reason.startswith("Its document cannot be answered: Cannot query field 'gone'")


async def test_old_deliveries_are_deleted(
    fresh: Copy, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_log, "DELETED_AT_ONCE", 2)
    async with sending_on(fresh, webhook_days=1) as sending:
        number = await sending.subscribe(receiver.url)
        calls = await sending.calls(5)
        await sending.write(*calls)
        await sending.sender.drain()
        await sending.let_pass(2 * DAY)
        receiver.refuse(status=500)
        await sending.write(calls[0])
        await sending.sender.drain()
        await sending.let_pass(2 * DAY)
        await sending.sender.clean()

        assert await sending.deliveries(number, "subject", "state") == [
            (f"call_{calls[0]}", "pending")
        ]


async def test_only_so_many_deliveries_are_kept(
    fresh: Copy, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sending_on(fresh) as sending:
        number = await sending.subscribe(receiver.url)
        await sending.write(*(await sending.calls(5)))
        await sending.sender.drain()
        fewer = sending.app.state.settings.model_copy(update={"max_webhook_deliveries": 2})
        monkeypatch.setattr(sending.sender, "_settings", fewer)
        await sending.sender.clean()

        assert len(await sending.deliveries(number, "id")) == 2


async def test_no_more_events_are_taken_than_may_be_pending(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others wait as events, and are told afterwards."""
    monkeypatch.setattr(queue, "MOST_PENDING", 4)
    monkeypatch.setattr("gql.events.reading.PAGE", 3)
    number = await sending.subscribe(receiver.url)
    receiver.refuse(status=500)
    await sending.write(*(await sending.calls(20)))
    await sending.sender.drain()
    pending = len(await sending.deliveries(number, "id"))
    receiver.answer = None
    await sending.let_pass(timedelta(hours=1))
    await sending.sender.drain()

    assert pending == 6
    assert len({each.id for each in receiver.accepted}) == 20


async def test_a_delivery_is_json_whatever_the_text(sending: Sending, receiver: Receiver) -> None:
    number = await sending.subscribe(receiver.url, document=CALL_DOCUMENT)
    (call,) = await sending.calls(1)
    async with sending.database.transaction() as connection:
        statement = text(
            "UPDATE call SET graph_name = :name WHERE organization_id = 1 AND id = :id"
        )
        await connection.execute(statement, {"id": call, "name": 'Größe "x" 🎉\n'})
    await sending.number()
    await sending.sender.drain()

    (received,) = receiver.received
    assert received.json["data"]["callChanged"]["call"]["graphName"] == 'Größe "x" 🎉\n'
    assert received.headers["webhook-signature"] == signature(sending.secrets[number], received)


def test_the_signature_is_that_of_the_specification() -> None:
    """The vector of the reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    instant = datetime.fromtimestamp(1_614_265_330, UTC)

    assert signed_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", instant, body) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
