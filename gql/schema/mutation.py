"""The mutation fields: everything that can be changed."""

from strawberry.tools import create_type

from gql.schema.mutations import (
    api_keys,
    assistants,
    calls,
    cost_budgets,
    graph_edits,
    graphs,
    hooks,
    items,
    sms,
    sms_sessions,
    webhooks,
)

MUTATIONS = (
    *graphs.MUTATIONS,
    *graph_edits.MUTATIONS,
    *assistants.MUTATIONS,
    *calls.MUTATIONS,
    *sms.MUTATIONS,
    *sms_sessions.MUTATIONS,
    *api_keys.MUTATIONS,
    *hooks.MUTATIONS,
    *cost_budgets.MUTATIONS,
    *webhooks.MUTATIONS,
    *items.MUTATIONS,
)
"""In the order of the schema; each is run after the one before, and reads what it committed."""

Mutation = create_type(
    "Mutation",
    list(MUTATIONS),
    description="Everything that can be changed. Each field is one transaction, in which its"
    " payload is read too: all of it is done, or nothing, and then `userErrors` or `errors` say"
    " why.",
)
