"""The same doors, in the application that production runs."""

from collections.abc import Sequence

import httpx2

from gql.demo import DemoOrganization
from tests.conftest import Counting


async def test_a_person_logs_in_asks_and_logs_out(
    client: httpx2.AsyncClient, demo: Sequence[DemoOrganization]
) -> None:
    question = {"query": "{ viewer { organization { name } } }"}
    same_site = {"X-Requested-With": "jackfield"}

    logged_in = await client.post("/auth/login", json={"api_key": demo[0].api_key})
    answered = await client.post("/graphql", json=question, headers=same_site)
    forged = await client.post("/graphql", json=question)
    logged_out = await client.post("/auth/logout", headers=same_site)
    unknown = await client.post("/graphql", json=question)

    assert logged_in.json()["organization"] == {
        "id": demo[0].id,
        "name": demo[0].name,
    }
    assert answered.json() == {"data": {"viewer": {"organization": {"name": demo[0].name}}}}
    assert forged.status_code == 403
    assert logged_out.json() == {"success": True}
    assert unknown.status_code == 401
    assert unknown.headers["www-authenticate"] == "Bearer"


async def test_public_pages_mind_no_stale_cookie_and_ask_the_database_nothing(
    client: httpx2.AsyncClient, statements: Counting
) -> None:
    with statements() as ran:
        for page in ("/", "/healthz"):
            response = await client.get(page, headers={"Cookie": "jackfield_dashboard=stale"})
            assert response.status_code == 200

    assert ran.count == 0
