"""How lists of messages and transcripts are filtered and sorted."""

import strawberry

from gql.domain.messages import MESSAGES, TRANSCRIPTS
from gql.query.filters import Filter
from gql.schema.inputs.comparators import (
    RoleFilter,
    SpeakerFilter,
    StringFilter,
    compared,
    flag,
    optional,
)
from gql.schema.inputs.ordering import order_of

MessageOrder = order_of("Message", MESSAGES, message_index="By place in the conversation.")
TranscriptOrder = order_of("Transcript", TRANSCRIPTS, id="By id: the order they were heard in.")


@strawberry.input(description="Which messages a list has.")
class MessageFilter:
    """All conditions hold together."""

    role: RoleFilter | None = optional("By who wrote them.")
    content: StringFilter | None = optional("By text.")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (*compared("role", self.role), *compared("content", self.content))


@strawberry.input(description="Which transcripts a list has.")
class TranscriptFilter:
    """All conditions hold together."""

    speaker: SpeakerFilter | None = optional("By who is heard.")
    is_final: bool | None = optional("Settled ones (true) or interim ones (false).")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (*compared("speaker", self.speaker), *flag("is_final", self.is_final))
