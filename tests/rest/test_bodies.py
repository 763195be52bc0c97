"""How bodies are read and refused: 422 in the usual form, 400 with all problems for structures."""

import gzip
from typing import Any

import pytest

from gql.rest.json_body import parse_body
from gql.rest.unprocessable import BadBody
from tests.databases import settings_for
from tests.rest.conftest import Rest

GRAPHS = "/api/v1/assistant-graphs"
NOT_A_MODEL = "Input should be a valid dictionary or object to extract fields from"

BROKEN = [
    (b'{"name": ', 9, "Expecting value"),
    (b"{'a': 1}", 1, "Expecting property name enclosed in double quotes"),
    (b'{"a": 1}}', 8, "Extra data"),
    (b"nope", 0, "Expecting value"),
    (b'{"a": "\n"}', 7, "Invalid control character at"),
]


@pytest.mark.parametrize(("raw", "at", "reason"), BROKEN)
async def test_broken_json_says_where_and_why(rest: Rest, raw: bytes, at: int, reason: str) -> None:
    answer = await rest("PUT", f"{GRAPHS}/1", raw=raw)

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "json_invalid",
                "loc": ["body", at],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": reason},
            }
        ]
    }


async def test_a_body_is_plain_or_gzip_and_may_begin_with_a_byte_order_mark(
    fresh_rest: Rest,
) -> None:
    description = b'{"description": "%b"}'
    answers = [
        await fresh_rest("PUT", f"{GRAPHS}/1", raw=raw, more=headers)
        for raw, headers in (
            (gzip.compress(description % b"packed"), {"Content-Encoding": "gzip"}),
            (b"\xef\xbb\xbf" + description % b"marked", {}),
            (description % b"other", {"Content-Encoding": "br"}),
            (b'{"description": "no gzip"}', {"Content-Encoding": "gzip"}),
            (gzip.compress(b" " * 1_000_001), {"Content-Encoding": "gzip"}),
        )
    ]

    assert [each.status_code for each in answers] == [200, 200, 415, 400, 413]
    assert [each.json()["description"] for each in answers[:2]] == ["packed", "marked"]
    assert answers[2].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("raw", [b"", b"null"])
async def test_no_body_is_a_missing_field(rest: Rest, raw: bytes) -> None:
    answer = await rest("PUT", f"{GRAPHS}/1", raw=raw)

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]
    }


@pytest.mark.parametrize("value", [[], 5, "x", True])
async def test_a_body_that_is_no_object_is_refused(rest: Rest, value: Any) -> None:
    answer = await rest("PUT", f"{GRAPHS}/1", value)

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {"type": "model_attributes_type", "loc": ["body"], "msg": NOT_A_MODEL, "input": value}
        ]
    }


async def test_wrong_fields_are_refused_together(rest: Rest) -> None:
    answer = await rest("PUT", f"{GRAPHS}/x", {"name": 3, "configuration": []})

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "int_parsing",
                "loc": ["path", "graph_id"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "x",
            },
            {
                "type": "string_type",
                "loc": ["body", "name"],
                "msg": "Input should be a valid string",
                "input": 3,
            },
            {
                "type": "dict_type",
                "loc": ["body", "configuration"],
                "msg": "Input should be a valid dictionary",
                "input": [],
            },
        ]
    }


@pytest.mark.parametrize(
    "raw", [b'{"name": "\xff"}', b'{"name": "\\ud800"}', b'{"priority": NaN}', b"[" * 100_000]
)
async def test_what_python_would_let_through_is_still_no_json(rest: Rest, raw: bytes) -> None:
    answer = await rest("PUT", f"{GRAPHS}/1", raw=raw)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"configuration": ' + b'{"a":' * 80 + b"1" + b"}" * 81,
        b'{"name": "a\\u0000b"}',
        b'{"configuration": {"a\\u0000b": 1}}',
        b'{"configuration": {"a": ["\\u0000"]}}',
    ],
)
async def test_what_no_database_keeps_is_refused(rest: Rest, raw: bytes) -> None:
    answer = await rest("PUT", f"{GRAPHS}/1", raw=raw)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "value_error"


def test_nesting_up_to_the_limit_is_read() -> None:
    settings = settings_for("sqlite:///unused.db", max_json_depth=3)

    assert parse_body(b"[[[1]]]", settings) == [[[1]]]
    with pytest.raises(BadBody):
        parse_body(b'[[{"a": []}]]', settings)


async def test_a_body_over_the_limit_is_413(rest: Rest) -> None:
    answer = await rest("PUT", f"{GRAPHS}/1", {"description": "x" * 1_000_000})

    assert answer.status_code == 413
    assert answer.json() == {"detail": "The body is longer than 1000000 bytes."}


