"""`assistants` links an assistant to a platform's id of it, for calls before and after."""

import json

from sqlalchemy import select

from gql.domain.writes.transaction import transaction
from gql.identity import Permission
from gql.ingest.apply import apply_items
from gql.models.call import Call
from gql.models.scope import owned, table_of
from tests.cli.conftest import Cli
from tests.conftest import start
from tests.databases import Copy, settings_for
from tests.domain.writes.conftest import caller
from tests.ingest.item_logs import item

PLATFORMS = ("vapi", "retell")


async def test_a_link_is_that_of_calls_before_and_after(cli: Cli, fresh: Copy) -> None:
    """Only of the platform's, and of those without an assistant."""
    where = ("-o", "1", "--database", fresh.url)
    vapi, retell = ({"source": name, "assistant": {"externalId": "asst_1"}} for name in PLATFORMS)
    named = {"source": "vapi", "assistant": {"externalId": "asst_1", "name": "ServiceBot"}}
    batches = [
        [item(kind="call", externalId=key, **fields) for key, fields in pairs]
        for pairs in (
            [("v1", vapi), ("r1", retell)],
            [("v2", vapi), ("r2", retell), ("v3", named)],
        )
    ]
    async with start(fresh, settings_for(fresh.url)) as running:
        database = running.app.state.database
        async with transaction(caller(database), Permission.INGEST) as write:
            await apply_items(write, batches[0])
        linked = await cli("assistants", "link", "asst_1", "124", "--source", "vapi", *where)
        async with transaction(caller(database), Permission.INGEST) as write:
            await apply_items(write, batches[1])
            call = table_of(Call)
            statement = select(call.c.external_id, call.c.assistant_id).where(
                owned(call, 1), call.c.source.in_(PLATFORMS)
            )
            rows = {row.external_id: row.assistant_id for row in await write.run(statement)}

    assert linked.out == "asst_1 of vapi is assistant 124; 1 calls moved there.\n"
    assert rows == {"v1": 124, "v2": 124, "v3": 124, "r1": None, "r2": None}
    listed = await cli("assistants", "links", "--json", *where)
    assert [(each["source"], each["assistant_id"]) for each in json.loads(listed.out)] == [
        ("vapi", 124)
    ]


async def test_only_an_assistant_of_the_organization_can_be_linked(cli: Cli, fresh: Copy) -> None:
    where = ("-o", "2", "--database", fresh.url)
    foreign = await cli("assistants", "link", "asst_1", "123", "--source", "vapi", *where)
    own = await cli("assistants", "link", "5", "123", "--source", "manual", *where)
    listed = await cli("assistants", "links", *where)
    nowhere = await cli("assistants", "links", "-o", "99", "--database", fresh.url)

    assert (foreign.code, own.code) == (1, 1)
    assert "123" in foreign.err
    assert "nothing to link" in own.err
    assert listed.out == "Organization 2 has no links: jackfield assistants link makes one.\n"
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "99" in nowhere.err
