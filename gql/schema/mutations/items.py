"""The mutations that bring in what other systems know of calls, graph sessions and SMS."""

from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.schema.mutations.item_batches import batch_mutation
from gql.schema.mutations.item_inputs import (
    CallInput,
    CostEntryInput,
    CostsInput,
    GraphSessionInput,
    GraphTransitionInput,
    MessageInput,
    RecordingInput,
    SmsInput,
    TranscriptSegmentInput,
)

MUTATIONS = (
    batch_mutation(
        "upsert_calls",
        "Make calls of another system, or say more of them, in any order and as often as you like.",
        items="calls",
        each=CallInput,
        batch="What there is to say of calls.",
    ),
    batch_mutation(
        "record_costs",
        "Say what calls cost, with all lines of each bill.",
        items="costs",
        each=CostsInput,
        batch="Whole bills of calls.",
    ),
    batch_mutation(
        "record_cost_entries",
        "Add lines to the bills of calls, or correct them.",
        items="entries",
        each=CostEntryInput,
        batch="Single lines of bills.",
    ),
    batch_mutation(
        "record_recordings",
        "Say which recordings calls have.",
        items="recordings",
        each=RecordingInput,
        batch="Files about calls.",
    ),
    batch_mutation(
        "append_messages",
        "Add messages to calls, those of tools too.",
        items="messages",
        each=MessageInput,
        batch="Messages of calls.",
    ),
    batch_mutation(
        "append_transcript",
        "Add what was heard to the transcripts of calls.",
        items="segments",
        each=TranscriptSegmentInput,
        batch="Stretches of speech of calls.",
    ),
    batch_mutation(
        "record_graph_sessions",
        "Start graph sessions, set or remove keys of their context, and end them. A call has one.",
        items="sessions",
        each=GraphSessionInput,
        batch="What there is to say of graph sessions.",
        subject=GRAPH_SESSIONS,
    ),
    batch_mutation(
        "record_graph_transitions",
        "Say which nodes graph sessions went to, and why. A session that is not there yet starts.",
        items="transitions",
        each=GraphTransitionInput,
        batch="Steps of graph sessions.",
        subject=GRAPH_SESSIONS,
    ),
    batch_mutation(
        "record_sms",
        "Say which SMS were received and sent, and how far they have come. Each goes into the open"
        " conversation of its numbers, or opens one.",
        items="messages",
        each=SmsInput,
        batch="SMS that were received or sent.",
        subject=SMS_CONVERSATIONS,
    ),
)
