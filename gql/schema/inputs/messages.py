"""How lists of messages and transcripts are filtered and sorted."""

from gql.domain.messages import MESSAGES, TRANSCRIPTS
from gql.schema.inputs.comparators import DateTimeFilter, RoleFilter, SpeakerFilter, StringFilter
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

MessageOrder = order_of(
    "Message",
    MESSAGES,
    occurred_at="By when they were written.",
    message_index="By `messageIndex`.",
)
TranscriptOrder = order_of(
    "Transcript",
    TRANSCRIPTS,
    occurred_at="By when they were heard.",
    id="By id: the order in which they arrived.",
)


@filter_of(MESSAGES)
class MessageFilter(FilterInput):
    """Which messages a list has."""

    role: RoleFilter | None = criterion("By who wrote them.")
    content: StringFilter | None = criterion("By text.")
    timestamp: DateTimeFilter | None = criterion("By when they were written.")


@filter_of(TRANSCRIPTS)
class TranscriptFilter(FilterInput):
    """Which transcripts a list has."""

    speaker: SpeakerFilter | None = criterion("By who is heard.")
    is_final: bool | None = criterion("Settled ones (true) or interim ones (false).")
