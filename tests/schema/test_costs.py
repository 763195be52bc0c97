"""`costs` and `summary`: every sum beside what Python makes of the same rows."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from gql.database import Database
from gql.models.assistant import Assistant
from tests.conftest import Counting, GraphQL
from tests.rest.demo_rows import add_calls, new_call
from tests.schema.cost_oracle import (
    FIGURES,
    WITHOUT_PERCENTILES,
    figures,
    grouped,
    selection,
    without_deleted,
    without_percentiles,
)
from tests.schema.lists import CALLS, Row, ids, read, refusal, rows_of

COSTS = """query($filter: CallFilter, $groupBy: [CostDimension!], $zone: String = "UTC",
        $first: Int = 1000, $orderBy: CostOrder, $empty: Boolean = false,
        $compareTo: CostComparison, $channels: [Channel!]) {
    costs(filter: $filter, groupBy: $groupBy, timezone: $zone, first: $first, orderBy: $orderBy,
            emptyBuckets: $empty, compareTo: $compareTo, channels: $channels) {
        groupCount groups { SELECTION }
    }
}"""

JANUARY = '{startedAt: {gte: "2026-01-01", lt: "2026-02-01"}}'
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


@pytest.mark.parametrize(
    ("dimensions", "filter_"),
    [
        ([], {}),
        (["STATUS", "ASSISTANT"], {"direction": {"eq": "INBOUND"}}),
        (["DAY"], ALL_TIME),
        (["MONTH", "ASSISTANT", "CHANNEL"], {**ALL_TIME, "status": {"ne": "FAILED"}}),
    ],
    ids="-".join,
)
async def test_the_rollup_has_the_same_sums(
    graphql: GraphQL, database: Database, dimensions: list[str], filter_: dict[str, Any]
) -> None:
    calls = [
        call
        for call in await rows_of(database, CALLS)
        if ("direction" not in filter_ or call["direction"] == "inbound")
        and ("status" not in filter_ or call["status"] != "failed")
    ]
    assistants = {row["id"] for row in await read(database, Assistant)}
    groups = [
        without_percentiles(without_deleted(each, assistants))
        for each in grouped(calls, dimensions, ZoneInfo("UTC"))
    ]

    answer = await report(
        graphql, selection(dimensions, WITHOUT_PERCENTILES), filter=filter_, groupBy=dimensions
    )

    assert answer == {"groupCount": len(groups), "groups": groups}


RANGES = [
    ("2026-01-15", "2026-04-10"),
    ("2026-02-01", "2026-05-01"),
    ("2026-03-31", "2026-04-02"),
    ("2026-05-03", "2026-05-20"),
    ("2026-05-20", "2027-01-31"),
    ("2024-02-29", "2026-06-30"),
]


async def test_whole_months_and_the_days_beside_them_are_the_range(
    graphql: GraphQL, statements: Counting
) -> None:
    report = """%s: costs(groupBy: [ASSISTANT, STATUS], first: 1000,
        filter: {startedAt: {gte: "%s", lt: "%s"}}) { groupCount groups {
            assistant { id } status calls duration { sum average %s }
            cost { total llm tts stt telephony currency } coverage { withCost ongoing } } }"""

    async def read_all(percentile: str) -> dict[str, Any]:
        reports = (report % (f"r{n}", *each, percentile) for n, each in enumerate(RANGES))
        data: dict[str, Any] = (await graphql(f"{{ {' '.join(reports)} }}"))["data"]
        return data

    with statements() as ran:
        rolled_up = await read_all("")
    of_calls = await read_all("p50")

    for each in of_calls.values():
        for group in each["groups"]:
            del group["duration"]["p50"]
    assert rolled_up == of_calls
    assert all(each["groupCount"] for each in rolled_up.values())
    assert not any("FROM call " in text for text in ran.texts)


async def test_changes_since_the_last_fold_and_empty_currencies_are_added_up(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    summary = (
        "{ calls(first: 0) { summary { calls duration { sum %s } cost { total currency } } } }"
    )
    change = """UPDATE call SET duration = duration + 7, total_cost = total_cost - 5,
        cost_currency = CASE WHEN id % 2 = 0 THEN '' ELSE cost_currency END WHERE id % 3 = 0"""
    async with fresh_database.transaction() as connection:
        await connection.execute(text(change))

    rolled_up = (await fresh_graphql(summary % ""))["data"]["calls"]["summary"]
    of_calls = (await fresh_graphql(summary % "p50"))["data"]["calls"]["summary"]

    for each in of_calls:
        del each["duration"]["p50"]
    assert rolled_up == of_calls
    assert "" not in [each["cost"]["currency"] for each in of_calls]


@pytest.mark.parametrize(
    ("arguments", "selected", "is_rolled_up"),
    [
        ("", "calls", True),
        ("groupBy: [ASSISTANT], filter: {status: {eq: FAILED}}", "cost { total }", True),
        (f"groupBy: [DAY], filter: {JANUARY}", "end", True),
        ("", "duration { p95 }", False),
        ("", "... on CostGroup { duration { ... { p50 } } }", False),
        ("", "... { calls }", True),
        ("groupBy: [SOURCE]", "calls", False),
        ("filter: {duration: {gt: 5}}", "calls", False),
        ("filter: {any: [{status: {eq: FAILED}}]}", "calls", False),
        ('filter: {startedAt: {gt: "2026-01-01"}}', "calls", False),
        ('filter: {startedAt: {gte: "2026-01-01T01:00:00Z"}}', "calls", False),
        (
            f'groupBy: [DAY], timezone: "Asia/Tokyo", filter: {JANUARY}',
            "calls",
            False,
        ),
    ],
)
async def test_the_rollup_is_read_where_it_has_all_that_is_selected(
    graphql: GraphQL, statements: Counting, arguments: str, selected: str, is_rolled_up: bool
) -> None:
    arguments = f"({arguments})" if arguments else ""

    with statements() as ran:
        answer = await graphql(f"{{ costs{arguments} {{ groups {{ {selected} }} }} }}")

    assert "errors" not in answer
    assert [bool(re.search("(FROM|JOIN) call_rollup", each)) for each in ran.texts] == [
        is_rolled_up
    ]


@pytest.mark.parametrize("dimensions", ["DAY, ASSISTANT", "DAY"])
async def test_groups_are_counted_where_their_number_is_selected(
    graphql: GraphQL, statements: Counting, dimensions: str
) -> None:
    """Those by day and assistant are chosen from a few of the sums, which are read once more."""
    costs = f"costs(groupBy: [{dimensions}], filter: {JANUARY}, first: 1)"

    with statements() as ran:
        await graphql(f"{{ {costs} {{ groups {{ calls }} }} }}")
        await graphql(f"{{ {costs} {{ groupCount groups {{ calls }} }} }}")

    assert [text.count("count(*)") for text in ran.texts] == [0, 1]
    reads = 2 if "ASSISTANT" in dimensions else 1
    assert [len(re.findall("(FROM|JOIN) call_rollup ", text)) for text in ran.texts] == [reads] * 2


async def test_sums_of_random_calls_are_exact(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """Amounts of 62 bits and below zero, which add up to more than 64 bits."""
    pick = random.Random(14)  # noqa: S311
    currencies, largest = ["USD", "EUR", "JPY", None], 2**62
    first = datetime(2022, 3, 1, tzinfo=UTC)

    def amount(most: int) -> int | None:
        return None if pick.random() < 0.2 else pick.randint(-most // 8, most)

    rows = [
        {
            **new_call(700_000 + number, first + timedelta(hours=13 * number)),
            "status": pick.choice(["completed", "failed", "ongoing"]),
            "duration": pick.choice([None, 0, pick.randint(1, 5_000)]),
            "cost_currency": currency,
            **{f"{part}_cost": amount(most // 8) for part in ("llm", "tts", "stt", "telephony")},
            "total_cost": amount(most),
        }
        for number in range(160)
        for currency in [pick.choice(currencies)]
        for most in [largest if currency == "JPY" else 10**9]
    ]
    await add_calls(fresh_database, rows)
    calls = [call for call in await rows_of(fresh_database, CALLS) if call["id"] >= 700_000]
    filter_ = {"startedAt": {"gte": "2022-03-01", "lt": "2022-09-01"}}

    for zone, dimensions in (("Europe/London", ["WEEK", "STATUS"]), ("Asia/Kolkata", ["MONTH"])):
        groups = list(grouped(calls, dimensions, ZoneInfo(zone)))
        answer = await report(
            fresh_graphql, selection(dimensions), filter=filter_, groupBy=dimensions, zone=zone
        )
        assert answer == {"groupCount": len(groups), "groups": groups}
    days = [without_percentiles(each) for each in grouped(calls, ["DAY"], ZoneInfo("UTC"))]
    answer = await report(
        fresh_graphql, selection(["DAY"], WITHOUT_PERCENTILES), filter=filter_, groupBy=["DAY"]
    )
    assert answer == {"groupCount": len(days), "groups": days}


MANY_GROUPS = """%s_%s: costs(groupBy: [%s], first: %d, emptyBuckets: %s, channels: [VOICE, SMS],
    orderBy: {field: %s, direction: %s}, compareTo: PREVIOUS_PERIOD,
    filter: {startedAt: {gte: "2022-03-01", lt: "2022-03-31"}, status: {ne: FAILED}}) {
        groupCount groups { start end filter assistant { databaseId } status channel
            %s previous { %s } } }"""
MANY_ORDERS = [
    ("KEY", "ASC"),
    ("KEY", "DESC"),
    ("CALLS", "DESC"),
    ("DURATION", "ASC"),
    ("TOTAL", "DESC"),
]


@pytest.mark.parametrize(
    ("keys", "first", "empty"),
    [
        ("DAY, ASSISTANT", 1, "false"),
        ("ASSISTANT, DAY, STATUS", 7, "true"),
        ("CHANNEL, DAY, ASSISTANT", 1000, "false"),
        ("DAY, ASSISTANT", 1000, "true"),
    ],
)
async def test_groups_that_are_chosen_first_are_those_of_all_calls(
    fresh_graphql: GraphQL, fresh_database: Database, keys: str, first: int, empty: str
) -> None:
    """In whatever order; percentiles have all groups added up from the calls, and then chosen."""
    pick = random.Random(21)  # noqa: S311
    assistants = sorted(row["id"] for row in await read(fresh_database, Assistant))[:2]
    days, begin = [1, 2, 3, 28, 29, 30, 31, 40, 57, 58], datetime(2022, 2, 1, tzinfo=UTC)
    rows = [
        {
            **new_call(700_000 + number, begin + timedelta(days=pick.choice(days), seconds=number)),
            "assistant_id": pick.choice([None, *assistants]),
            "channel": pick.choice(["voice", "sms"]),
            "status": pick.choice(["completed", "failed", "ongoing"]),
            "duration": pick.choice([None, 0, 60, pick.randint(1, 500)]),
            "cost_currency": pick.choice(["USD", "EUR", "", None]),
            "llm_cost": pick.choice([None, 1_000_000, 2**55]),
            "total_cost": pick.choice([None, 0, 1_000_000, -1, 2**55]),
        }
        for number in range(400)
    ]
    await add_calls(fresh_database, rows)
    async with fresh_database.transaction() as connection:
        # The rollup keeps the rows of calls that are gone, here all of one day.
        deletion = """DELETE FROM call WHERE id >= 700000
            AND (id % 4 = 0 OR started_at > '2022-03-13' AND started_at < '2022-03-14')"""
        await connection.execute(text(deletion))

    async def read_all(more: str) -> dict[str, Any]:
        selected = WITHOUT_PERCENTILES.replace("average", f"average {more}")
        reports = (
            MANY_GROUPS
            % (order, direction, keys, first, empty, order, direction, selected, selected)
            for order, direction in MANY_ORDERS
        )
        answer = await fresh_graphql(f"{{ {' '.join(reports)} }}")
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    chosen, of_calls = await read_all(""), await read_all("p50")

    for each in of_calls.values():
        for group in each["groups"]:
            del group["duration"]["p50"]
            if group["previous"]:
                del group["previous"]["duration"]["p50"]
    assert chosen == of_calls
    for each in chosen.values():
        assert len(each["groups"]) == min(first, each["groupCount"])
        assert first < 1000 or any(group["previous"] for group in each["groups"])


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


async def test_an_empty_bucket_has_no_keys(graphql: GraphQL) -> None:
    """Not even of columns that are never null in a call; nothing else of it need be selected."""
    keys = ("status", "channel", "source", "endedReason", "assistantPhoneNumber")
    dimensions = ["DAY", "STATUS", "CHANNEL", "SOURCE", "ENDED_REASON", "NUMBER"]
    filter_ = {"startedAt": {"gte": "2020-03-01", "lt": "2020-03-03"}}

    for key in keys:
        answer = await report(graphql, key, filter=filter_, groupBy=dimensions, empty=True)

        assert answer == {"groupCount": 2, "groups": [{key: None}, {key: None}]}


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
