"""Webhook subscriptions are made, read and changed by administrators, of their organization."""

from typing import Any

import pytest

from gql.models.enums import WebhookDeliveryState
from tests.cli.conftest import Cli, cli
from tests.conftest import GraphQL, bearer, connect, start
from tests.databases import Copy, settings_for
from tests.webhooks.conftest import CREATE, Sending
from tests.webhooks.receivers import Receiver

__all__ = ["cli"]

PATH = "/api/v1/webhook-subscriptions"
URL = "https://example.com/hooks"
DOCUMENT = "subscription { callChanged { call { id } } }"
SUBSCRIPTIONS = (
    "{ webhookSubscriptions { nodes { name url kinds objectIds document isActive pauseReason"
    " failures failingSince } } }"
)
DELIVERIES = """
query Deliveries($filter: WebhookDeliveryFilter) {
  webhookDeliveries(filter: $filter) {
    totalCount
    nodes { eventId kind subject state attempts status error subscription { name } }
  }
}
"""
DEMO = {
    "name": "Our billing",
    "url": "https://billing.example.com/jackfield",
    "kinds": ["call_created", "call_updated", "graph_updated"],
    "objectIds": None,
    "document": None,
    "isActive": False,
    "pauseReason": None,
    "failures": 0,
    "failingSince": None,
}


async def test_they_are_listed(graphql: GraphQL) -> None:
    assert await graphql(SUBSCRIPTIONS) == {"data": {"webhookSubscriptions": {"nodes": [DEMO]}}}


async def test_deliveries_are_filtered(graphql: GraphQL) -> None:
    everything = await graphql(DELIVERIES)
    failed = await graphql(DELIVERIES, {"filter": {"state": {"eq": "FAILED"}}})

    assert everything["data"]["webhookDeliveries"]["totalCount"] == 3
    assert failed["data"]["webhookDeliveries"]["nodes"] == [
        {
            "eventId": "3-3",
            "kind": "graph_updated",
            "subject": "graph_1",
            "state": "FAILED",
            "attempts": 1,
            "status": 422,
            "error": "answered 422: no such graph",
            "subscription": {"name": "Our billing"},
        }
    ]


UPDATE = """
mutation Update($input: UpdateWebhookSubscriptionInput!) {
  updateWebhookSubscription(input: $input) {
    webhookSubscription { name url kinds objectIds document isActive }
    userErrors { code message path }
  }
}
"""
DELETE = """
mutation Delete($input: DeleteWebhookSubscriptionInput!) {
  deleteWebhookSubscription(input: $input) { name userErrors { code message path } }
}
"""


async def test_one_is_made_changed_and_deleted(sending: Sending) -> None:
    created = await sending.graphql(CREATE, url=URL, name="Mine", idempotencyKey="k")
    again = await sending.graphql(CREATE, url=URL, name="Mine", idempotencyKey="k")
    global_id = created["webhookSubscription"]["id"]
    changed = await sending.graphql(
        UPDATE,
        id=global_id,
        kinds=["GRAPH_UPDATED", "CALL_CREATED"],
        objectIds=["graph_1", "call_2"],
        document=DOCUMENT,
        isActive=False,
    )
    cleared = await sending.graphql(UPDATE, id=global_id, kinds=None, objectIds=None, document=None)
    deleted = await sending.graphql(DELETE, id=global_id)

    assert created["secret"].startswith("whsec_")
    assert again == {**created, "secret": None}
    assert changed["webhookSubscription"] == {
        "name": "Mine",
        "url": URL,
        "kinds": ["call_created", "graph_updated"],
        "objectIds": ["graph_1", "call_2"],
        "document": DOCUMENT,
        "isActive": False,
    }
    assert cleared["webhookSubscription"] == {
        "name": "Mine",
        "url": URL,
        "kinds": None,
        "objectIds": None,
        "document": None,
        "isActive": False,
    }
    assert deleted == {"name": "Mine", "userErrors": []}
    assert (await sending.graphql(SUBSCRIPTIONS))["webhookSubscriptions"]["nodes"] == [DEMO]


