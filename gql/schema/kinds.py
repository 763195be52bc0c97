"""Of which kinds of objects the types of the schema are: what API keys with levels per kind need.

A field needs to read the kinds of the type that it returns, so each type is declared once, and
whatever reaches an object, a list or a count of it by any path needs its kind. What is declared
nowhere no level gives: a new type is closed until it is in a table of this module.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from gql.kinds import CLOSED, OPEN, Kind, Needed, changing, reading


def _all_of(needed: Needed, names: Iterable[str]) -> dict[str, Needed]:
    return dict.fromkeys(names, needed)


_ASSISTANTS = reading(Kind.ASSISTANTS)
_GRAPHS = reading(Kind.GRAPHS)
_CALLS = reading(Kind.CALLS)
_SMS = reading(Kind.SMS)
_COSTS = reading(Kind.COSTS)
_CONVERSATIONS = _CALLS | _SMS
_EVERYTHING = reading(*Kind)

TYPES: Mapping[str, Needed] = MappingProxyType(
    {
        "Assistant": _ASSISTANTS,
        **_all_of(
            _GRAPHS,
            (
                "AssistantGraph",
                "GraphNode",
                "GraphEdge",
                "GraphVersion",
                "GraphDiff",
                "GraphElementChange",
                "GraphFinding",
                "GraphAnalytics",
                "NodeAnalytics",
                "TransitionCount",
                "GraphSession",
                "GraphTransition",
                "GraphPathStep",
                "GraphSimulation",
                "SimulatedStep",
                "GraphChange",
                "GraphSessionChange",
            ),
        ),
        # What was said in the conversations of recorded sessions is replayed.
        **_all_of(_GRAPHS | _CONVERSATIONS, ("GraphReplay", "SessionReplay")),
        **_all_of(
            _CALLS,
            ("Call", "CallCost", "Recording", "Transcript", "CallChange", "TranscriptChange"),
        ),
        **_all_of(_SMS, ("SmsConversation", "SmsSessions", "SmsMessageAdded")),
        # Of either; a field that knows which is among `FIELDS`.
        "Message": _CONVERSATIONS,
        **_all_of(_CONVERSATIONS, ("SearchResultPage", "SearchResultEdge", "SearchResult")),
        **_all_of(_COSTS, ("CostEntry", "CostBudget", "CostBudgetPassing")),
        # They add up, count and filter the conversations themselves.
        **_all_of(
            _COSTS | _CONVERSATIONS,
            (
                "CostReport",
                "CostGroup",
                "CostFigures",
                "CallDurations",
                "CostSums",
                "CostCoverage",
                "RepricedCosts",
                "PaidCosts",
                "ListedCosts",
                "CostDifferences",
                "CostBudgetStatus",
                "InvoiceReconciliation",
                "InvoiceDifference",
            ),
        ),
        "AnyChange": _EVERYTHING,
        **_all_of(
            CLOSED,
            (
                "ApiKey",
                "User",
                "AuditEntry",
                "HookEndpoint",
                "HookDelivery",
                "WebhookSubscription",
                "WebhookDelivery",
            ),
        ),
        **_all_of(OPEN, ("Viewer", "RateLimit", "Organization")),
        **_all_of(OPEN, ("PageInfo", "Position", "KeyedNode", "ItemResult", "UserError")),
    }
)
"""By type: what reading one needs.

The types of connections are of the kinds of what they list, and payloads of those of the mutation.
"""

FIELDS: Mapping[tuple[str, str], Needed] = MappingProxyType(
    {
        # Whose type its id says: see `NODE_IDS`.
        ("Query", "node"): OPEN,
        ("Query", "nodes"): OPEN,
        ("Viewer", "user"): OPEN,
        ("Viewer", "apiKey"): OPEN,
        ("Call", "messages"): _CALLS,
        ("SmsConversation", "messages"): _SMS,
        ("SmsMessageAdded", "message"): _SMS,
        # They list what the connection is of.
        ("MessageConnection", "nodes"): OPEN,
        ("MessageConnection", "edges"): OPEN,
        ("MessageConnectionEdge", "node"): OPEN,
    }
)
"""By type and field: what reading it needs, where that is not what its type says."""

NODE_IDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {("Query", "node"): "id", ("Query", "nodes"): "ids"}
)
"""The fields that give an object of any type, and the argument with the global ids of those."""

INPUTS: Mapping[tuple[str, str], Needed] = MappingProxyType(
    {
        # References, which are refused when there is no such object.
        ("GraphNodeInput", "assistantId"): _ASSISTANTS,
        ("AddGraphNodeInput", "assistantId"): _ASSISTANTS,
        ("UpdateGraphNodeInput", "assistantId"): _ASSISTANTS,
        ("SetCostBudgetInput", "assistantId"): _ASSISTANTS,
        ("SetCostBudgetInput", "graphId"): _GRAPHS,
    }
)
"""By input type and field: what its use needs beside the field or mutation it is an argument of."""

MUTATIONS: Mapping[str, Needed] = MappingProxyType(
    {
        **_all_of(
            changing(Kind.GRAPHS),
            (
                "createGraph",
                "updateGraph",
                "replaceGraphStructure",
                "restoreGraphVersion",
                "deleteGraph",
                "addGraphNode",
                "updateGraphNode",
                "removeGraphNode",
                "addGraphEdge",
                "updateGraphEdge",
                "removeGraphEdge",
            ),
        ),
        **_all_of(changing(Kind.ASSISTANTS), ("createAssistant", "updateAssistant")),
        # The refusal for one that is in use names the graphs.
        "deleteAssistant": changing(Kind.ASSISTANTS) | _GRAPHS,
        "updateCallMeta": changing(Kind.CALLS),
        **_all_of(
            changing(Kind.SMS),
            (
                "archiveSmsConversation",
                "clearSmsSessions",
                "cleanUpSmsSessions",
                "endSmsSession",
                "recordSms",
            ),
        ),
        **_all_of(changing(Kind.COSTS), ("setCostBudget", "removeCostBudget")),
        # Items of the voice channel and of SMS alike.
        **_all_of(changing(Kind.CALLS, Kind.SMS), ("upsertCalls", "appendMessages")),
        **_all_of(changing(Kind.CALLS), ("recordRecordings", "appendTranscript")),
        **_all_of(changing(Kind.CALLS, Kind.SMS, Kind.COSTS), ("recordCosts", "recordCostEntries")),
        **_all_of(
            changing(Kind.GRAPHS, Kind.CALLS), ("recordGraphSessions", "recordGraphTransitions")
        ),
        **_all_of(
            CLOSED,
            (
                "createApiKey",
                "revokeApiKey",
                "createHookEndpoint",
                "rotateHookSecret",
                "deleteHookEndpoint",
                "replayHookDeliveries",
                "createWebhookSubscription",
                "updateWebhookSubscription",
                "rotateWebhookSubscriptionSecret",
                "deleteWebhookSubscription",
                "replayWebhookDeliveries",
            ),
        ),
    }
)
"""By mutation: what it needs, beside what is read of its payload."""
