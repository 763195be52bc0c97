"""Limits on documents: each at its edge, and bombs refused in milliseconds."""

import pytest
from graphql import get_introspection_query

from tests.protocol.conftest import OpenDoor
from tests.protocol.counted_calls import counted_calls
from tests.protocol.http_client import HttpClient


async def _error(client: HttpClient, document: str) -> tuple[str, str]:
    """The code and the message of the one error that a document is refused with."""
    response = await client.query(document)

    error = response.json()["errors"][0]
    assert (response.status_code, "data" in response.json()) == (400, False)
    return error["extensions"]["code"], error["message"]


def _deep(levels: int) -> str:
    return "{ a " * levels + "}" * levels


def _fields(count: int) -> str:
    return " ".join(f"f{index}" for index in range(count))


TOO_COMPLEX = "QUERY_TOO_COMPLEX"
INVALID = "GRAPHQL_VALIDATION_FAILED"
"""What a document within the limits gets whose fields are not of the schema."""

LIMITS = [
    pytest.param(
        _deep(15),
        _deep(16),
        "The operation is nested 16 levels deep; the limit is 15.",
        id="depth",
    ),
    pytest.param(
        f"query {{ {_fields(20)} }}",
        f"query {{ {_fields(21)} }}",
        "The operation has 21 root fields; the limit is 20.",
        id="root-fields",
    ),
    pytest.param(
        "{ a { " + " ".join(f"a{i}: x" for i in range(50)) + " } }",
        "{ a { " + " ".join(f"a{i}: x" for i in range(51)) + " } }",
        "The operation has 51 aliases; the limit is 50.",
        id="aliases",
    ),
    pytest.param(
        "{ a { " + _fields(1_995) + " } }",
        "{ a { " + _fields(1_996) + " } }",
        "Document contains more than 2000 tokens. Parsing aborted.",
        id="tokens",
    ),
    pytest.param(
        "{ a { " + "...F " * 3 + "} } fragment F on A { " + _fields(660) + " }",
        "{ a { " + "...F " * 4 + "} } fragment F on A { " + _fields(660) + " }",
        "The operation selects 2645 fields; the limit is 2000.",
        id="expanded-fields",
    ),
    pytest.param(
        "{ a { " + "x " * 141 + "} }",
        "{ a { " + "x " * 142 + "} }",
        "The document repeats fields or fragments too often in one place; select each field once.",
        id="repetition",
    ),
    pytest.param(
        "{ ...A } fragment A on Query { a { ...B } } fragment B on B " + _deep(14),
        "{ ...A } fragment A on Query { a { ...B } } fragment B on B " + _deep(15),
        "The operation is nested 16 levels deep; the limit is 15.",
        id="depth-through-fragments",
    ),
    pytest.param(
        "{ ...A ... on Query { x } } fragment A on Query { " + _fields(19) + " }",
        "{ ...A ... on Query { x } } fragment A on Query { " + _fields(20) + " }",
        "The operation has 21 root fields; the limit is 20.",
        id="root-fields-through-fragments",
    ),
    pytest.param(
        "{ __schema { types " + _deep(18) + " } }",
        "{ __schema { types " + _deep(19) + " } }",
        "The operation nests 21 levels below __schema; the limit is 20.",
        id="introspection-depth",
    ),
    pytest.param(
        "{ __schema { ...A } } fragment A on S { types { ...B } } fragment B on T " + _deep(18),
        "{ __schema { ...A } } fragment A on S { types { ...B } } fragment B on T " + _deep(19),
        "The operation nests 21 levels below __schema; the limit is 20.",
        id="introspection-depth-through-fragments",
    ),
]


@pytest.mark.parametrize(("within", "beyond", "message"), LIMITS)
async def test_a_limit_lets_its_own_figure_through_and_not_one_more(
    client: HttpClient, within: str, beyond: str, message: str
) -> None:
    code, _ = await _error(client, within)

    assert code == INVALID
    assert await _error(client, beyond) == (TOO_COMPLEX, message)


