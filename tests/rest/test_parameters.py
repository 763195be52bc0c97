"""How path and query parameters are read, and how wrong ones are refused, word for word."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel

from gql.domain.assistants import ASSISTANTS
from gql.rest.filters import FilterBy, Filters
from gql.rest.parameters import Instant, SmallInteger, read_query
from tests.rest.conftest import Rest

GRAPHS = "/api/v1/assistant-graphs"
NOT_AN_INTEGER = "Input should be a valid integer, unable to parse string as an integer"
NOT_A_BOOLEAN = "Input should be a valid boolean, unable to interpret input"


def problem(kind: str, loc: list[str], msg: str, value: str, **ctx: Any) -> dict[str, Any]:
    detail: dict[str, Any] = {"type": kind, "loc": loc, "msg": msg, "input": value}
    return {**detail, "ctx": ctx} if ctx else detail


WRONG = [
    (
        "?limit=0",
        problem(
            "greater_than_equal",
            ["query", "limit"],
            "Input should be greater than or equal to 1",
            "0",
            ge=1,
        ),
    ),
    (
        "?limit=1001",
        problem(
            "less_than_equal",
            ["query", "limit"],
            "Input should be less than or equal to 1000",
            "1001",
            le=1000,
        ),
    ),
    (
        "?skip=-1",
        problem(
            "greater_than_equal",
            ["query", "skip"],
            "Input should be greater than or equal to 0",
            "-1",
            ge=0,
        ),
    ),
    ("?limit=abc", problem("int_parsing", ["query", "limit"], NOT_AN_INTEGER, "abc")),
    ("?limit=", problem("int_parsing", ["query", "limit"], NOT_AN_INTEGER, "")),
    ("/abc", problem("int_parsing", ["path", "graph_id"], NOT_AN_INTEGER, "abc")),
    ("/1.5", problem("int_parsing", ["path", "graph_id"], NOT_AN_INTEGER, "1.5")),
    (
        "?active_only=maybe",
        problem("bool_parsing", ["query", "active_only"], NOT_A_BOOLEAN, "maybe"),
    ),
]


@pytest.mark.parametrize(("address", "expected"), WRONG)
async def test_a_wrong_parameter_is_refused_in_the_documented_form(
    rest: Rest, address: str, expected: dict[str, Any]
) -> None:
    answer = await rest("GET", GRAPHS + address)

    assert answer.status_code == 422
    assert answer.json() == {"detail": [expected]}


async def test_every_problem_is_listed_at_once(rest: Rest) -> None:
    answer = await rest("GET", f"{GRAPHS}/abc/sessions?skip=-1&limit=0&active_only=maybe")

    assert [detail["loc"] for detail in answer.json()["detail"]] == [
        ["path", "graph_id"],
        ["query", "skip"],
        ["query", "limit"],
        ["query", "active_only"],
    ]


@pytest.mark.parametrize("text", ["1.0", "%2B1", "+1", "0_1", " 1 ", "01"])
async def test_integers_are_read_leniently(rest: Rest, text: str) -> None:
    answer = await rest("GET", f"{GRAPHS}?limit={text}")

    assert answer.status_code == 200
    assert len(answer.json()) == 1


async def test_of_a_repeated_parameter_the_last_counts(rest: Rest) -> None:
    answer = await rest("GET", f"{GRAPHS}?limit=nonsense&limit=2")

    assert len(answer.json()) == 2


async def test_an_unknown_parameter_is_ignored(rest: Rest) -> None:
    assert (await rest("GET", f"{GRAPHS}?page=2&page_size=x")).status_code == 200


@pytest.mark.parametrize(
    ("text", "active"),
    [
        *((yes, True) for yes in ("true", "1", "yes", "on", "t", "y", "TRUE")),
        *((no, False) for no in ("false", "0", "no", "off", "f", "n")),
    ],
)
async def test_booleans_are_read_leniently(rest: Rest, text: str, active: bool) -> None:
    graphs = (await rest("GET", f"{GRAPHS}?active_only={text}")).json()

    assert all(graph["is_active"] for graph in graphs) is active


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 30, "9" * 5_000, "-" + "9" * 30])
async def test_an_id_beyond_64_bits_is_like_one_that_is_not_there(rest: Rest, number: str) -> None:
    for path in (f"{GRAPHS}/{number}", f"{GRAPHS}/{number}/sessions"):
        answer = await rest("GET", path)
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith("There is no graph ")


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775807", "777777"])
async def test_an_id_that_is_not_there_is_404(rest: Rest, number: str) -> None:
    answer = await rest("GET", f"{GRAPHS}/{number}")

    assert answer.status_code == 404
    assert answer.json() == {"detail": f"There is no graph {number} in your organization."}


@pytest.mark.parametrize("number", ["9" * 18, "9" * 40, "9" * 5_000])
async def test_passing_over_more_rows_than_there_can_be_leaves_none(
    rest: Rest, number: str
) -> None:
    answer = await rest("GET", f"{GRAPHS}?skip={number}")

    assert (answer.status_code, answer.json()) == (200, [])


async def test_a_nul_character_in_a_path_is_not_found(rest: Rest) -> None:
    assert (await rest("GET", f"{GRAPHS}/sessions/CA%00")).status_code == 404


class Query(BaseModel):
    since: Instant | None = None
    seconds: SmallInteger | None = None


def read(query: str) -> Any:
    return read_query(Query, {"query_string": query.encode()})


NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-01T12:00:00Z", NOON),
        ("2024-01-01T12:00:00", NOON),
        ("2024-01-01 12:00:00", NOON),
        ("2024-01-01T14:00:00%2B02:00", NOON),
        ("2024-01-01T14:00:00+02:00", NOON),
        ("2024-01-01T14:00:00+0200", NOON),
        ("2024-01-01T07:00:00-05:00", NOON),
        ("2024-01-01T12:00:00.000Z", NOON),
        ("1704110400", NOON),
        ("2024-01-01", datetime(2024, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00%2B02:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_instants_are_read_leniently(text: str, expected: datetime) -> None:
    """A `+` that was not escaped arrives as a space; a bare date is its midnight; naive is UTC."""
    query, problems = read(f"since={text}")

    assert problems == []
    assert query.since == expected


def test_a_wrong_instant_is_refused_in_the_documented_form() -> None:
    _, problems = read("since=nope")

    words = "Input should be a valid datetime or date, input is too short"
    expected = problem("datetime_from_date_parsing", ["query", "since"], words, "nope")
    assert problems == [{**expected, "ctx": {"error": "input is too short"}}]


@pytest.mark.parametrize(
    ("text", "expected"), [("9" * 40, 2**31 - 1), ("-" + "9" * 40, 1 - 2**31), ("5", 5)]
)
def test_a_number_that_no_row_can_have_is_as_good_as_the_largest(text: str, expected: int) -> None:
    query, problems = read(f"seconds={text}")

    assert (query.seconds, problems) == (expected, [])


def test_a_nul_character_in_the_query_is_refused() -> None:
    _, problems = read(f"since={quote(chr(0))}")

    assert [problem["loc"] for problem in problems] == [["query", "since"]]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (str | None, "SidFilters.call_sid filters nothing: annotate it with `FilterBy`"),
        (
            Annotated[str | None, FilterBy("call_sid")],
            (
                "SidFilters.call_sid filters nothing: add 'call_sid' to the `filters` of the"
                " resource 'assistant' in gql/domain"
            ),
        ),
    ],
    ids=["without a criterion", "with a criterion of another resource"],
)
def test_a_query_parameter_is_one_of_the_criteria_of_its_list(
    annotation: Any, message: str
) -> None:
    with pytest.raises(TypeError) as raised:
        type(
            "SidFilters",
            (Filters,),
            {"__annotations__": {"call_sid": annotation}, "resource": ASSISTANTS},
        )

    assert str(raised.value) == message
