"""Phone numbers without the code of their country are the same numbers by every way in.

Each way brings the same two numbers of six countries, as people there write them, with the country
as its region. The international forms are those of Recommendation ITU-T E.164, by hand.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from gql.database import Database
from gql.mirror.run import Mirror, compare_sides
from gql.mirror.target import MirrorTarget
from gql.models.call import Call
from gql.models.scope import owned, table_of
from tests.cli.conftest import Cli, cli
from tests.conftest import GraphQL, bearer
from tests.databases import Copy
from tests.hooks.conftest import Webhooks, webhooks
from tests.mirror.conftest import EmptyOrganization, empty
from tests.mirror.documented_server import DocumentedServer, make_organization
from tests.mirror.faults import FaultyTransport
from tests.mirror.test_copy import wrong
from tests.schema.item_mutations import send

__all__ = ["cli", "empty", "webhooks"]

AT, LATER = "2026-11-01T10:00:00Z", "2026-11-01T10:01:00Z"

WRITTEN = {
    "GB": ("07700 900123", "020 7946 0018"),
    "US": ("(202) 555-0100", "202.555.0199"),
    "DE": ("0171 1234567", "030/901820"),
    "IT": ("347 123 4567", "06 698 12345"),
    "FR": ("06 12 34 56 78", "01 40 20 50 50"),
    "AU": ("0491 570 156", "(02) 5550 1234"),
}
"""By country: the customer's number and ours."""

INTERNATIONAL = {
    "GB": ("+447700900123", "+442079460018"),
    "US": ("+12025550100", "+12025550199"),
    "DE": ("+491711234567", "+4930901820"),
    "IT": ("+393471234567", "+390669812345"),
    "FR": ("+33612345678", "+33140205050"),
    "AU": ("+61491570156", "+61255501234"),
}

CALLS = table_of(Call)


async def numbers(
    database: Database, source: str, organization: int = 1
) -> set[tuple[str, str, str]]:
    """Of each call and conversation of a source: its channel, the customer's number and ours."""
    columns = (CALLS.c.channel, CALLS.c.customer_phone_number, CALLS.c.to_phone_number)
    statement = select(*columns).where(owned(CALLS, organization), CALLS.c.source == source)
    async with database.engine.connect() as connection:
        return {(row[0], row[1], row[2]) for row in await connection.execute(statement)}


def expected(channels: Iterable[str] = ("voice", "sms")) -> set[tuple[str, str, str]]:
    return {(channel, *pair) for channel in channels for pair in INTERNATIONAL.values()}


def items(country: str, source: str) -> list[dict[str, Any]]:
    """A call and an SMS, as items."""
    customer, own_number = WRITTEN[country]
    common = {"source": source, "occurredAt": AT, "direction": "inbound"}
    parties = {"customerPhoneNumber": customer, "toPhoneNumber": own_number}
    text = {"messageId": f"m-{country}", "from": customer, "to": own_number, "body": "Hi"}
    return [
        {"kind": "call", "externalId": f"c-{country}", "status": "completed", **common, **parties},
        {"kind": "sms", **common, **text},
    ]


def listed(country: str) -> dict[str, dict[str, Any]]:
    """A call as each platform's list API answers it, by the platform."""
    customer, own_number = WRITTEN[country]
    milliseconds = {"start_timestamp": 1793527200000, "end_timestamp": 1793527260000}
    return {
        "vapi": {
            "id": f"v-{country}",
            "type": "inboundPhoneCall",
            "status": "ended",
            "endedReason": "customer-ended-call",
            "createdAt": AT,
            "startedAt": AT,
            "endedAt": LATER,
            "customer": {"number": customer},
            "phoneNumber": {"number": own_number},
        },
        "retell": {
            "call_id": f"r-{country}",
            "call_type": "phone_call",
            "call_status": "ended",
            "direction": "outbound",
            "from_number": own_number,
            "to_number": customer,
            **milliseconds,
        },
        "bland": {
            "call_id": f"b-{country}",
            "call_length": 1.0,
            "inbound": True,
            "completed": True,
            "created_at": AT,
            "from": customer,
            "to": own_number,
        },
    }


async def test_lines_of_items(
    fresh: Copy, fresh_client: httpx2.AsyncClient, fresh_database: Database
) -> None:
    owner = bearer(fresh.organizations[0])
    for country in WRITTEN:
        body = "\n".join(map(json.dumps, items(country, "lines"))).encode()
        path = f"/api/v1/ingest?region={country}"
        answer = await fresh_client.post(path, content=body, headers=owner)
        summary = json.loads(answer.text.splitlines()[-1])["summary"]
        assert (summary["created"], summary["complete"]) == (2, True)
    assert await numbers(fresh_database, "lines") == expected()


async def test_mutations(fresh_graphql: GraphQL, fresh_database: Database) -> None:
    for country in WRITTEN:
        names = {"from": "fromNumber", "to": "toNumber"}
        call, text = [
            {names.get(name, name): item[name] for name in item.keys() - {"kind", "source"}}
            for item in items(country, "")
        ]
        of_batch = {"source": "mutations", "region": country.lower()}
        calls = await send(
            fresh_graphql,
            "upsertCalls",
            calls=[{**call, "direction": "INBOUND", "status": "COMPLETED"}],
            **of_batch,
        )
        sms = await send(
            fresh_graphql, "recordSms", messages=[{**text, "direction": "INBOUND"}], **of_batch
        )
        statuses = [each["results"][0]["status"] for each in (calls, sms)]
        assert statuses == ["CREATED", "CREATED"]
    assert await numbers(fresh_database, "mutations") == expected()
    both = await fresh_graphql(
        """query ($is: String!) { records(filter: {source: {eq: "mutations"},
            customerPhoneNumber: {eq: $is}}) { totalCount } }""",
        {"is": INTERNATIONAL["IT"][0]},
    )
    assert both["data"]["records"]["totalCount"] == 2


