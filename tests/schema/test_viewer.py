"""Who is asking: the same answer for each kind of credential, and only of the caller."""

from collections.abc import Sequence
from typing import Any

from gql.demo import DemoOrganization
from tests.conftest import Counting, GraphQL

QUERY = """{ viewer { method permissions organization { id databaseId name createdAt }
    user { id email name isAdmin isActive createdAt }
    apiKey { id name keyPrefix isActive expiresAt } } }"""


async def test_the_holder_of_a_key(graphql: GraphQL, demo: Sequence[DemoOrganization]) -> None:
    assert await graphql(QUERY) == {
        "data": {
            "viewer": {
                "method": "API_KEY",
                "permissions": ["READ", "WRITE", "ADMIN"],
                "organization": {
                    "id": "organization_1",
                    "databaseId": 1,
                    "name": demo[0].name,
                    "createdAt": "2023-07-01T12:00:00Z",
                },
                "user": {
                    "id": "user_1",
                    "email": "admin1@demo.example",
                    "name": "Ada Brook",
                    "isAdmin": True,
                    "isActive": True,
                    "createdAt": "2023-07-01T12:00:00Z",
                },
                "apiKey": {
                    "id": "api_key_1",
                    "name": "Demo key",
                    "keyPrefix": f"{demo[0].api_key[:12]}...",
                    "isActive": True,
                    "expiresAt": None,
                },
            }
        }
    }


async def test_another_holder_sees_another_organization(
    graphql: GraphQL, demo: Sequence[DemoOrganization], stranger: dict[str, str]
) -> None:
    viewer: dict[str, Any] = (await graphql(QUERY, headers=stranger))["data"]["viewer"]

    assert viewer["organization"]["id"] == f"organization_{demo[1].id}"
    assert viewer["user"]["id"] == f"user_{demo[1].user_id}"
    assert viewer["apiKey"]["keyPrefix"] == f"{demo[1].api_key[:12]}..."


async def test_each_part_costs_one_statement(graphql: GraphQL, statements: Counting) -> None:
    await graphql(QUERY)
    costs = []
    for selection in ("method permissions", "organization { name }", "user { id } apiKey { id }"):
        with statements() as ran:
            await graphql(f"{{ viewer {{ {selection} }} }}")
        costs.append(len([text for text in ran.texts if "FROM" in text]))

    assert costs[:2] == [0, 1]


async def test_nobody_is_told_nothing(graphql: GraphQL) -> None:
    answer = await graphql(QUERY, headers={"Authorization": "Bearer burki_" + "0" * 32})

    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