@pytest.mark.parametrize(
    ("input", "path", "message"),
    [
        (
            {"url": "https://a.example:99999"},
            ["url"],
            "url has the port 99999: ports are",
        ),
        ({"url": "https://10.0.0.1/"}, ["url"], "url has a private address: use a public one"),
        ({"name": " "}, ["name"], "name must not be blank"),
        ({"kinds": []}, ["kinds"], "kinds must have at least one kind"),
        ({"objectIds": []}, ["objectIds"], "objectIds must have at least one id"),
        ({"objectIds": ["user_1"]}, ["objectIds", "0"], "objectIds[0] must be one of call_..., "),
        ({"objectIds": ["1"]}, ["objectIds", "0"], "objectIds[0] must be one of call_..., "),
        ({"after": "9-9"}, ["after"], "after cannot be used: There is no event 9 yet"),
        ({"after": "x"}, ["after"], "after cannot be used: `x` is not an event id"),
        ({"document": "{ viewer { method } }"}, ["document"], "document cannot be answered: It mu"),
        ({"document": "subscription {"}, ["document"], "document cannot be answered: Syntax Error"),
        (
            {"document": "subscription { nothing }"},
            ["document"],
            "document cannot be answered: Cannot query field 'nothing'",
        ),
        (
            {"document": 'subscription { events(after: "0-0") { kind } }'},
            ["document"],
            "document cannot be answered: Leave `after` out",
        ),
        (
            {"document": "subscription S($k: ID!) { callChanged(id: $k) { kind } }"},
            ["document"],
            "document cannot be answered: Variable '$k' has invalid value",
        ),
        (
            {"document": 'subscription { callChanged(id: "graph_1") { kind } }'},
            ["document"],
            "document cannot be answered: `graph_1` is not the id of a call",
        ),
    ],
)
async def test_a_refusal_says_why(
    sending: Sending, input: dict[str, Any], path: list[str], message: str
) -> None:
    payload = await sending.graphql(CREATE, **{"url": URL, **input})

    assert payload["webhookSubscription"] is None
    (error,) = payload["userErrors"]
    assert error["path"] == ["input", *path]
    assert error["message"].startswith(message)


