"""Documents with variables in every place where one may be."""

from benchmarks.workloads import WORKLOADS

_VARIABLES = """
query ($id: ID!) { node(id: $id) { id } graph(id: $id) { id } }

query ($ids: [ID!]!) { nodes(ids: $ids) { id } }

query ($one: ID!, $other: ID = "call_5") { nodes(ids: [$one, "graph_1", $other]) { id } }

query ($id: ID, $sid: String) { call(id: $id, callSid: $sid) { id } }

query ($by: CallBy) { call(by: $by) { id } }

query ($sid: String!, $id: ID!) { a: call(by: {callSid: $sid}) { id } b: call(by: {id: $id}) {
id } }

query ($id: ID!, $path: String!) { graphSession(id: $id) { contextValue(path: $path) } }

query ($id: ID!) { viewer { method permissions organization { name } } graph(id: $id) { id } }

query ($zone: String, $n: Int, $filter: CallFilter, $empty: Boolean) { costs(timezone: $zone,
first: $n, filter: $filter, emptyBuckets: $empty) { groupCount } }

query ($n: Int) { calls(first: $n) { nodes { id } } graphs(first: $n) { totalCount } }

query ($n: Int = 7, $m: Int! = 3) { calls(first: $n) { nodes { id } } graphs(first: $m) { nodes
{ id } } }

query ($n: Int, $offset: Int!) { calls(first: $n, offset: $offset) { nodes { id } } }

query ($first: Int, $last: Int) { calls(first: $first, last: $last) { nodes { id } } }

query ($last: Int = 4) { calls(last: $last) { nodes { id } } }

query ($offset: Int, $last: Int, $after: String) { calls(offset: $offset, last: $last, after:
$after) { nodes { id } } }

query ($after: String, $before: String) { calls(after: $after, before: $before) { nodes { id } }
}

query ($after: String) { calls(orderBy: {field: DURATION}, after: $after) { nodes { id } } }

query ($order: CallOrder) { calls(orderBy: $order) { nodes { id } } }

query ($order: AssistantGraphOrder = {field: NAME}, $after: String) { graphs(orderBy: $order,
after: $after) { nodes { id } } }

query ($by: CallOrderField!, $way: OrderDirection, $after: String) { calls(orderBy: {field: $by,
direction: $way}, after: $after) { nodes { id } } }

query ($way: OrderDirection = ASC, $before: String!) { calls(orderBy: {field: TOTAL_COST,
direction: $way}, before: $before, last: 2) { edges { cursor } } }

query ($filter: CallFilter) { calls(filter: $filter) { totalCount nodes { id } } }

query ($filter: CallFilter = {status: {eq: FAILED}, callSid: {in: ["CA1"]}}) { calls(filter:
$filter) { nodes { id } } }

query ($filter: CallFilter!, $one: CallFilter!) { calls(filter: {any: [$filter, $one], none:
[$one]}) { nodes { id } } }

query ($some: [CallFilter!]!, $more: [CallFilter!]) { calls(filter: {any: $some, none: $more}) {
nodes { id } } }

query ($status: CallStatusFilter, $id: IDFilter, $at: DateTimeFilter, $cost: DecimalFilter,
$length: IntFilter, $phone: PhoneFilter, $text: StringFilter, $meta: JSONKeyFilter, $direction:
DirectionFilter) { calls(filter: {status: $status, assistantId: $id, startedAt: $at, totalCost:
$cost, duration: $length, customerPhoneNumber: $phone, assistantName: $text, meta: $meta,
direction: $direction, callSid: $text, graphId: $id}) { nodes { id } } }

query ($status: CallStatus, $some: [CallStatus!], $id: ID, $ids: [ID!], $from: DateTime, $cost:
Decimal, $length: Int, $is: Boolean, $text: String, $key: String!) { calls(filter: { status:
{eq: $status, in: $some}, assistantId: {ne: $id, notIn: $ids}, startedAt: {gt: $from},
totalCost: {gte: $cost, lt: 5, isNull: $is}, duration: {eq: $length}, callSid: {contains: $text,
startsWith: $key, in: [$key, "x"]}, customerPhoneNumber: {eq: $text, contains: $key}, meta:
{key: $key, eq: $text}}) { nodes { id } } }

query ($status: CallStatus!, $some: [CallStatus!]!, $ids: [ID!]!, $from: DateTime!, $cost:
Decimal!, $is: Boolean!) { calls(filter: {status: {eq: $status, in: $some}, assistantId: {in:
$ids}, startedAt: {gte: $from}, totalCost: {lte: $cost, isNull: $is}}) { nodes { id } } }

query ($from: Int, $to: Int) { calls(filter: {duration: {gte: $from, lt: $to}}) { nodes { id } } }

query ($text: String!, $kinds: [SearchedText!], $status: CallStatus, $some: [CallStatus!], $first:
Int, $order: SearchOrderField, $mark: String!) { search(text: $text, in: $kinds, filter: {status:
{eq: $status, in: $some}}, first: $first, orderBy: $order) { nodes { kind snippet(before: $mark) } }
}

query ($text: String!, $said: SaidFilter, $least: Int) { calls(filter: {said: {contains: $text},
duration: {gte: $least, lt: 500}}) { nodes { id } } records(filter: {said: $said}) { totalCount } }

query ($meta: JSONKeyFilter!) { calls(filter: {meta: $meta}) { nodes { id } } }

query ($key: String = "a") { calls(filter: {meta: {key: $key, eq: "5"}}) { nodes { id } } }

query ($is: Boolean, $name: StringFilter) { graphs(filter: {isActive: $is, name: $name}) { nodes
{ id } } }

query ($ids: [ID!]) { calls(filter: {assistantId: {in: $ids}}) { nodes { id } } }

query ($id: ID!) { calls(filter: {assistantId: {in: [$id, 7]}}) { nodes { id } } }

query ($n: Int!, $filter: CallFilter, $with: Boolean! = true) { assistants(first: $n) { nodes {
calls(first: $n, filter: $filter) @include(if: $with) { nodes { id } } } } }

query ($role: [Role!], $filter: MessageFilter, $without: Boolean = false) { smsConversations {
nodes { id @skip(if: $without) a: messages(filter: {role: {in: $role}}) { nodes { id } } b:
messages(filter: $filter, last: 5) { totalCount } } } }

query ($filter: AuditEntryFilter, $n: Int) { auditLog(first: $n, filter: $filter) { nodes { id }
} }
"""

DOCUMENTS = (
    *(work.documents["jackfield"] for work in WORKLOADS if "jackfield" in work.documents),
    *_VARIABLES.strip().split("\n\n"),
)
