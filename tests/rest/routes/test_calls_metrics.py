"""The metrics of a call."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from gql.database import Database
from gql.demo.calls import segment_row
from gql.models.message import Transcript
from gql.models.scope import table_of
from gql.rest.routes.call_metrics import CallMetrics
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import add_calls, new_call

CALLS = "/api/v1/calls"
CALL = new_call(9001, datetime(2026, 3, 1, 10, tzinfo=UTC), duration=60)
SPEECHES: list[tuple[str, str, float | None, float | None, float | None, bool]] = [
    ("assistant", "Which colour do you like best today", 14, 20, None, True),
    ("assistant", "Good morning, how can I help?", 0, 4, 0.9, True),
    ("user", "I need a new chair", 5, 8, 0.6, True),
    ("user", "please", 9, 10, 0.8, True),
    ("user", "Blue", 19, 21, 1.0, True),
    ("user", "Blew you say", 19, 19.5, 0.1, False),
    ("assistant", "Goodbye", None, None, 0.5, True),
]
"""Speaker, words, start, end, confidence, and whether it is final."""
UNKNOWN = dict.fromkeys(
    (
        *("avg_user_frustration", "avg_user_stress", "interaction_sentiment_delta"),
        *("price_sensitivity", "ai_response_accuracy", "conversation_flow_score"),
        *("engagement_score", "primary_intent", "intent_resolved"),
    )
)
EMPTY: dict[str, list[Any]] = {"frustration_scores_ts": [], "stress_scores_ts": []}


def segments() -> Iterator[dict[str, Any]]:
    """The rows of what was heard."""
    for number, (speaker, content, start, end, confidence, final) in enumerate(SPEECHES):
        spoken = {"content": content, "confidence": confidence, "is_final": final}
        _, row = segment_row(1, CALL, 9_100 + number, speaker, start or 0, end or 0, **spoken)
        yield {**row, "segment_start": start, "segment_end": end}


async def test_metrics_are_worked_out_of_the_final_transcript(
    fresh_rest: Rest, fresh_database: Database, fresh_statements: Counting
) -> None:
    await add_calls(fresh_database, [CALL])
    async with fresh_database.transaction() as connection:
        await connection.execute(insert(table_of(Transcript)), list(segments()))
    await fresh_rest("GET", f"{CALLS}/1/metrics")

    with fresh_statements() as ran:
        answer = await fresh_rest("GET", f"{CALLS}/9001/metrics")

    assert answer.json() == {
        "avg_response_time": 2.5,
        "fastest_response_time": 1,
        "response_time_std": 1.5,
        "avg_customer_response_time": 1,
        "avg_ai_response_time": 4,
        "fastest_customer_response": 1,
        "fastest_ai_response": 4,
        "slowest_customer_response": 1,
        "slowest_ai_response": 4,
        "avg_customer_turn_duration": 3.5,
        "avg_ai_turn_duration": 5,
        "longest_customer_monologue": 5,
        "longest_ai_monologue": 6,
        "avg_silence_duration": 2.5,
        "total_silence_time": 5,
        "silence_percentage": 8.333,
        "customer_words_per_minute": 60,
        "ai_words_per_minute": 78,
        "avg_customer_words_per_turn": 3.5,
        "avg_ai_words_per_turn": 6.5,
        "total_speaking_time_customer": 7,
        "total_speaking_time_ai": 10,
        "speaking_time_ratio": 0.7,
        "avg_confidence_customer": 0.8,
        "avg_confidence_ai": 0.7,
        "user_percentage": 41,
        "ai_percentage": 59,
        "user_turns": 2,
        "ai_turns": 2,
        "awkward_silences_count": 1,
        "total_customer_words": 7,
        "total_ai_words": 14,
        "interruption_count": 1,
        "low_confidence_segments_count": 2,
        **UNKNOWN,
        **EMPTY,
    }
    assert len(answer.json()) == 45
    assert ran.count == 2


async def test_a_call_in_which_nothing_was_heard_has_no_averages(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    await add_calls(fresh_database, [CALL])

    answer = await fresh_rest("GET", f"{CALLS}/9001/metrics")

    zero = {
        *("user_turns", "ai_turns", "awkward_silences_count", "total_customer_words"),
        *("total_ai_words", "interruption_count", "low_confidence_segments_count"),
        *("total_silence_time", "total_speaking_time_customer", "total_speaking_time_ai"),
        "silence_percentage",
    }
    assert answer.json() == {
        **dict.fromkeys(CallMetrics.model_fields),
        **dict.fromkeys(zero, 0),
        **EMPTY,
    }


async def test_another_organization_s_call_is_not_found(
    rest: Rest, stranger: dict[str, str]
) -> None:
    answer = await rest("GET", f"{CALLS}/101/metrics", headers=stranger)

    detail = "Call with ID 101 not found in your organization"
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})
