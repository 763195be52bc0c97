"""Messages and transcripts in the GraphQL schema."""

from datetime import datetime

from strawberry.scalars import JSON

from gql.domain.messages import MESSAGES, SMS_MESSAGES, TRANSCRIPTS
from gql.engine.declaration import column, entity
from gql.schema.enums import Role, Speaker
from gql.schema.node import NumberedNode


@entity(MESSAGES, also=(SMS_MESSAGES,))
class Message(NumberedNode):
    """One message between customer and assistant, of a tool, or the prompt before them."""

    role: Role = column("Who wrote it.")
    content: str = column("The text.")
    message_index: int = column("Its place in the conversation.")
    timestamp: datetime = column("When it was written.")
    llm_provider: str | None = column("Who ran the language model; null on the customer's.")
    llm_model: str | None = column("The language model; null on the customer's.")
    prompt_tokens: int | None = column("Tokens read by the language model.")
    completion_tokens: int | None = column("Tokens written by the language model.")
    total_tokens: int | None = column("Both together.")
    source: str | None = column("The system that it is known from.")
    external_id: str | None = column("What that system calls it, within its call.")
    occurred_at: datetime | None = column("When it was written, as its source says.")
    name: str | None = column("The tool that wrote it.")
    tool_call_id: str | None = column("Which of the assistant's `toolCalls` it answers.")
    tool_calls: JSON | None = column("The tools that the assistant called: a JSON array.")
    interrupted: bool = column("Whether somebody spoke over it.")
    node_key: str | None = column("The node of the graph that it was written at.")
    media: JSON | None = column("What came with it: a JSON array of addresses.")
    delivery_status: str | None = column("How far an SMS is, in the carrier's word.")
    error_code: str | None = column("Why an SMS did not arrive, by the carrier's code.")
    segments: int | None = column("How many SMS it took.")


@entity(TRANSCRIPTS)
class Transcript(NumberedNode):
    """One stretch of speech, as the speech-to-text heard it."""

    content: str = column("The words.")
    speaker: Speaker = column("Who is heard.")
    is_final: bool = column("Whether the words are settled.")
    segment_start: float | None = column("Seconds from the call's start to its first word.")
    segment_end: float | None = column("Seconds from the call's start to its last word.")
    confidence: float | None = column("How sure the speech-to-text is, from 0 to 1.")
    stt_timestamps: JSON | None = column("Word timings, as the provider gave them.")
    created_at: datetime = column("When it was heard.")
    speaker_label: str | None = column("Whom the source takes the speaker for.")
    source: str | None = column("The system that it is known from.")
    external_id: str | None = column("What that system calls it, within its call.")
    occurred_at: datetime | None = column("When it was spoken, as its source says.")
