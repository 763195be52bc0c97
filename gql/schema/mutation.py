"""The mutation fields: everything that can be changed."""

from typing import Any

import strawberry

from gql.schema.mutations import api_keys, assistants, calls, graphs, sms, sms_sessions

PERMISSION = " Needs the ADMIN permission."


def _mutation(resolver: Any, description: str) -> Any:
    field = strawberry.mutation(resolver=resolver, description=description)
    for argument in field.arguments:
        argument.description = "What to change, and how."
    return field


@strawberry.type(
    description="Everything that can be changed. Each field is one transaction: all of it is done,"
    " or nothing, and then `userErrors` says why."
)
class Mutation:
    """Fields run one after another; each reads back what is committed then."""

    create_graph: graphs.CreateGraphPayload = _mutation(
        graphs.create_graph, "Make an assistant graph, with its nodes and edges."
    )
    update_graph: graphs.UpdateGraphPayload = _mutation(
        graphs.update_graph, "Change a graph, but not its nodes and edges."
    )
    replace_graph_structure: graphs.ReplaceGraphStructurePayload = _mutation(
        graphs.replace_graph_structure,
        "Give a graph other nodes and edges, all with new ids, and clear its active graph"
        " sessions; ended ones stay.",
    )
    delete_graph: graphs.DeleteGraphPayload = _mutation(
        graphs.delete_graph,
        "Delete a graph with its nodes, edges and graph sessions; calls keep its name.",
    )
    create_assistant: assistants.CreateAssistantPayload = _mutation(
        assistants.create_assistant, "Make an assistant."
    )
    update_assistant: assistants.UpdateAssistantPayload = _mutation(
        assistants.update_assistant, "Change an assistant."
    )
    delete_assistant: assistants.DeleteAssistantPayload = _mutation(
        assistants.delete_assistant,
        "Delete an assistant that no node has; calls and SMS conversations keep its name.",
    )
    update_call_meta: calls.UpdateCallMetaPayload = _mutation(
        calls.update_call_meta, "Set or remove keys of the free-form data of a call."
    )
    archive_sms_conversation: sms.ArchiveSmsConversationPayload = _mutation(
        sms.archive_sms_conversation,
        "Hide an SMS conversation for good and delete its messages and logs; the next message"
        " between the two opens a new one.",
    )
    clear_sms_sessions: sms_sessions.ClearSmsSessionsPayload = _mutation(
        sms_sessions.clear_sms_sessions,
        "Forget the live state of every SMS conversation; conversations and messages stay.",
    )
    clean_up_sms_sessions: sms_sessions.CleanUpSmsSessionsPayload = _mutation(
        sms_sessions.clean_up_sms_sessions,
        "Remove live SMS sessions whose time has run out and that nobody can see any more.",
    )
    end_sms_session: sms_sessions.EndSmsSessionPayload = _mutation(
        sms_sessions.end_sms_session, "Forget the live state of one customer and assistant."
    )
    create_api_key: api_keys.CreateApiKeyPayload = _mutation(
        api_keys.create_api_key, "Make an API key of the organization." + PERMISSION
    )
    revoke_api_key: api_keys.RevokeApiKeyPayload = _mutation(
        api_keys.revoke_api_key, "Make an API key stop working." + PERMISSION
    )