async def test_the_figures_are_printed_for_machines(client: HttpClient) -> None:
    response = await client.query(_deep(16))

    extensions = response.json()["errors"][0]["extensions"]
    assert {key: extensions[key] for key in ("code", "figure", "limit")} == {
        "code": TOO_COMPLEX,
        "figure": 16,
        "limit": 15,
    }


async def test_every_operation_of_a_document_is_held_to_the_limits(client: HttpClient) -> None:
    code, _ = await _error(client, "query A { __typename } query B " + _deep(16))

    assert code == TOO_COMPLEX


async def test_an_unknown_fragment_is_left_to_validation(client: HttpClient) -> None:
    assert await _error(client, "{ ...A }") == (INVALID, "Unknown fragment 'A'.")


async def test_under_application_json_a_limit_answers_200_without_data(client: HttpClient) -> None:
    response = await client.post({"query": _deep(16)})

    assert response.status_code == 200
    assert response.json().keys() == {"errors"}


async def test_the_standard_introspection_query_passes_the_strictest_depth(
    open_door: OpenDoor,
) -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    async with open_door(max_depth=1) as client:
        response = await client.query(query)

    assert response.json().keys() == {"data"}


async def test_introspection_can_be_switched_off(open_door: OpenDoor) -> None:
    async with open_door(introspection=False) as client:
        refusals = [
            await _error(client, document)
            for document in (
                "{ __schema { description } }",
                '{ __type(name: "Query") { name } }',
                "{ ...F } fragment F on Query { ... { __schema { description } } }",
            )
        ]
        typename = await client.query("{ __typename }")

    assert (
        refusals
        == [
            (
                "INTROSPECTION_DISABLED",
                "Introspection is switched off on this server (GQL_INTROSPECTION).",
            )
        ]
        * 3
    )
    assert typename.json() == {"data": {"__typename": "Query"}}


async def test_a_fragment_that_spreads_itself_is_refused(client: HttpClient) -> None:
    assert await _error(
        client, "{ ...A } fragment A on Query { ...B } fragment B on Query { a { ...A } }"
    ) == (INVALID, "Fragment 'A' spreads itself; remove the cycle.")


def _bomb(selection: str, leaf: str) -> str:
    """Thirty fragments that each spread the next one as often as `selection` does."""
    body = "".join(
        f"fragment F{level} on Q{{{selection.replace('NEXT', f'F{level + 1}')}}}"
        for level in range(30)
    )
    return f"{{...F0}}{body}fragment F30 on Q{{{leaf}}}"


BOMBS = {
    "nested": _bomb("a{...NEXT}b{...NEXT}", "c"),
    "aliased": _bomb("a:c{...NEXT}b:c{...NEXT}", "c"),
    "flat": _bomb("...NEXT ...NEXT", "c"),
    "empty": _bomb("...NEXT ...NEXT", ""),
    "inline": _bomb("...{...NEXT}...{...NEXT}", "c"),
    "repeated": "{a{" + "id " * 1_500 + "}}",
    "repeated-deep": "{a{" + ("b{" + ("c{" + "d " * 11 + "}") * 11 + "}") * 11 + "}}",
    "chained": "{...F0}"
    + "".join(f"fragment F{level} on Q{{...F{level + 1}}}" for level in range(240))
    + "fragment F240 on Q{c}",
    "spread": "{"
    + " ".join(f"...F{index}" for index in range(200))
    + "}"
    + "".join(f"fragment F{index} on Q{{c}}" for index in range(200)),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_refused_in_linear_time(client: HttpClient, name: str) -> None:
    await client.query("{ __typename }")

    with counted_calls() as calls:
        code, _ = await _error(client, BOMBS[name])

    assert code == TOO_COMPLEX
    assert calls.number < 10_000 + 30 * len(BOMBS[name])


async def test_three_hundred_levels_of_brackets_are_refused_by_the_parser(
    client: HttpClient,
) -> None:
    assert await _error(client, _deep(300)) == (
        TOO_COMPLEX,
        "Document is nested too deeply. Parsing aborted.",
    )