async def test_a_mutation_refuses_a_region_that_is_none(fresh_graphql: GraphQL) -> None:
    call = {"externalId": "c", "occurredAt": AT}
    refused = await send(fresh_graphql, "upsertCalls", calls=[call], region="UK")
    assert refused == {
        "results": [],
        "userErrors": [
            {
                "message": "The region 'UK' is no country in two letters, like US or GB.",
                "code": "INVALID",
                "path": ["input", "region"],
            }
        ],
    }


async def test_webhooks(webhooks: Webhooks) -> None:
    for country, (customer, own_number) in WRITTEN.items():
        burki = await webhooks.platform("burki", region=country)
        call = {"id": f"CA-{country}", "customer": {"number": customer}}
        about = {"phoneNumber": {"number": own_number}, "call": call}
        await burki.deliver(
            {"message": {"type": "status-update", "status": "in-progress", **about}}
        )
        text = {"message_id": f"SM-{country}", "from": customer, "to": own_number, "body": "Hi"}
        await burki.deliver({"type": "sms_received", "timestamp": AT, "data": text})
        generic = await webhooks.platform("generic", region=country)
        await generic.deliver(items(country, "generic")[:1])  # the conversation is there already
        retell = await webhooks.platform("retell", region=country)
        await retell.deliver({"event": "call_ended", "call": listed(country)["retell"]})
    await webhooks.process()
    assert await numbers(webhooks.database, "burki") >= expected()
    assert await numbers(webhooks.database, "generic") == expected(["voice"])
    assert await numbers(webhooks.database, "retell") >= expected(["voice"])


def put_files(country: str) -> list[str]:
    """The names of three files: what lists answer, items, and a table."""
    customer, own_number = WRITTEN[country]
    row = f"t-{country},{AT},inbound,{customer},{own_number},completed"
    files = {
        f"{country}.json": json.dumps(list(listed(country).values())),
        f"{country}.ndjson": "\n".join(map(json.dumps, items(country, "items"))),
        f"{country}.csv": f"Call ID,Started At,Direction,From,To,Status\n{row}\n",
    }
    for name, content in files.items():
        Path(name).write_text(content)
    return list(files)


async def test_files(cli: Cli, fresh: Copy, fresh_database: Database) -> None:
    for country in WRITTEN:
        words = ("-o", "1", "--source", "table", "--region", country.lower())
        result = await cli("import", *put_files(country), *words, "--database", fresh.url)
        assert (result.code, result.err.count("created")) == (0, 3), result.err
    assert await numbers(fresh_database, "items") == expected()
    for source in ("vapi", "retell", "bland", "table"):
        assert await numbers(fresh_database, source) >= expected(["voice"]), source


async def test_a_file_is_not_read_with_a_region_that_is_none(cli: Cli, fresh: Copy) -> None:
    files = put_files("GB")
    words = ("-o", "1", "--database", fresh.url)
    refused = await cli("import", *files, *words, "--source", "table", "--region", "UK")
    shown = await cli("import", *files[:2], *words, "--region", "GB", "--dry-run")
    assert (refused.code, "'UK' is no country in two letters" in refused.err) == (1, True)
    assert shown.out.count(INTERNATIONAL["GB"][0]) == len((*listed("GB"), *items("GB", "items")))


@pytest.mark.parametrize("country", WRITTEN)
async def test_the_mirror(empty: EmptyOrganization, country: str) -> None:
    customer, own_number = WRITTEN[country]
    theirs = make_organization(calls=2, conversations=1, seed=2)
    for call in theirs.calls:
        call.update(customer_phone_number=customer, to_phone_number=own_number)
        call.update(status="completed")  # what goes on is read again each time
    for each in theirs.conversations:
        each.update(customer_phone_number=customer, assistant_phone_number=own_number)
    for log in theirs.sms_logs:
        pair = (customer, own_number) if log["direction"] == "inbound" else (own_number, customer)
        log.update(from_number=pair[0], to_number=pair[1])
    for assistant in theirs.assistants:
        assistant["phone_number"] = own_number
    network = FaultyTransport(DocumentedServer(theirs).app)
    database = empty.database.database
    at, server = empty.clock.now(), "https://api.example.com"

    def target(region: str | None) -> MirrorTarget:
        return MirrorTarget(empty.database, empty.id, "burki", region)

    await Mirror(await empty.client(network), target(country)).run()
    again = await Mirror(await empty.client(network), target(country)).run()
    statement = await compare_sides(
        await empty.client(network), target(country), server=server, at=at
    )
    without = await compare_sides(await empty.client(network), target(None), server=server, at=at)

    assert await numbers(database, "burki", empty.id) == {
        (channel, *INTERNATIONAL[country]) for channel in ("voice", "sms")
    }
    assert (wrong(statement), again.items["created"], again.items["updated"]) == ([], 0, 0)
    assert {each.collection for each in without.differences} == {
        *("assistants", "calls", "sms-conversations", "sms-logs")
    }
