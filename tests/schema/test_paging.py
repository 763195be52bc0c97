"""Pages: any way of turning them gives exactly the whole list, once, in order."""

from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gql.database import Database
from gql.schema.schema import schema
from tests.conftest import Counting, GraphQL
from tests.schema.lists import (
    CALLS,
    GRAPHS,
    LISTS,
    List,
    around,
    expected,
    ids_of,
    page_of,
    refusal,
)

bounded = settings(max_examples=6)
sorted_lists = st.one_of(
    *(
        st.tuples(st.just(each), st.sampled_from(sorted(each.orders)), st.booleans())
        for each in LISTS
    )
)


@bounded
@given(sorting=sorted_lists, size=st.sampled_from([7, 30, 99, 100]))
async def test_turning_pages_forward_gives_the_list_once(
    graphql: GraphQL, database: Database, sorting: tuple[List, str, bool], size: int
) -> None:
    each, order, descending = sorting
    whole, order_by = await expected(database, each, order, descending=descending)
    collected: list[int] = []
    after = None
    while len(collected) < len(whole):
        page = await page_of(graphql, each, first=size, after=after, order=order_by)
        assert page["nodes"]
        assert around(page) == (bool(collected), len(collected) + size < len(whole))
        collected.extend(ids_of(page))
        after = page["pageInfo"]["endCursor"]

    assert collected == whole
    beyond = await page_of(graphql, each, first=size, after=after, order=order_by)
    assert (ids_of(beyond), around(beyond)) == ([], (True, False))


@bounded
@given(sorting=sorted_lists, size=st.sampled_from([7, 30, 99, 100]))
async def test_turning_pages_backward_gives_the_list_once(
    graphql: GraphQL, database: Database, sorting: tuple[List, str, bool], size: int
) -> None:
    each, order, descending = sorting
    whole, order_by = await expected(database, each, order, descending=descending)
    collected: list[int] = []
    before = None
    while len(collected) < len(whole):
        page = await page_of(graphql, each, last=size, before=before, order=order_by)
        assert page["nodes"]
        assert around(page) == (len(collected) + size < len(whole), bool(collected))
        collected = [*ids_of(page), *collected]
        before = page["pageInfo"]["startCursor"]

    assert collected == whole
    beyond = await page_of(graphql, each, last=size, before=before, order=order_by)
    assert (ids_of(beyond), around(beyond)) == ([], (False, True))


@settings(bounded, max_examples=15)
@given(
    sorting=sorted_lists,
    positions=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    size=st.integers(0, 12),
)
async def test_a_page_between_two_cursors_stays_between_them(
    graphql: GraphQL,
    database: Database,
    sorting: tuple[List, str, bool],
    positions: tuple[int, int],
    size: int,
) -> None:
    """From either end; when they are the wrong way round there is nothing between."""
    each, order, descending = sorting
    whole, order_by = await expected(database, each, order, descending=descending)
    everything = await page_of(graphql, each, first=100, order=order_by)
    after, before = (position % len(everything["edges"]) for position in positions)
    marks = {
        "after": everything["edges"][after]["cursor"],
        "before": everything["edges"][before]["cursor"],
    }
    between = whole[after + 1 : before]

    front = await page_of(graphql, each, first=size, order=order_by, **marks)
    back = await page_of(graphql, each, last=size, order=order_by, **marks)

    assert ids_of(front) == between[:size]
    assert ids_of(back) == (between[-size:] if size else [])
    assert around(front) == around(back) == (True, True)


@bounded
@given(sorting=sorted_lists, offset=st.integers(0, 220), size=st.sampled_from([0, 1, 10, 100]))
async def test_an_offset_passes_over_so_many(
    graphql: GraphQL, database: Database, sorting: tuple[List, str, bool], offset: int, size: int
) -> None:
    each, order, descending = sorting
    whole, order_by = await expected(database, each, order, descending=descending)

    page = await page_of(graphql, each, first=size, offset=offset, order=order_by)

    assert ids_of(page) == whole[offset : offset + size]
    assert around(page) == (offset > 0, offset + size < len(whole))


async def test_an_empty_list_has_nothing_around_it(graphql: GraphQL) -> None:
    nothing = {"callSid": {"eq": "no such call"}}
    for numbers in ({"first": 5}, {"last": 5}, {"first": 0}, {"first": 5, "offset": 3}):
        page = await page_of(graphql, CALLS, filter=nothing, **numbers)

        assert (ids_of(page), around(page)) == ([], (False, False))


async def test_first_zero_reads_only_what_surrounds_it(graphql: GraphQL) -> None:
    assert around(await page_of(graphql, CALLS, first=0)) == (False, True)
    assert around(await page_of(graphql, CALLS, last=0)) == (True, False)


async def test_page_info_follows_the_filter(graphql: GraphQL) -> None:
    """A cursor may name a row that another filter leaves out; only what passes counts."""
    whole = await page_of(graphql, GRAPHS, first=100)
    second, last = whole["edges"][1]["cursor"], whole["edges"][-1]["cursor"]
    router = {"name": {"eq": "Customer Service Router"}}

    after = await page_of(graphql, GRAPHS, first=5, after=second, filter=router)
    before = await page_of(graphql, GRAPHS, last=5, before=second, filter=router)
    ahead = await page_of(graphql, GRAPHS, first=5, before=last, filter=router)

    assert (ids_of(after), around(after)) == ([], (True, False))
    assert (ids_of(before), around(before)) == ([1], (False, False))
    assert (ids_of(ahead), around(ahead)) == ([1], (False, False))


