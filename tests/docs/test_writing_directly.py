"""The guide for writers of SQL does what it says, and both doors read it right."""

import re
from typing import Any

from sqlalchemy import text

from gql.app import create_app
from gql.database import Database
from tests.conftest import asker, bearer, connect
from tests.databases import Copy, settings_for
from tests.lifespan import running
from tests.live import ROOT

GUIDE = (ROOT / "docs" / "writing-directly.md").read_text()
STATEMENTS = [
    statement
    for block in re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)
    for statement in block.split(";\n")
    if statement.strip()
]
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\+00")
CALL = """{ call(callSid: "CA-direct-1") { databaseId status assistantName direction duration
    customerPhoneNumber startedAt endedAt cost { total llm } messageCount meta
    messages { nodes { role content messageIndex timestamp } }
    transcript { nodes { speaker content segmentStart } } } }"""
WALK = """{ graphSession(callSid: "CA-direct-1") { graphName isActive graph { id }
    transitions { nodes { conditionType } } } }"""
OF_NUMBER = '{ calls(filter: {customerPhoneNumber: {eq: "15550100042"}}) { totalCount } }'
TOTAL = "{ calls { totalCount } }"


async def test_what_the_guide_writes_is_read_by_both_doors(fresh: Copy) -> None:
    for compiled in (True, False):
        settings = settings_for(fresh.url, compiled=compiled)
        app = create_app(settings)
        async with running(app), connect(app) as client:
            owner = bearer(fresh.organizations[0])
            ask = asker(client, owner)
            before = (await ask(TOTAL))["data"]["calls"]["totalCount"]
            if compiled:
                await _write(fresh)
                assert (await ask(TOTAL))["data"]["calls"]["totalCount"] == before + 1
            answer: Any = (await ask(CALL))["data"]["call"]
            walk = (await ask(WALK))["data"]["graphSession"]
            of_number = (await ask(OF_NUMBER))["data"]["calls"]["totalCount"]
            call_id = answer.pop("databaseId")
            costs = (await client.get(f"/api/v1/calls/{call_id}", headers=owner)).json()
            messages = await client.get(f"/api/v1/calls/{call_id}/messages", headers=owner)

        assert answer == {
            "status": "COMPLETED",
            "assistantName": "Receptionist",
            "direction": "INBOUND",
            "duration": 90,
            "customerPhoneNumber": "+1 (555) 010-0042",
            "startedAt": "2026-11-28T10:00:00Z",
            "endedAt": "2026-11-28T10:01:30Z",
            "cost": {"total": "0.042000", "llm": "0.020000"},
            "messageCount": 2,
            "meta": {"campaign": "spring"},
            "messages": {
                "nodes": [
                    {
                        "role": "USER",
                        "content": "Can I reschedule?",
                        "messageIndex": 1,
                        "timestamp": "2026-11-28T10:00:10Z",
                    },
                    {
                        "role": "ASSISTANT",
                        "content": "What day works best?",
                        "messageIndex": 2,
                        "timestamp": "2026-11-28T10:00:14Z",
                    },
                ]
            },
            "transcript": {
                "nodes": [{"speaker": "USER", "content": "Can I reschedule?", "segmentStart": 10.0}]
            },
        }
        assert walk == {
            "graphName": "Their flow",
            "isActive": False,
            "graph": None,
            "transitions": {"nodes": [{"conditionType": "OTHER"}]},
        }
        assert of_number >= 1
        assert (costs["call_sid"], costs["customer_phone_number"]) == (
            *("CA-direct-1", "+1 (555) 010-0042"),
        )
        assert [each["message_index"] for each in messages.json()] == [1, 2]


async def _write(copy: Copy) -> None:
    database = Database(settings_for(copy.url))
    form = r"\1.000000" if database.embedded else r"\1+00"
    async with database.transaction() as connection:
        for statement in STATEMENTS:
            plain = INSTANT.sub(form, statement)
            # Colons in JSON are no parameters.
            await connection.execute(text(plain.replace(":", r"\:")))
        sentiment = "SELECT sentiment FROM call WHERE organization_id = 1 AND external_id = '4711'"
        assert (await connection.execute(text(sentiment))).scalars().all() == ["positive"]
    await database.close()
