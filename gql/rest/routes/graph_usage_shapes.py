"""The shapes of a graph's analytics and of its test."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_MESSAGES = 200
"""Most messages of one test."""


class Period(BaseModel):
    """How far to look back."""

    days: Annotated[int, Field(ge=1, le=365)] = 30


class Transition(BaseModel):
    """A way between two assistants; the percentage is of all transitions, 0 to 100."""

    from_node: str | None
    to_node: str | None
    count: int
    percentage: float


class Usage(BaseModel):
    """One node; seconds, and the part of its visits, 0 to 1, that ended the conversation."""

    node_name: str | None
    sessions_started: int
    avg_time_in_node: float
    exit_rate: float


class Analytics(BaseModel):
    """The use of a graph; seconds."""

    graph_id: int
    graph_name: str
    period_days: int
    total_sessions: int
    total_transitions: int
    avg_session_duration: float
    most_used_transitions: list[Transition]
    node_usage_stats: dict[str, Usage]


class Messages(BaseModel):
    """What a customer says, in order."""

    test_messages: list[str] = Field(max_length=MOST_MESSAGES)
    starting_node_id: int | None = Field(None, description="The entry node, without.")
    context: dict[str, Any] = Field(
        default_factory=dict, description="State variables, such as `call_duration`."
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_array(cls, value: Any) -> Any:
        return {"test_messages": value} if isinstance(value, list) else value


class PathStep(BaseModel):
    """One message, and where it was heard."""

    node_id: int
    node_name: str | None
    message_processed: str
    transition_reason: str


class Triggered(BaseModel):
    """One transition, and what made it."""

    from_node: str | None
    to_node: str | None
    triggered_by_message: str
    condition_type: str
    matched_condition: str
    handoff_sentence: str | None


class Summary(BaseModel):
    """Where it ended."""

    total_messages: int
    total_transitions: int
    final_node: str | None


class Tested(BaseModel):
    """The way that messages take."""

    model_config = ConfigDict(title="GraphTest")

    success: bool
    graph_id: int
    test_messages: list[str]
    starting_node_id: int
    path_taken: list[PathStep]
    transitions: list[Triggered]
    summary: Summary