async def test_a_body_needs_no_content_type(fresh_rest: Rest) -> None:
    """Upstream reads a body without one as JSON, and so do we."""
    answer = await fresh_rest("PUT", f"{GRAPHS}/1", raw=b'{"description": "new"}')

    assert answer.json()["description"] == "new"


async def test_a_thousand_mistakes_are_answered_with_a_hundred(rest: Rest) -> None:
    body = {"name": "Wrong", "nodes": [1] * 1_000, "edges": []}

    answer = await rest("POST", GRAPHS, body)

    assert answer.status_code == 400
    assert len(answer.json()["errors"]) <= 101
    assert len(answer.content) < 50_000


@pytest.mark.parametrize("number", [2**63, 10**19, 10**20, 10**30, -(10**30), 2**100])
async def test_a_whole_number_of_more_than_64_bits_is_refused_not_rounded(
    rest: Rest, number: int
) -> None:
    body = {"name": "Big", "configuration": {"a": [number]}, "nodes": [], "edges": []}

    answer = await rest("POST", GRAPHS, body)
    misplaced = await rest("PUT", f"{GRAPHS}/1", {"name": number})

    assert answer.status_code == 400
    problem = "configuration has a number that is outside of 64 bits at /a/0"
    assert problem in answer.json()["detail"]
    assert misplaced.status_code == 422
    assert misplaced.json()["detail"][0]["loc"] == ["body", "name"]


STRUCTURES = [("POST", GRAPHS), ("PUT", f"{GRAPHS}/1/structure")]


@pytest.mark.parametrize(("method", "path"), STRUCTURES)
async def test_structures_are_refused_with_400_and_one_sentence(
    rest: Rest, method: str, path: str
) -> None:
    answer = await rest(method, path, raw=b'{"nodes": ')

    assert answer.status_code == 400
    assert answer.json() == {
        "detail": "The body is not JSON at character 10: Expecting value",
        "errors": [
            {
                "type": "json_invalid",
                "loc": ["body", 10],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": "Expecting value"},
            }
        ],
    }


@pytest.mark.parametrize(("method", "path"), STRUCTURES)
async def test_a_structure_that_is_no_object_is_refused_once(
    rest: Rest, method: str, path: str
) -> None:
    answer = await rest(method, path, [])

    assert answer.status_code == 400
    assert answer.json() == {
        "detail": f"The body: {NOT_A_MODEL}",
        "errors": [
            {"type": "model_attributes_type", "loc": ["body"], "msg": NOT_A_MODEL, "input": []}
        ],
    }


async def test_wrong_query_parameters_stay_422_there(rest: Rest) -> None:
    answer = await rest("PUT", f"{GRAPHS}/abc/structure", {})

    assert answer.status_code == 422


async def test_form_and_content_of_a_structure_are_refused_together(rest: Rest) -> None:
    """Wrong types are listed beside what only the database knows, and nothing is listed twice."""
    body = {
        "name": "All wrong",
        "nodes": [
            {"assistant_id": True, "node_type": "entry"},
            {"assistant_id": 99_999, "position": {"x": 0, "y": 0}},
            {"assistant_id": 1, "node_type": "entry"},
            3,
        ],
        "edges": [
            {"from_node_id": 7, "to_node_id": -1, "condition_type": "magic"},
            {"from_node_id": 0, "to_node_id": 1},
            {"from_node_id": "x", "condition_type": "intent"},
        ],
    }

    answer = await rest("POST", GRAPHS, body)

    assert answer.status_code == 400
    refusal = answer.json()
    assert [(error["type"], error["loc"][1:]) for error in refusal["errors"]] == [
        ("int_type", ["nodes", 0, "assistant_id"]),
        ("model_attributes_type", ["nodes", 3]),
        ("literal_error", ["edges", 0, "condition_type"]),
        ("int_parsing", ["edges", 2, "from_node_id"]),
        ("missing", ["edges", 2, "to_node_id"]),
        ("not_found", ["nodes", 1, "assistant_id"]),
        ("invalid", ["nodes", 2, "node_type"]),
        ("out_of_range", ["edges", 0, "from_node_id"]),
        ("out_of_range", ["edges", 0, "to_node_id"]),
        ("required", ["edges", 1, "condition_type"]),
    ]
    assert refusal["detail"].startswith("nodes[0].assistant_id: Input should be a valid integer; ")
    assert "edges[0].from_node_id is 7, but the request has 4 nodes (0-3)" in refusal["detail"]
    literal = refusal["errors"][2]
    assert literal["msg"] == (
        "Input should be 'intent', 'natural_language', 'mathematical' or 'state_variable'"
    )
    assert literal["input"] == "magic"
