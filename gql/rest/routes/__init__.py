"""Every address of the REST door in one visible order, and the handlers: one file per noun."""

from gql.rest.route import RestRoute
from gql.rest.routes import (
    api_keys,
    assistant_lookups,
    assistants,
    call_details,
    call_exports,
    call_metrics,
    call_recordings,
    call_statistics,
    call_webhooks,
    calls,
    costs,
    graph_diagrams,
    graph_sessions,
    graph_usage,
    graphs,
    ingest,
    login,
    sms_conversations,
    sms_sessions,
    sms_string_ids,
    webhook_subscriptions,
)
from gql.settings import Settings

ROUTES: tuple[RestRoute, ...] = (
    graph_sessions.get_graph_session,
    graph_sessions.list_graph_sessions,
    graphs.list_graphs,
    graphs.create_graph,
    graphs.get_graph,
    graphs.update_graph,
    graphs.delete_graph,
    graphs.replace_structure,
    graph_diagrams.draw,
    graph_usage.analyse,
    graph_usage.try_messages,
    calls.list_calls,
    calls.search_calls,
    calls.get_by_sid,
    call_statistics.count_calls,
    call_statistics.get_stats,
    call_statistics.get_analytics,
    call_exports.export_calls,
    call_details.transcripts_by_sid,
    call_details.transcripts_by_id,
    call_details.list_messages,
    call_recordings.recordings_by_sid,
    call_recordings.recordings_by_id,
    call_exports.export_transcript,
    call_metrics.get_metrics,
    call_webhooks.list_webhook_logs,
    calls.get_by_id,
    calls.patch_metadata,
    costs.list_costs,
    costs.get_costs,
    costs.analyze_costs,
    assistant_lookups.count_assistants,
    assistant_lookups.export_assistants,
    assistant_lookups.get_by_phone,
    assistant_lookups.get_my_organization,
    assistants.list_assistants,
    assistants.create_assistant,
    assistants.get_assistant,
    assistants.put_assistant,
    assistants.patch_assistant,
    assistants.set_status,
    assistants.delete_assistant,
    sms_conversations.list_sms_conversations,
    sms_conversations.get_sms_conversation,
    sms_conversations.archive_sms_conversation,
    sms_conversations.list_sms_messages,
    sms_conversations.list_related_records,
    sms_conversations.export_sms_conversation,
    sms_sessions.count_sms_sessions,
    sms_sessions.clear_sms_sessions,
    sms_sessions.clean_up_sms_sessions,
    sms_sessions.end_sms_session,
    ingest.take_items,
    login.log_in_simply,
    login.log_in,
    login.get_me,
    login.get_credential,
    api_keys.list_api_keys,
    api_keys.create_api_key,
    api_keys.update_api_key,
    api_keys.delete_api_key,
    webhook_subscriptions.list_webhook_subscriptions,
    webhook_subscriptions.create_webhook_subscription,
    webhook_subscriptions.get_webhook_subscription,
    webhook_subscriptions.update_webhook_subscription,
    webhook_subscriptions.delete_webhook_subscription,
    webhook_subscriptions.rotate_webhook_subscription_secret,
    webhook_subscriptions.list_webhook_deliveries,
    webhook_subscriptions.replay_webhook_deliveries,
)
"""In order of trial: of paths with as many parts, one without parameters comes first."""

NOT_SERVED = ("/api/v1/assistants/providers", "/api/v1/assistants/cloned-voices")
"""Documented addresses that are not served, where a parameter of another address would fit.

They are not found, as all others are that are not served, and no id that is not a number.
"""


def routes_of(settings: Settings) -> tuple[RestRoute, ...]:
    """The routes in the shapes that the settings ask for."""
    if settings.sms_ids == "integer":
        return ROUTES
    return tuple(sms_string_ids.ROUTES.get(route, route) for route in ROUTES)