async def test_there_are_not_too_many(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gql.webhooks.writes.MOST_SUBSCRIPTIONS", 2)
    await sending.subscribe(URL)
    refused = await sending.graphql(CREATE, url=URL)

    (error,) = refused["userErrors"]
    assert error["message"] == "There are 2 webhook subscriptions; delete one first."


async def test_without_a_key_for_secrets_none_is_made(fresh: Copy) -> None:
    async with (
        start(fresh, settings_for(fresh.url, secrets_key=None), is_counted=False) as running,
        connect(running.app) as client,
    ):
        body = {"query": CREATE, "variables": {"input": {"url": URL}}}
        owner = bearer(fresh.organizations[0])
        answer = await client.post("/graphql", json=body, headers=owner)
        rest = await client.post(PATH, json={"url": URL}, headers=owner)

    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert rest.status_code == 503


async def test_rest_does_the_same(sending: Sending, receiver: Receiver) -> None:
    owner = bearer(sending.copy.organizations[0])
    client = sending.client
    body = {
        "url": receiver.url,
        "name": "Mine",
        "kinds": ["call_updated"],
        "document": DOCUMENT,
    }
    created = await client.post(PATH, json=body, headers=owner)
    number = created.json()["id"]
    (call,) = await sending.calls(1)
    await sending.write(call)
    await sending.sender.drain()
    shown = await client.get(f"{PATH}/{number}", headers=owner)
    listed = await client.get(PATH, headers=owner)
    deliveries = await client.get(
        f"/api/v1/webhook-deliveries?subscription_id={number}&state=delivered", headers=owner
    )
    replay = {"subscription_id": number, "states": ["delivered"]}
    replayed = await client.post("/api/v1/webhook-deliveries/replay", json=replay, headers=owner)
    await sending.sender.drain()
    changes = {"is_active": False, "document": None}
    changed = await client.patch(f"{PATH}/{number}", json=changes, headers=owner)
    rotated = await client.post(f"{PATH}/{number}/secret", headers=owner)
    deleted = await client.delete(f"{PATH}/{number}", headers=owner)
    after_deletion = await client.get(f"{PATH}/{number}", headers=owner)

    assert created.status_code == 201
    assert created.headers["cache-control"] == "no-store"
    values = shown.json()
    assert values == {
        "id": number,
        "name": "Mine",
        "url": receiver.url,
        "kinds": ["call_updated"],
        "object_ids": None,
        "document": DOCUMENT,
        "is_active": True,
        "pause_reason": None,
        "event_id": receiver.received[0].id,
        "failures": 0,
        "failing_since": None,
        "succeeded_at": values["succeeded_at"],
        "created_at": values["created_at"],
        "updated_at": values["updated_at"],
    }
    assert [each["id"] for each in listed.json()] == [1, number]
    (delivery,) = deliveries.json()
    assert {
        name: delivery[name] for name in ("event_id", "kind", "subject", "state", "status")
    } == {
        "event_id": receiver.received[0].id,
        "kind": "call_updated",
        "subject": f"call_{call}",
        "state": "delivered",
        "status": 204,
    }
    assert replayed.json() == {"count": 1}
    assert [each.id for each in receiver.received] == [delivery["event_id"]] * 2
    assert (changed.json()["is_active"], changed.json()["document"]) == (False, None)
    assert rotated.json()["secret"] not in {None, created.json()["secret"]}
    assert deleted.json() == {
        "success": True,
        "message": "Webhook subscription 'Mine' deleted successfully",
    }
    assert after_deletion.status_code == 404


async def test_a_strange_organization_has_nothing(sending: Sending, receiver: Receiver) -> None:
    """Neither by GraphQL nor by REST; and it is told nothing of the owner's writes."""
    number = await sending.subscribe(receiver.url)
    await sending.write(*(await sending.calls(1)))
    await sending.sender.drain()
    (delivery,) = (await sending.deliveries(number, "id"))[0]
    stranger = bearer(sending.copy.organizations[1])
    global_id = f"webhook_subscription_{number}"
    nodes = f'{{ nodes(ids: ["{global_id}", "webhook_delivery_{delivery}"]) {{ id }} }}'
    read = await sending.graphql(nodes, 2)
    listed = await sending.graphql(
        DELIVERIES.replace("webhookDeliveries(filter: $filter)", "webhookDeliveries").replace(
            "($filter: WebhookDeliveryFilter)", ""
        ),
        2,
    )
    changes = [
        await sending.graphql(UPDATE, 2, id=global_id, isActive=False),
        await sending.graphql(DELETE, 2, id=global_id),
        await sending.graphql(
            "mutation R($input: RotateWebhookSubscriptionSecretInput!)"
            " { rotateWebhookSubscriptionSecret(input: $input) { userErrors { message } } }",
            2,
            id=global_id,
        ),
        await sending.graphql(
            "mutation R($input: ReplayWebhookDeliveriesInput!)"
            " { replayWebhookDeliveries(input: $input) { userErrors { message } } }",
            2,
            subscriptionId=global_id,
        ),
    ]
    statuses = [
        (await sending.client.get(f"{PATH}/{number}", headers=stranger)).status_code,
        (await sending.client.patch(f"{PATH}/{number}", json={}, headers=stranger)).status_code,
        (await sending.client.delete(f"{PATH}/{number}", headers=stranger)).status_code,
        (await sending.client.post(f"{PATH}/{number}/secret", headers=stranger)).status_code,
    ]
    replay = await sending.client.post(
        "/api/v1/webhook-deliveries/replay", json={"id": delivery}, headers=stranger
    )

    assert read == {"nodes": [None, None]}
    assert all(
        each["eventId"] in {"1-1", "2-2", "3-3"} for each in listed["webhookDeliveries"]["nodes"]
    )
    refusal = f"There is no webhook subscription {number} in your organization."
    assert [payload["userErrors"][0]["message"] for payload in changes] == [refusal] * 4
    assert statuses == [404] * 4
    assert replay.status_code == 404
    assert (await sending.subscription(number)).is_active


async def test_without_the_admin_permission_nothing_is_shown(sending: Sending) -> None:
    create = (
        'mutation { createApiKey(input: {name: "reader", permissions: [READ, WRITE]}) { secret } }'
    )
    key = (await sending.graphql(create))["createApiKey"]["secret"]
    reader = {"Authorization": f"Bearer {key}"}
    body = {"query": SUBSCRIPTIONS}
    answer = (await sending.client.post("/graphql", json=body, headers=reader)).json()
    statuses = [
        (await sending.client.get(PATH, headers=reader)).status_code,
        (await sending.client.post(PATH, json={"url": URL}, headers=reader)).status_code,
        (await sending.client.get("/api/v1/webhook-deliveries", headers=reader)).status_code,
    ]

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert statuses == [403, 403, 403]


async def test_the_command_line_does_the_same(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("GQL_SECRETS_KEY", "0" * 64)
    document = tmp_path / "document.graphql"
    document.write_text(DOCUMENT)
    on = ("-o", "1", "--database", fresh.url)
    created = await cli(
        *("webhooks", "create", URL, "--kind", "call_updated", "--object", "call_1"),
        *("--document", str(document), *on),
    )
    number = created.out.split()[2]
    refused = await cli("webhooks", "create", "https://10.0.0.1/", *on)
    listed = await cli("webhooks", "list", "--json", *on)
    paused = await cli("webhooks", "pause", number, *on)
    resumed = await cli("webhooks", "resume", number, *on)
    rotated = await cli("webhooks", "rotate", number, *on)
    deliveries = await cli("webhooks", "deliveries", "--state", "failed", *on)
    bad = await cli("webhooks", "deliveries", "--state", "dead", *on)
    replayed = await cli("webhooks", "replay", "--subscription", "1", "--state", "failed", *on)
    doctor = await cli("doctor", "--database", fresh.url)
    deleted = await cli("webhooks", "delete", number, *on)

    assert created.out.startswith(f"Webhook subscription {number}\nSecret   whsec_")
    assert "url has a private address" in refused.err
    assert f'"id": {number}, "name": "{URL}"' in listed.out
    assert paused.out == f"Webhook subscription {number} is paused.\n"
    assert resumed.out == f"Webhook subscription {number} goes on.\n"
    assert "whsec_" in rotated.out
    assert "graph_1" in deliveries.out
    assert "It is one of: pending, delivered, failed." in bad.err
    assert replayed.out == "1 delivery is to be made anew.\n"
    assert "webhook subscriptions      3\n" in doctor.out
    assert deleted.out == f"Deleted webhook subscription {number}, {URL}.\n"


def test_the_command_line_knows_all_states() -> None:
    from gql.cli.webhooks import _STATES  # noqa: PLC0415

    assert tuple(WebhookDeliveryState) == _STATES
