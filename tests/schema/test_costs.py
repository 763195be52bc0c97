"""`costs` and `summary`: every sum beside what Python makes of the same rows."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gql.database import Database
from gql.models.assistant import Assistant
from tests.conftest import Counting, GraphQL
from tests.schema.cost_oracle import FIGURES, figures, grouped, selection, without_deleted
from tests.schema.lists import CALLS, Row, ids, read, refusal, rows_of

COSTS = """query($filter: CallFilter, $groupBy: [CostDimension!], $zone: String! = "UTC",
        $first: Int! = 1000, $orderBy: CostOrder, $empty: Boolean! = false,
        $compareTo: CostComparison, $channels: [Channel!]) {
    costs(filter: $filter, groupBy: $groupBy, timezone: $zone, first: $first, orderBy: $orderBy,
            emptyBuckets: $empty, compareTo: $compareTo, channels: $channels) {
        groupCount groups { SELECTION }
    }
}"""

ALL_TIME = {"startedAt": {"gte": "2020-01-01", "lt": "2030-01-01"}}


async def report(graphql: GraphQL, selection: str, **variables: Any) -> dict[str, Any]:
    """The answer to `costs`."""
    answer = await graphql(COSTS.replace("SELECTION", selection), variables)
    assert "errors" not in answer, answer
    costs: dict[str, Any] = answer["data"]["costs"]
    return costs


@pytest.mark.parametrize(
    "dimensions",
    [
        [],
        ["STATUS"],
        ["MONTH"],
        ["WEEK", "STATUS"],
        ["DAY", "ASSISTANT"],
        ["SOURCE", "CHANNEL", "ENDED_REASON", "NUMBER"],
    ],
    ids=lambda names: "-".join(names) or "currency",
)
async def test_groups_have_the_sums_of_their_calls(
    graphql: GraphQL, database: Database, dimensions: list[str]
) -> None:
    calls, zone = await rows_of(database, CALLS), "America/New_York"
    assistants = {row["id"] for row in await read(database, Assistant)}
    expected = [
        without_deleted(each, assistants) for each in grouped(calls, dimensions, ZoneInfo(zone))
    ]

    answer = await report(
        graphql, selection(dimensions), filter=ALL_TIME, groupBy=dimensions, zone=zone
    )

    assert answer == {"groupCount": len(expected), "groups": expected}


@pytest.mark.parametrize("dimensions", [["DAY", "ASSISTANT"], ["MONTH", "STATUS", "ENDED_REASON"]])
async def test_the_filter_of_a_group_lists_its_calls(
    graphql: GraphQL, dimensions: list[str]
) -> None:
    filter_ = {
        **ALL_TIME,
        "status": {"in": ["COMPLETED", "ONGOING"]},
        "any": [{"duration": {"gte": 100}}, {"duration": {"isNull": True}}],
    }

    answer = await report(
        graphql, "filter calls", filter=filter_, groupBy=dimensions, first=9, zone="Europe/Paris"
    )

    assert len(answer["groups"]) == 9
    for group in answer["groups"]:
        assert len(await ids(graphql, CALLS, group["filter"])) == group["calls"]


async def test_days_follow_the_clocks_of_their_zone(graphql: GraphQL) -> None:
    """The last Sunday of March has 23 hours in Berlin, that of October 25."""
    query = {"groupBy": ["DAY"], "zone": "Europe/Berlin", "empty": True}

    spring = await report(
        graphql,
        "start end",
        filter={"startedAt": {"gte": "2026-03-28T12:00:00Z", "lte": "2026-03-29T22:00:00Z"}},
        **query,
    )
    autumn = await report(
        graphql,
        "start end calls cost { total } duration { sum average p50 } filter",
        filter={"startedAt": {"gt": "2021-10-30T22:00:00Z", "lt": "2021-10-31T23:00:00Z"}},
        **query,
    )

    assert spring["groups"] == [
        {"start": "2026-03-27T23:00:00Z", "end": "2026-03-28T23:00:00Z"},
        {"start": "2026-03-28T23:00:00Z", "end": "2026-03-29T22:00:00Z"},
        {"start": "2026-03-29T22:00:00Z", "end": "2026-03-30T22:00:00Z"},
    ]
    assert autumn["groups"] == [
        {
            "start": "2021-10-30T22:00:00Z",
            "end": "2021-10-31T23:00:00Z",
            "calls": 0,
            "cost": {"total": None},
            "duration": {"sum": "0", "average": None, "p50": None},
            "filter": {
                "startedAt": {"gt": "2021-10-30T22:00:00Z", "lt": "2021-10-31T23:00:00Z"},
                "any": [
                    {
                        "startedAt": {
                            "gte": "2021-10-30T22:00:00Z",
                            "lt": "2021-10-31T23:00:00Z",
                        },
                        "none": [],
                    }
                ],
            },
        }
    ]


async def test_a_month_is_compared_with_the_one_before(
    graphql: GraphQL, database: Database
) -> None:
    calls = await rows_of(database, CALLS)
    newest = max(call["started_at"] for call in calls)
    month = newest.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = month.replace(year=month.year - (month.month == 1), month=(month.month - 2) % 12 + 1)
    after = month.replace(year=month.year + (month.month == 12), month=month.month % 12 + 1)

    def of(start: Any, end: Any, status: str) -> list[Row]:
        return [
            call
            for call in calls
            if start <= call["started_at"] < end
            and call["status"] == status
            and call["cost_currency"] == "USD"
        ]

    answer = await report(
        graphql,
        f"status {FIGURES} previous {{ {FIGURES} }}",
        filter={"startedAt": {"gte": month.isoformat(), "lt": after.isoformat()}},
        groupBy=["STATUS"],
        compareTo="PREVIOUS_PERIOD",
    )

    group = next(
        each
        for each in answer["groups"]
        if each["status"] == "COMPLETED" and each["cost"]["currency"] == "USD"
    )
    assert group == {
        "status": "COMPLETED",
        **figures(of(month, after, "completed"), "USD"),
        "previous": figures(of(before, month, "completed"), "USD"),
    }


async def test_groups_are_sorted_and_cut_off(graphql: GraphQL) -> None:
    every = await report(graphql, "calls cost { total } assistant { id }", groupBy=["ASSISTANT"])

    answer = await report(
        graphql,
        "calls cost { total } assistant { id }",
        groupBy=["ASSISTANT"],
        orderBy={"field": "CALLS"},
        first=3,
    )

    assert answer["groupCount"] == every["groupCount"] > 3
    most = sorted(every["groups"], key=lambda group: -group["calls"])
    assert [each["calls"] for each in answer["groups"]] == [each["calls"] for each in most[:3]]


async def test_the_summary_of_a_list_has_all_its_calls(
    graphql: GraphQL, database: Database
) -> None:
    calls = await rows_of(database, CALLS)
    assistants = await read(database, Assistant)

    answer = await graphql(
        f"""{{ calls(first: 1, filter: {{status: {{eq: COMPLETED}}}}) {{
            nodes {{ id }} summary {{ {FIGURES} }} }}
        assistants(first: 100) {{
            nodes {{ databaseId calls {{ summary {{ {FIGURES} }} }} }} }} }}"""
    )

    completed = [call for call in calls if call["status"] == "completed"]
    assert answer["data"]["calls"]["summary"] == list(grouped(completed, [], ZoneInfo("UTC")))
    nodes = {each["databaseId"]: each for each in answer["data"]["assistants"]["nodes"]}
    assert len(nodes) == len(assistants)
    for number, node in nodes.items():
        own = [call for call in calls if call["assistant_id"] == number]
        assert node["calls"]["summary"] == list(grouped(own, [], ZoneInfo("UTC")))


async def test_resolvers_read_all_groups_by_one_statement(
    graphql: GraphQL, statements: Counting
) -> None:
    query = f"""{{ costs(groupBy: [ASSISTANT]) {{ groupCount groups {{ {FIGURES}
        assistant {{ name }} }} }}
        assistants {{ nodes {{ calls {{ summary {{ calls }} }} }} }} }}"""

    with statements() as ran:
        answer = await graphql(query)

    assert "errors" not in answer
    assert ran.count == 4  # groups, their assistants, assistants, their summaries


async def test_strangers_see_costs_of_their_own_alone(
    graphql: GraphQL, stranger: dict[str, str]
) -> None:
    query = "{ costs(groupBy: [ASSISTANT]) { groups { calls assistant { id } } } }"

    first, second = await graphql(query), await graphql(query, headers=stranger)

    assert first != second
    own = {str(each["assistant"]) for each in first["data"]["costs"]["groups"]}
    assert own & {str(each["assistant"]) for each in second["data"]["costs"]["groups"]} <= {"None"}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"groupBy": ["DAY"]},
            "`groupBy` has DAY, so `filter.startedAt` needs a start and an end, like {gte:",
        ),
        (
            {"groupBy": ["HOUR"], "filter": ALL_TIME},
            "HOUR makes about 87,672 groups of `filter.startedAt`, but there may be at most",
        ),
        (
            {"groupBy": ["DAY", "MONTH"], "filter": ALL_TIME},
            "`groupBy` has DAY and MONTH: name one length of time.",
        ),
        (
            {"zone": "Mars/Olympus"},
            "`Mars/Olympus` is no time zone: use a name like `Europe/Berlin` or `UTC`.",
        ),
        ({"zone": "../etc/passwd"}, "`../etc/passwd` is no time zone: use a name like"),
        ({"first": 0}, "`first` is 0, but has to be from 1 to 1,000."),
        ({"empty": True}, "`emptyBuckets` needs HOUR, DAY, WEEK or MONTH in `groupBy`."),
        ({"channels": []}, "`channels` is empty: leave it out, or name a channel."),
        (
            {"compareTo": "PREVIOUS_PERIOD"},
            "`compareTo` is there, so `filter.startedAt` needs a start and an end",
        ),
        (
            {
                "groupBy": ["MONTH"],
                "filter": {"startedAt": {"gte": "9999-12-01", "lt": "9999-12-31"}},
            },
            "`filter.startedAt` reaches beyond the calendar: shorten it.",
        ),
    ],
)
async def test_what_cannot_be_grouped_is_refused(
    graphql: GraphQL, variables: dict[str, Any], message: str
) -> None:
    query = COSTS.replace("SELECTION", "calls")

    code, text = await refusal(graphql, query, variables)

    assert code == "BAD_USER_INPUT"
    assert text.startswith(message)
