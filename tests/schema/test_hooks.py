"""Webhook endpoints and the inbox: read and changed by administrators alone, never with secrets."""

from typing import Any

import pytest

from tests.conftest import GraphQL

ENDPOINTS = "{ hookEndpoints { nodes { id source name role path hasSecret isActive settings } } }"
INBOX = """
query Inbox($filter: HookDeliveryFilter) {
  inbox(filter: $filter) {
    totalCount
    nodes { state eventKind eventId subject attempts error size headers endpoint { name } }
  }
}
"""
CREATE = """
mutation Create($input: CreateHookEndpointInput!) {
  createHookEndpoint(input: $input) {
    secret
    hookEndpoint { id source name role hasSecret settings }
    userErrors { code message path }
  }
}
"""
ROTATE = """
mutation Rotate($input: RotateHookSecretInput!) {
  rotateHookSecret(input: $input) { secret hookEndpoint { id } userErrors { code message } }
}
"""
DELETE = """
mutation Delete($input: DeleteHookEndpointInput!) {
  deleteHookEndpoint(input: $input) { name userErrors { code message } }
}
"""
REPLAY = """
mutation Replay($input: ReplayHookDeliveriesInput!) {
  replayHookDeliveries(input: $input) { replayedCount userErrors { code message } }
}
"""
DEMO = {
    "id": "hook_endpoint_1",
    "source": "generic",
    "name": "Our telephone exchange",
    "role": "PRIMARY",
    "path": "/hooks/generic/demo1",
    "hasSecret": False,
    "isActive": True,
    "settings": {"wait_hours": 24, "unlinked": "call"},
}


async def test_endpoints_are_listed(graphql: GraphQL) -> None:
    assert await graphql(ENDPOINTS) == {"data": {"hookEndpoints": {"nodes": [DEMO]}}}


async def test_the_inbox_is_filtered(graphql: GraphQL) -> None:
    everything = await graphql(INBOX)
    dead = await graphql(
        INBOX, {"filter": {"state": {"eq": "DEAD"}, "endpointId": {"eq": "hook_endpoint_1"}}}
    )

    assert everything["data"]["inbox"]["totalCount"] == 5
    assert dead == {
        "data": {
            "inbox": {
                "totalCount": 1,
                "nodes": [
                    {
                        "state": "DEAD",
                        "eventKind": "sms",
                        "eventId": "event-4",
                        "subject": "message-2",
                        "attempts": 1,
                        "error": "sms message-2: from is missing",
                        "size": 32,
                        "headers": {"content-type": "application/json", "webhook-signature": None},
                        "endpoint": {"name": DEMO["name"]},
                    }
                ],
            }
        }
    }


async def change(ask: GraphQL, document: str, **input: Any) -> dict[str, Any]:
    answer = await ask(document, {"input": input})
    (payload,) = answer["data"].values()
    return dict(payload)


async def test_an_endpoint_is_made_gets_another_secret_and_is_deleted(
    fresh_graphql: GraphQL,
) -> None:
    created = await change(fresh_graphql, CREATE, source="vapi", name="Voice", idempotencyKey="k")
    again = await change(fresh_graphql, CREATE, source="vapi", name="Voice", idempotencyKey="k")
    endpoint = created["hookEndpoint"]
    rotated = await change(fresh_graphql, ROTATE, id=endpoint["id"])
    deleted = await change(fresh_graphql, DELETE, id=endpoint["id"])

    assert created["secret"].startswith("whsec_")
    assert endpoint == {
        "id": endpoint["id"],
        "source": "vapi",
        "name": "Voice",
        "role": "PRIMARY",
        "hasSecret": True,
        "settings": DEMO["settings"],
    }
    assert again == {**created, "secret": None}
    assert rotated["hookEndpoint"] == {"id": endpoint["id"]}
    assert rotated["secret"] not in {None, created["secret"]}
    assert deleted == {"name": "Voice", "userErrors": []}
    assert await fresh_graphql(ENDPOINTS) == {"data": {"hookEndpoints": {"nodes": [DEMO]}}}


@pytest.mark.parametrize(
    ("document", "input", "message"),
    [
        (CREATE, {"source": "nobody"}, "There is no source 'nobody': choose one of burki, vapi, "),
        (CREATE, {"source": "vapi", "waitHours": 0}, "The hours to wait must be 1 to 720."),
        (CREATE, {"source": "burki", "secret": "x"}, "What comes from the platform of the API"),
        (ROTATE, {"id": "hook_endpoint_2"}, "There is no hook endpoint 2 in your organization."),
        (DELETE, {"id": "hook_endpoint_2"}, "There is no hook endpoint 2 in your organization."),
        (REPLAY, {}, "Say what to replay: one delivery, an endpoint or states."),
        (REPLAY, {"id": "hook_delivery_9"}, "There is no hook delivery 9 in your organization."),
    ],
)
async def test_a_refused_change_says_why(
    fresh_graphql: GraphQL, document: str, input: dict[str, Any], message: str
) -> None:
    payload = await change(fresh_graphql, document, **input)

    [error] = payload["userErrors"]
    assert error["message"].startswith(message)


async def test_deliveries_are_replayed(fresh_graphql: GraphQL) -> None:
    payload = await change(fresh_graphql, REPLAY, states=["DEAD", "UNKNOWN"])

    assert payload == {"replayedCount": 2, "userErrors": []}
