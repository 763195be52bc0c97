"""What the pace of a voice call tells."""

from typing import Any

from pydantic import BaseModel, Field

from gql.domain import call_metrics
from gql.domain.call_metrics import Speech, mean, measure, spread
from gql.domain.calls import CALLS
from gql.kinds import Kind, reading
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.models.enums import Speaker
from gql.query.context import Context
from gql.rest.route import Answer, route
from gql.rest.routes.call_details import TranscriptQuery, list_transcripts
from gql.rest.routes.calls import TAG, CallPath

NEEDS_A_JUDGE = "Always null: no language model judges calls here."


class Score(BaseModel):
    """A judgement at one moment of a call."""

    t: float
    score: float


class CallMetrics(BaseModel):
    """Figures about one call; times are seconds, and what cannot be known is null."""

    avg_response_time: float | None
    fastest_response_time: float | None
    response_time_std: float | None
    avg_customer_response_time: float | None
    avg_ai_response_time: float | None
    fastest_customer_response: float | None
    fastest_ai_response: float | None
    slowest_customer_response: float | None
    slowest_ai_response: float | None
    avg_customer_turn_duration: float | None
    avg_ai_turn_duration: float | None
    longest_customer_monologue: float | None
    longest_ai_monologue: float | None
    avg_silence_duration: float | None
    total_silence_time: float
    silence_percentage: float | None
    customer_words_per_minute: float | None
    ai_words_per_minute: float | None
    avg_customer_words_per_turn: float | None
    avg_ai_words_per_turn: float | None
    total_speaking_time_customer: float
    total_speaking_time_ai: float
    speaking_time_ratio: float | None = Field(description="The customer's time by the assistant's.")
    avg_confidence_customer: float | None
    avg_confidence_ai: float | None
    avg_user_frustration: float | None = Field(description=NEEDS_A_JUDGE)
    avg_user_stress: float | None = Field(description=NEEDS_A_JUDGE)
    interaction_sentiment_delta: float | None = Field(description=NEEDS_A_JUDGE)
    price_sensitivity: float | None = Field(description=NEEDS_A_JUDGE)
    ai_response_accuracy: float | None = Field(description=NEEDS_A_JUDGE)
    conversation_flow_score: int | None = Field(description=NEEDS_A_JUDGE)
    engagement_score: int | None = Field(description=NEEDS_A_JUDGE)
    user_percentage: int | None = Field(description="Of all speech, by time.")
    ai_percentage: int | None
    user_turns: int
    ai_turns: int
    awkward_silences_count: int = Field(description="Silences of three seconds or more.")
    total_customer_words: int
    total_ai_words: int
    interruption_count: int = Field(description="Turns that start before the last one ends.")
    low_confidence_segments_count: int = Field(description="Heard with a confidence below 0.7.")
    frustration_scores_ts: list[Score] = Field(description="Always empty, as above.")
    stress_scores_ts: list[Score] = Field(description="Always empty, as above.")
    primary_intent: str | None = Field(description=NEEDS_A_JUDGE)
    intent_resolved: bool | None = Field(description=NEEDS_A_JUDGE)


@route(
    "GET",
    "/api/v1/calls/{call_id}/metrics",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get the metrics of a call",
    answers={200: Answer("As its final transcript tells now.", CallMetrics)},
    errors=(404,),
)
async def get_metrics(context: Context, path: CallPath) -> dict[str, Any]:
    """Response times, turns, silences, interruptions and words of one call.

    They are worked out of the final transcript at each request, so there is nothing to recalculate.
    A turn is what one speaker says until the other one does.
    """
    call = await RecordByKeyLoader.of(context, CALLS).require(path.call_id)
    segments = await list_transcripts(context, call, TranscriptQuery())
    speeches = [
        Speech(each.speaker, each.content, each.segment_start, each.segment_end, each.confidence)
        for each in segments
        if each.speaker in {Speaker.USER, Speaker.ASSISTANT}
    ]
    return _printed(measure(speeches, call.duration))


def _printed(metrics: call_metrics.CallMetrics) -> dict[str, Any]:
    """Under the documented names, which call the assistant `ai`."""
    customer, assistant = metrics.customer, metrics.assistant
    of_customer, of_assistant = customer.response_times, assistant.response_times
    figures: dict[str, Any] = {
        "avg_response_time": mean(metrics.response_times),
        "fastest_response_time": min(metrics.response_times, default=None),
        "response_time_std": spread(metrics.response_times),
        "avg_customer_response_time": mean(of_customer),
        "avg_ai_response_time": mean(of_assistant),
        "fastest_customer_response": min(of_customer, default=None),
        "fastest_ai_response": min(of_assistant, default=None),
        "slowest_customer_response": max(of_customer, default=None),
        "slowest_ai_response": max(of_assistant, default=None),
        "avg_customer_turn_duration": customer.average_passage,
        "avg_ai_turn_duration": assistant.average_passage,
        "longest_customer_monologue": customer.longest_passage,
        "longest_ai_monologue": assistant.longest_passage,
        "avg_silence_duration": mean(metrics.silences),
        "total_silence_time": round(sum(metrics.silences), 3),
        "silence_percentage": metrics.silence_share,
        "customer_words_per_minute": customer.words_per_minute,
        "ai_words_per_minute": assistant.words_per_minute,
        "avg_customer_words_per_turn": customer.words_per_passage,
        "avg_ai_words_per_turn": assistant.words_per_passage,
        "total_speaking_time_customer": customer.speaking_time,
        "total_speaking_time_ai": assistant.speaking_time,
        "speaking_time_ratio": metrics.speaking_time_ratio,
        "avg_confidence_customer": customer.confidence,
        "avg_confidence_ai": assistant.confidence,
        "user_percentage": customer.share,
        "ai_percentage": assistant.share,
        "user_turns": customer.passages,
        "ai_turns": assistant.passages,
        "awkward_silences_count": metrics.awkward_silences,
        "total_customer_words": customer.words,
        "total_ai_words": assistant.words,
        "interruption_count": metrics.interruptions,
        "low_confidence_segments_count": metrics.unsure,
        "frustration_scores_ts": [],
        "stress_scores_ts": [],
    }
    return {name: figures.get(name) for name in CallMetrics.model_fields}