async def test_only_what_is_selected_is_asked_of_the_database(
    graphql: GraphQL, statements: Counting
) -> None:
    whole = await page_of(graphql, CALLS, first=3)
    cursor = whole["pageInfo"]["endCursor"]
    costs = {}
    for selection, numbers in (
        ("__typename", {}),
        ("nodes { id }", {"first": 3}),
        ("edges { cursor } nodes { id } pageInfo { startCursor endCursor }", {"first": 3}),
        ("pageInfo { hasNextPage }", {"first": 3}),
        ("nodes { id } pageInfo { hasNextPage hasPreviousPage }", {"first": 3}),
        ("nodes { id } pageInfo { hasNextPage hasPreviousPage }", {"first": 3, "after": cursor}),
        ("totalCount", {"first": 3}),
        ("totalCount nodes { id } pageInfo { hasNextPage }", {"first": 3}),
    ):
        with statements() as ran:
            await graphql(CALLS.query(selection), numbers)
        costs[selection, "after" in numbers] = ran.count

    assert list(costs.values()) == [0, 1, 1, 1, 1, 2, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("first: -1", "`first` is -1, but must be between 0 and 100."),
        ("first: 101", "`first` is 101, but must be between 0 and 100."),
        ("last: -1", "`last` is -1, but must be between 0 and 100."),
        ("last: 101", "`last` is 101, but must be between 0 and 100."),
        ("first: 1, last: 1", "Give `first` or `last`, not both."),
        ("offset: -1", "`offset` is -1, but must not be negative."),
        ("offset: 1, last: 1", "`offset` counts from the start: give it with `first` alone."),
    ],
)
async def test_arguments_that_contradict_are_refused(
    graphql: GraphQL, arguments: str, message: str
) -> None:
    query = f"{{ calls({arguments}) {{ totalCount }} }}"

    assert await refusal(graphql, query) == ("BAD_USER_INPUT", message)


BESIDE = "viewer { organization { name } } graph(id: 1) { name %s }"
REFUSED = [
    ('calls(first: 5, after: "stale") { totalCount }', "", ["calls"], "BAD_CURSOR"),
    ('nodes(ids: ["call_1", "7"]) { id }', "", ["nodes"], "BAD_USER_INPUT"),
    ("", "sessions(first: 500) { totalCount }", ["graph", "sessions"], "BAD_USER_INPUT"),
    (
        "call(id: 101) { messages(filter: {content: {eq: null}}) { totalCount } }",
        "",
        ["call", "messages"],
        "BAD_USER_INPUT",
    ),
    (
        'calls(first: 0) { summary(rateCard: {currency: "", rates: []}) { calls } }',
        "",
        ["calls", "summary"],
        "BAD_USER_INPUT",
    ),
]


@pytest.mark.parametrize(("at_root", "nested", "path", "code"), REFUSED)
async def test_one_bad_argument_leaves_the_rest_of_the_answer(
    graphql: GraphQL, at_root: str, nested: str, path: list[str], code: str
) -> None:
    beside = {
        "viewer": {"organization": {"name": "Larkspur Customer Care"}},
        "graph": {"name": "Customer Service Router"},
    }
    answer = await graphql(f"{{ {BESIDE % nested} {at_root} }}")

    refused = answer["data"]
    for key in path[:-1]:
        refused = refused[key]
    assert refused.pop(path[-1]) is None
    assert {key: answer["data"][key] for key in beside} == beside
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (path, code)


def test_every_list_with_arguments_may_be_null() -> None:
    """A connection takes arguments that can be refused, and must not take its parent with it."""
    types = schema._schema.type_map.values()  # noqa: SLF001 -- Strawberry has no other way to it
    lists = [
        (f"{kind.name}.{name}", field.type)
        for kind in types
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))
        and not kind.name.startswith(("__", "Mutation", "Subscription"))
        for name, field in kind.fields.items()
        if field.args and not is_leaf_type(get_named_type(field.type))
    ]

    assert len(lists) > 20
    assert [path for path, kind in lists if is_non_null_type(kind)] == []


async def test_the_default_size_stands_in_the_schema_and_gives_way_to_last(
    graphql: GraphQL,
) -> None:
    assert "first: Int = 20" in schema.as_str()
    query = """query ($first: Int, $last: Int) {
        list: calls(first: $first, last: $last) { nodes { id } pageInfo { hasPreviousPage } } }"""
    sizes: list[tuple[dict[str, Any], int]] = [
        ({}, 20),
        ({"first": None}, 20),
        ({"last": 7}, 7),
        ({"last": 7, "first": None}, 7),
        ({"first": 3, "last": None}, 3),
    ]
    for variables, size in sizes:
        page = (await graphql(query, variables))["data"]["list"]
        assert len(page["nodes"]) == size, variables
        assert page["pageInfo"]["hasPreviousPage"] == (size == 7)
    written = await graphql("{ calls(last: 7) { nodes { id } } }")
    assert len(written["data"]["calls"]["nodes"]) == 7
    assert await refusal(graphql, query, {"first": 20, "last": 7}) == (
        "BAD_USER_INPUT",
        "Give `first` or `last`, not both.",
    )


async def test_null_arguments_are_absent_ones(graphql: GraphQL) -> None:
    names = ("first", "after", "last", "before", "offset", "order", "filter")

    nulls = await page_of(graphql, CALLS, **dict.fromkeys(names))

    assert nulls == await page_of(graphql, CALLS)
    assert len(nulls["nodes"]) == 20
