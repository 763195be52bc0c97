"""Assistants in the GraphQL schema."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from gql.domain.assistants import ASSISTANTS, GRAPHS_OF_ASSISTANT
from gql.domain.calls import CALLS, OF_ASSISTANT
from gql.domain.graphs import GRAPHS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.engine.connection import Connection, connection
from gql.engine.declaration import column, entity
from gql.schema.inputs.calls import CallFilter, CallOrder
from gql.schema.inputs.graphs import AssistantGraphFilter, AssistantGraphOrder
from gql.schema.inputs.sms import SmsConversationFilter, SmsConversationOrder
from gql.schema.node import NumberedNode

if TYPE_CHECKING:
    from gql.schema.call_connection import CallConnection
    from gql.schema.graphs import AssistantGraph
    from gql.schema.sms import SmsConversation


@entity(ASSISTANTS)
class Assistant(NumberedNode):
    """An assistant: one voice that calls, graphs and SMS conversations are answered with."""

    name: str = column("What the organization calls it.")
    description: str | None = column("What it is for.")
    phone_number: str | None = column("The number it answers, in E.164 form.")
    llm_provider: str = column("Who runs its language model.")
    llm_model: str = column("Its language model.")
    settings: JSON = column("Its free-form settings.")
    is_active: bool = column("Whether it answers.")
    created_at: datetime = column("When it was created.")
    updated_at: datetime = column("When it last changed.")
    graphs: Connection[Annotated["AssistantGraph", strawberry.lazy("gql.schema.graphs")]] | None = (
        connection(
            "The graphs with a node of this assistant, oldest first.",
            GRAPHS,
            link=GRAPHS_OF_ASSISTANT,
            order=AssistantGraphOrder,
            usual=10,
            filter=AssistantGraphFilter,
            descending=False,
        )
    )
    calls: Annotated["CallConnection", strawberry.lazy("gql.schema.call_connection")] | None = (
        connection(
            "Its calls, newest first.",
            CALLS,
            link=OF_ASSISTANT,
            order=CallOrder,
            usual=2_000,
            filter=CallFilter,
        )
    )
    sms_conversations: (
        Connection[Annotated["SmsConversation", strawberry.lazy("gql.schema.sms")]] | None
    ) = connection(
        "Its SMS conversations, the latest message first.",
        SMS_CONVERSATIONS,
        link=OF_ASSISTANT,
        order=SmsConversationOrder,
        usual=2_000,
        filter=SmsConversationFilter,
    )
