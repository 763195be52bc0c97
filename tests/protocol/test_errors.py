"""Errors: each with a code and a request id, each bug masked and logged."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
import strawberry
from starlette.types import Scope

from gql.database import Database
from gql.errors import GatewayError, Unavailable, error_table
from gql.identity import Identity
from gql.query.context import Context
from gql.schema import operation_reader
from gql.schema.endpoint import GraphQLEndpoint
from tests.databases import Copy, settings_for
from tests.protocol.conftest import OpenDoor, identify
from tests.protocol.failing_schema import SECRET, schema
from tests.protocol.http_client import HttpClient, door

UNEXPECTED = "Unexpected error; the request id leads to the log."


def _without_id(answer: Any) -> Any:
    """An answer without its request ids, after proving that every error has the same one."""
    ids = {error["extensions"].pop("requestId") for error in answer["errors"]}
    assert len(ids) == 1
    return answer


@pytest.mark.parametrize(
    ("field", "message", "extensions"),
    [
        (
            "missing",
            "There is no call 7 in your organization.",
            {"code": "NOT_FOUND"},
        ),
        ("forbidden", "Not this one.", {"code": "FORBIDDEN"}),
        ("unavailable", "Try again.", {"code": "UNAVAILABLE"}),
        (
            "unusable",
            "`first` is 101; at most 100.",
            {"code": "BAD_USER_INPUT", "argument": "first", "most": 100},
        ),
        ("bug", UNEXPECTED, {"code": "INTERNAL_SERVER_ERROR"}),
        ("unclassified", UNEXPECTED, {"code": "INTERNAL_SERVER_ERROR"}),
        ("tooBig", UNEXPECTED, {"code": "INTERNAL_SERVER_ERROR"}),
    ],
)
async def test_what_a_field_raises_is_said_beside_the_data(
    failing: HttpClient, field: str, message: str, extensions: dict[str, Any]
) -> None:
    response = await failing.query(f"{{ fine {field} }}")

    assert response.status_code == 200
    assert _without_id(response.json()) == {
        "errors": [
            {
                "message": message,
                "locations": [{"line": 1, "column": 8}],
                "path": [field],
                "extensions": extensions,
            }
        ],
        "data": {"fine": "fine", field: None},
    }


async def test_every_error_of_an_answer_is_named_by_its_path(failing: HttpClient) -> None:
    response = await failing.query("{ child { broken } children { renamed: broken } bug }")

    answer = _without_id(response.json())
    assert answer["data"] == {"child": None, "children": [None], "bug": None}
    assert [error["path"] for error in answer["errors"]] == [
        ["child", "broken"],
        ["children", 0, "renamed"],
        ["bug"],
    ]


@pytest.mark.parametrize("document", ["{ fine never }", "{ nothing }"])
async def test_data_that_is_null_altogether_is_still_a_result(
    failing: HttpClient, document: str
) -> None:
    response = await failing.query(document)

    answer = response.json()
    assert (response.status_code, answer["data"]) == (200, None)
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_a_bug_is_logged_whole_with_the_request_id(
    failing: HttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "gql"):
        response = await failing.query("{ child { broken } }")

    assert SECRET not in response.text
    request_id = response.json()["errors"][0]["extensions"]["requestId"]
    (record,) = caplog.records
    assert record.getMessage() == "unexpected error in child/broken"
    assert vars(record)["request_id"] == request_id
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], RuntimeError)
    assert str(record.exc_info[1]) == SECRET


async def test_what_is_not_a_bug_is_not_logged(
    failing: HttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    await failing.query("{ missing unavailable unusable }")
    await failing.query("{ noSuchField }")
    await failing.query("{")

    assert caplog.records == []


async def test_a_bug_of_the_endpoint_itself_is_a_masked_500(
    failing: HttpClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(operation_reader, "choose_operation", broken)
    response = await failing.query("{ fine }")

    assert response.status_code == 500
    assert _without_id(response.json()) == {
        "errors": [{"message": UNEXPECTED, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]
    }
    (record,) = caplog.records
    assert SECRET in str(record.exc_text or record.exc_info)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"paint": {"colour": "BLUE"}},
            "Value 'BLUE' does not exist in 'Colour' enum.",
        ),
        ({}, "Variable '$paint' has invalid value: Expected a value of non-null type 'Paint!'"),
        ({"paint": {"colour": "RED"}, "times": 2**40}, "Int cannot represent non 32-bit"),
        ({"paint": {"colour": "RED"}, "times": "2"}, "Int cannot represent non-integer value"),
    ],
)
async def test_a_variable_that_does_not_fit_is_a_request_error(
    failing: HttpClient, variables: dict[str, Any], message: str
) -> None:
    response = await failing.query(
        "query ($paint: Paint!, $times: Int) { painted(paint: $paint, times: $times) }",
        **variables,
    )

    answer = _without_id(response.json())
    assert (response.status_code, answer.keys()) == (400, {"errors"})
    assert message in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("document", "variable", "path"),
    [
        ("query ($x: Int = 1) { painted(paint: {colour: RED}, times: $x) }", "x", "painted"),
        ("query ($x: String) { renamed(name: $x) }", "x", "renamed"),
    ],
)
async def test_an_argument_that_does_not_fit_is_an_error_of_its_field(
    failing: HttpClient, document: str, variable: str, path: str
) -> None:
    response = await failing.query(document, **{variable: None})

    answer = _without_id(response.json())
    assert (response.status_code, "data" in answer) == (200, True)
    assert answer["errors"][0]["path"] == [path]
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "document",
    [
        "{ chosen(by: {id: 1, name: 2}) }",
        "{ chosen(by: {}) }",
        "{ chosen(by: {id: null}) }",
        "{ chosen(by: {id: $undefined}) }",
    ],
)
async def test_a_one_of_input_takes_exactly_one_field(failing: HttpClient, document: str) -> None:
    response = await failing.query(document)

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("by", [{}, {"id": 1, "name": "x"}, {"id": None}])
async def test_a_one_of_variable_takes_exactly_one_field(
    failing: HttpClient, by: dict[str, Any]
) -> None:
    response = await failing.query("query ($by: By!) { chosen(by: $by) }", by=by)

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "document",
    [
        "query ($id: Int) { chosen(by: {id: $id}) }",
        "query ($id: Int = 7) { chosen(by: {id: $id}) }",
        "fragment F on Query { chosen(by: {id: $id}) } query ($id: Int) { ...F }",
    ],
)
async def test_a_variable_in_a_one_of_input_may_not_be_null(
    failing: HttpClient, document: str
) -> None:
    """By the September 2025 edition, 5.8.5, whatever its value is."""
    response = await failing.query(document, id=7)

    (error,) = response.json()["errors"]
    assert response.status_code == 400
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["message"] == (
        "Variable '$id' is of type 'Int' but must be non-nullable"
        " to be used for OneOf Input Object 'By'."
    )


async def test_introspection_says_of_inputs_alone_whether_they_are_one_of(
    client: HttpClient,
) -> None:
    names = {"a": "CallBy", "b": "CallFilter", "c": "Call", "d": "String", "e": "CallStatus"}
    fields = " ".join(f'{key}: __type(name: "{name}") {{ isOneOf }}' for key, name in names.items())

    response = await client.query(f"{{ {fields} }}")

    expected = {"a": True, "b": False, "c": None, "d": None, "e": None}
    assert response.json() == {"data": {key: {"isOneOf": value} for key, value in expected.items()}}


async def test_a_one_of_input_may_stand_in_a_fragment_before_the_operation(
    failing: HttpClient,
) -> None:
    response = await failing.query(
        "fragment F on Query { chosen(by: {id: $id}) } query ($id: Int!) { ...F }", id=7
    )

    assert response.json() == {"data": {"chosen": "7"}}


SUGGESTED = [
    "{ fin }",
    "{ painted(pain: {colour: RED}) }",
    "{ painted(paint: {colour: GREN}) }",
    "{ painted(paint: {color: RED}) }",
    "query ($x: Pain) { painted(paint: $x) }",
    "fragment F on Quer { fine } { ...F }",
]


@pytest.mark.parametrize("document", SUGGESTED)
async def test_suggestions_can_be_switched_off(open_failing: OpenDoor, document: str) -> None:
    async with open_failing() as client:
        suggesting = (await client.query(document)).text
    async with open_failing(suggestions=False) as client:
        silent = (await client.query(document)).text

    assert "Did you mean" in suggesting
    assert "Did you mean" not in silent


@pytest.mark.parametrize("suggestions", [True, False])
async def test_suggestions_about_variables_can_be_switched_off(
    open_failing: OpenDoor, suggestions: bool
) -> None:
    async with open_failing(suggestions=suggestions) as client:
        answers = [
            await client.query("query ($p: Paint!) { painted(paint: $p) }", p=paint)
            for paint in ({"colour": "GREN"}, {"colour": "RED", "layer": 1})
        ]

    assert [("Did you mean" in answer.text) for answer in answers] == [suggestions] * 2


async def test_a_request_without_a_credential_is_asked_for_one(open_failing: OpenDoor) -> None:
    async with open_failing(None) as nobody:
        response = await nobody.query("{ __typename }")

    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert _without_id(response.json()) == {
        "errors": [{"message": "Send an API key.", "extensions": {"code": "UNAUTHENTICATED"}}]
    }


async def test_a_credential_is_looked_at_before_the_body(open_failing: OpenDoor) -> None:
    async with open_failing(None) as nobody:
        response = await nobody.send(b"nonsense")

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("caller", "document", "status", "permission"),
    [
        ("idler", "{ __typename }", 403, "read"),
        ("idler", "mutation { __typename }", 403, "write"),
        ("reader", "mutation { __typename }", 403, "write"),
        ("reader", "{ __typename }", 200, None),
        ("writer", "mutation { __typename }", 200, None),
    ],
)
async def test_queries_need_the_read_permission_and_mutations_the_write_permission(
    open_failing: OpenDoor, caller: str, document: str, status: int, permission: str | None
) -> None:
    async with open_failing(caller) as client:
        response = await client.query(document)

    assert response.status_code == status
    if permission is not None:
        assert _without_id(response.json()) == {
            "errors": [
                {
                    "message": f"This needs the {permission} permission, "
                    "which your credential lacks.",
                    "extensions": {"code": "FORBIDDEN"},
                }
            ]
        }


async def test_credentials_that_cannot_be_checked_are_a_503(
    gateway: Copy,
) -> None:
    async def unreachable(_: Scope) -> Identity | GatewayError:
        return Unavailable("The database cannot be reached right now; try again.")

    settings = settings_for(gateway.url)
    app = GraphQLEndpoint(schema, Database(settings), settings, identify=unreachable)
    async with door(app, None) as client:
        response = await client.query("{ fine }")

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_a_subscription_is_sent_elsewhere(failing: HttpClient) -> None:
    response = await failing.query("subscription { ticks }")

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == (
        "Send subscriptions over a WebSocket, or with the header `Accept: text/event-stream`."
    )


async def test_an_operation_runs_in_a_context_of_its_caller_that_is_closed_after_it(
    failing: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    close = Context.close

    async def record(context: Context) -> None:
        await close(context)
        closed.append(context.request_id)

    monkeypatch.setattr(Context, "close", record)
    answers = [(await failing.query("{ organization requestId }")).json() for _ in range(2)]
    await failing.query("{ bug }")

    assert [answer["data"]["organization"] for answer in answers] == [1, 1]
    assert [answer["data"]["requestId"] for answer in answers] == closed[:2]
    assert len(set(closed)) == 3


def test_a_schema_with_extensions_is_refused_because_they_would_not_run(
    gateway: Copy,
) -> None:
    settings = settings_for(gateway.url)
    extended = strawberry.Schema(
        strawberry.type(type("Query", (), {"__annotations__": {"a": int}})),
        extensions=[strawberry.extensions.SchemaExtension],
    )

    with pytest.raises(ValueError, match="does not run Strawberry's schema extensions"):
        GraphQLEndpoint(extended, Database(settings), settings, identify=identify)


def test_the_error_table_of_the_documentation_is_the_one_of_the_code() -> None:
    page = Path(__file__).parents[2] / "docs" / "errors.md"

    assert error_table() in page.read_text()


def test_every_error_says_what_it_means_and_has_its_own_code() -> None:
    rows = error_table().splitlines()[2:]
    codes = [row.split("`")[1] for row in rows]

    assert len(codes) == len(set(codes))
    assert all(row.count(" | ") == 2 and row.endswith(". |") for row in rows)


async def test_without_introspection_and_suggestions_no_name_is_told(open_door: OpenDoor) -> None:
    """Whoever guesses one name must not learn others from the errors."""
    guesses: list[tuple[str, dict[str, Any], str]] = [
        ("{ grap }", {}, "Cannot query field 'grap' on type '…'."),
        ("{ graph { name } }", {}, "Argument '….graph(…:)' of type '…!' is required"),
        ('{ calls(filter: {status: {eq: "x"}}) { nodes { id } } }', {}, "'…'"),
        (
            "mutation ($input: CreateGraphInput!) { createGraph(input: $input) { edgeIds } }",
            {"input": {}},
            "'…",
        ),
    ]
    async with open_door(introspection=False, suggestions=False) as client:
        for document, variables, message in guesses:
            answer = await client.query(document, **variables)

            (error, *_) = answer.json()["errors"]
            assert message in error["message"]
            quoted = re.findall(r"\w+", " ".join(re.findall(r"'[^']*'", error["message"])))
            assert set(quoted) <= set(re.findall(r"\w+", document))
    async with open_door(suggestions=False) as client:
        answer = await client.query("{ grap }")
    assert answer.json()["errors"][0]["message"] == "Cannot query field 'grap' on type 'Query'."
