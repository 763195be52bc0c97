"""The same requests in PostGraphile's words, which come from the tables.

Aliases give the answers the names that ours have; `benchmarks.normal` levels what is left.
"""

from typing import Any

ORGANIZATION = 1
"""PostGraphile has no tenants of its own, so its documents carry the first part of every key."""

_RELATIONS = """nodes: graphNodesByOrganizationIdAndGraphId(orderBy: PRIMARY_KEY_ASC) { nodes {
    id: rowId nodeType position
    assistant: assistantByOrganizationIdAndAssistantId { id: rowId name } } }
  edges: graphEdgesByOrganizationIdAndGraphId(orderBy: PRIMARY_KEY_ASC) { nodes {
    id: rowId conditionType priority
    from: graphNodeByOrganizationIdAndFromNodeId { id: rowId }
    to: graphNodeByOrganizationIdAndToNodeId { id: rowId } } }
  sessions: graphSessionsByOrganizationIdAndGraphId(
      first: %d, orderBy: [STARTED_AT_DESC, ROW_ID_DESC]) { nodes {
    %s callSid isActive
    currentNode: graphNodeByOrganizationIdAndCurrentNodeId { id: rowId } } }"""

W1 = f"""query W1($id: BigInt!, $org: BigInt!) {{
  graph: assistantGraphByOrganizationIdAndRowId(organizationId: $org, rowId: $id) {{ name
  {_RELATIONS % (10, "")} }} }}"""

W2 = f"""query W2($offset: Int!, $org: BigInt!) {{
  graphs: allAssistantGraphs(first: 50, offset: $offset, condition: {{organizationId: $org}},
    orderBy: PRIMARY_KEY_ASC) {{ nodes {{ id: rowId name isActive {_RELATIONS % (5, "id: rowId")} }}
  }} }}"""

W3 = """query W3($status: String!, $assistantId: BigInt!, $org: BigInt!) {
  calls: allCalls(first: 100, orderBy: [STARTED_AT_DESC, ROW_ID_DESC], condition: {
      organizationId: $org, channel: "voice", status: $status, assistantId: $assistantId}) {
    totalCount nodes { id: rowId callSid status duration startedAt total: totalCost llm: llmCost
      tts: ttsCost stt: sttCost telephony: telephonyCost currency: costCurrency
      assistant: assistantByOrganizationIdAndAssistantId { id: rowId name } } } }"""

W4 = """query W4($offset: Int!, $org: BigInt!) {
  smsConversations: allCalls(first: 50, offset: $offset,
      orderBy: [LAST_ACTIVITY_DESC, ROW_ID_DESC],
      condition: {organizationId: $org, channel: "sms", isArchived: false}) {
    nodes { id: rowId status customerPhoneNumber messageCount lastActivity
      messages: chatMessagesByOrganizationIdAndCallId(
          last: 20, orderBy: [MESSAGE_INDEX_ASC, ROW_ID_ASC]) {
        nodes { id: rowId role content timestamp messageIndex } } } } }"""

CALL = """query C($id: BigInt!, $org: BigInt!) {
  call: callByOrganizationIdAndRowId(organizationId: $org, rowId: $id) {
    id: rowId callSid status duration total: totalCost } }"""


def variables(jackfield: dict[str, Any], document: str) -> dict[str, Any]:
    """The values of a request in PostGraphile's words: words in lower case, and the tenant."""
    values = {**jackfield, **({"org": ORGANIZATION} if "$org" in document else {})}
    if "status" in values:
        values["status"] = values["status"].lower()
    return values
