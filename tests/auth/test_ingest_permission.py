"""The permission to bring data in: `write` includes it, and a key may have it alone."""

import pytest

from gql.accounts.key_permissions import granted_permissions
from gql.identity import Identity, Method, Permission
from tests.conftest import GraphQL, bearer
from tests.databases import Copy
from tests.rest.people import token_header

CREATE = """mutation($permissions: [Permission!]!) {
    createApiKey(input: {name: "x", permissions: $permissions}) {
        secret userErrors { message code } } }"""
VIEWER = "{ viewer { permissions } }"


@pytest.mark.parametrize(
    ("held", "may"),
    [("write", True), ("ingest", True), ("read", False), ("admin", False)],
)
def test_write_includes_it_and_nothing_else_does(held: str, *, may: bool) -> None:
    identity = Identity(1, Method.API_KEY, granted_permissions({held: True}))
    assert identity.may(Permission.INGEST) is may


def test_it_includes_nothing() -> None:
    identity = Identity(1, Method.API_KEY, frozenset({Permission.INGEST}))
    assert [each for each in Permission if identity.may(each)] == [Permission.INGEST]


async def test_a_key_that_has_it_alone_reads_and_changes_nothing(
    fresh: Copy, fresh_graphql: GraphQL
) -> None:
    created = await fresh_graphql(
        CREATE, {"permissions": ["INGEST"]}, headers=bearer(fresh.organizations[0])
    )
    headers = token_header(created["data"]["createApiKey"]["secret"])

    for document in (
        "{ viewer { permissions } }",
        "mutation { cleanUpSmsSessions(input: {}) { __typename } }",
    ):
        answer = await fresh_graphql(document, headers=headers)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_a_key_made_with_one_that_may_write_keeps_it(
    fresh: Copy, fresh_graphql: GraphQL
) -> None:
    owner = bearer(fresh.organizations[0])
    everything = {"permissions": ["READ", "WRITE", "ADMIN"]}
    parent = await fresh_graphql(CREATE, everything, headers=owner)
    with_parent = token_header(parent["data"]["createApiKey"]["secret"])
    both = {"permissions": ["READ", "INGEST"]}
    child = await fresh_graphql(CREATE, both, headers=with_parent)

    headers = token_header(child["data"]["createApiKey"]["secret"])
    answer = await fresh_graphql(VIEWER, headers=headers)

    assert answer == {"data": {"viewer": {"permissions": ["READ", "INGEST"]}}}
