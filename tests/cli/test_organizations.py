"""`organizations` makes a tenant, which `keys` and the gateway then serve."""

import json

from tests.cli.conftest import Cli
from tests.conftest import GraphQL
from tests.databases import Copy


async def test_a_new_organization_is_listed_and_its_key_answers(
    cli: Cli, fresh: Copy, fresh_graphql: GraphQL
) -> None:
    database = ("--database", fresh.url)
    before = json.loads((await cli("organizations", "list", "--json", *database)).out)

    created = await cli("organizations", "create", " Acme ", "--json", *database)
    organization = json.loads(created.out)
    key = (await cli("keys", "create", "k", "-o", str(organization["id"]), *database)).out.strip()

    after = json.loads((await cli("organizations", "list", "--json", *database)).out)
    assert after == [*before, organization]
    assert organization["name"] == "Acme"
    answer = await fresh_graphql(
        "{ viewer { organization { name } } calls { totalCount } }",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer == {
        "data": {"viewer": {"organization": {"name": "Acme"}}, "calls": {"totalCount": 0}}
    }


async def test_people_read_what_was_made_and_what_comes_next(cli: Cli, fresh: Copy) -> None:
    database = ("--database", fresh.url)

    created = await cli("organizations", "create", "Acme", *database)
    last = json.loads((await cli("organizations", "list", "--json", *database)).out)[-1]["id"]
    rest = await cli("organizations", "list", "--after", str(last), *database)

    assert created.out == (
        f"Made organization {last}, Acme.\n"
        f'A key for it: jackfield keys create "my key" --organization {last}\n'
    )
    assert rest.out == "There are none: jackfield organizations create makes one.\n"


async def test_a_name_that_cannot_be_used_is_refused(cli: Cli, fresh: Copy) -> None:
    for name in ("  ", "n" * 256):
        result = await cli("organizations", "create", name, "--database", fresh.url)

        assert (result.code, result.out) == (1, "")
        assert "1 to 255 characters" in result.err
