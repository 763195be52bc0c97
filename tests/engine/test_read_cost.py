"""What REST reads cost: worked out by hand from the table of docs/cost.md."""

from typing import Any

import pytest

from gql.engine.read_cost import cost_of_read
from gql.engine.rest_query import RestArguments, RestQuery, bind
from gql.rest.routes.call_details import TranscriptQuery, transcripts_by_id
from gql.rest.routes.call_statistics import count_calls
from gql.rest.routes.calls import (
    CallPath,
    CountFilters,
    ListFilters,
    SearchQuery,
    get_by_id,
    list_calls,
    search_calls,
)
from gql.rest.routes.graph_sessions import SessionsOf, SessionsPage, list_graph_sessions

CALLS = 25_000
"""As many as an organization usually has."""

CALL = 2 + 12 * 1 + 3 + 5 * 2
"""An object: twelve numbers, texts and instants, a JSON value, five amounts."""

SESSION = 2 + 9 * 1 + 3
TRANSCRIPT = 2 + 9 * 1 + 3


def points(route: Any, *arguments: Any) -> int:
    """What a request costs that passes these arguments to the handler of a route."""
    query: RestQuery = route.reads
    bound: RestArguments = route.handler(*arguments)
    variant, _ = bind(query, bound)
    return cost_of_read(query, variant).points(bound)


@pytest.mark.parametrize(
    ("page", "looked_at"),
    [
        ({}, 0),
        ({"status": "failed", "assistant_id": 7}, 0),
        ({"skip": 7}, 7),
        ({"skip": 30_000}, CALLS),
        ({"customer_phone": "555"}, 2 * CALLS + 2 * CALLS),
        ({"customer_phone": "555", "call_sid": "CA", "skip": 7}, 2 * CALLS + 2 * CALLS + 7),
        ({"date_from": "2026-01-01T00:00:00Z"}, CALLS),
    ],
)
def test_a_list_costs_its_page_its_total_and_the_rows_that_are_looked_at(
    page: dict[str, Any], looked_at: int
) -> None:
    listed = 10 + 100 + 30 * CALL
    assert points(list_calls, ListFilters(limit=30, **page)) == listed + looked_at


def test_a_search_looks_at_every_call_once_and_a_count_at_none() -> None:
    assert points(search_calls, SearchQuery(q="abc", limit=5)) == 10 + 2 * CALLS + 5 * CALL
    assert points(count_calls, CountFilters(status="failed")) == 10 + 100


def test_a_record_costs_its_values_and_a_list_below_it_its_usual_length() -> None:
    assert points(get_by_id, CallPath(call_id=1)) == 2 + CALL
    transcripts = points(transcripts_by_id, CallPath(call_id=1), TranscriptQuery())
    assert transcripts == 2 + 10 + 100 * TRANSCRIPT
    sessions = points(list_graph_sessions, SessionsOf(graph_id=1), SessionsPage(limit=3))
    assert sessions == 2 + 10 + 10 + 3 * SESSION
