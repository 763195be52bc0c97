// The part of our schema that the workloads ask for, with plain resolvers.
import { GraphQLScalarType } from 'graphql';
import * as data from './data.mjs';

export const typeDefs = `
scalar DateTime
scalar Decimal
enum CallStatus { ACTIVE ONGOING COMPLETED FAILED }
input CallStatusFilter { eq: CallStatus }
input IDFilter { eq: ID }
input StringFilter { ne: String }
input GraphFilter { name: StringFilter }
input CallFilter { status: CallStatusFilter assistantId: IDFilter }
type Position { x: Float y: Float }
type Assistant { id: ID! name: String! }
type GraphNode { id: ID! nodeType: String! position: Position! assistant: Assistant! }
type GraphEdge { id: ID! conditionType: String! priority: Int! from: GraphNode! to: GraphNode! }
type GraphSession { id: ID! callSid: String! isActive: Boolean! currentNode: GraphNode }
type GraphSessionConnection { nodes: [GraphSession!]! }
type AssistantGraph { id: ID! name: String! isActive: Boolean! nodes: [GraphNode!]! edges: [GraphEdge!]!
  sessions(first: Int!): GraphSessionConnection! }
type AssistantGraphConnection { nodes: [AssistantGraph!]! }
type CallCost { total: Decimal llm: Decimal tts: Decimal stt: Decimal telephony: Decimal currency: String }
type Call { id: ID! callSid: String! status: String! duration: Int startedAt: DateTime! cost: CallCost! assistant: Assistant }
type CallConnection { totalCount: Int! nodes: [Call!]! }
type Message { id: ID! role: String! content: String! timestamp: DateTime! messageIndex: Int! }
type MessageConnection { nodes: [Message!]! }
type SmsConversation { id: ID! status: String! customerPhoneNumber: String! messageCount: Int! lastActivity: DateTime!
  messages(last: Int!): MessageConnection! }
type SmsConversationConnection { nodes: [SmsConversation!]! }
type Query {
  graph(id: ID!): AssistantGraph
  graphs(first: Int!, offset: Int!, filter: GraphFilter!): AssistantGraphConnection!
  calls(first: Int!, filter: CallFilter!): CallConnection!
  call(id: ID!): Call
  smsConversations(first: Int!, offset: Int!): SmsConversationConnection!
}`;

const key = (noun) => (row) => `${noun}_${row.id}`;
const pick = (name) => (row) => row[name];
const word = (name) => (row) => row[name].toUpperCase();
const money = (name) => (row) => {
  const micros = row[name];
  if (micros === null) return null;
  return `${Math.trunc(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
};

export const resolvers = {
  DateTime: new GraphQLScalarType({ name: 'DateTime', serialize: (at) => at.toISOString() }),
  Decimal: new GraphQLScalarType({ name: 'Decimal', serialize: (text) => text }),
  Query: {
    graph: (_, { id }) => data.graph(Number(id)),
    graphs: async (_, { first, offset, filter }) => ({ nodes: await data.graphs(first, offset, filter.name.ne) }),
    calls: (_, { first, filter }) =>
      data.calls(filter.status.eq.toLowerCase(), Number(filter.assistantId.eq), first),
    call: (_, { id }) => data.call(Number(id)),
    smsConversations: async (_, { first, offset }) => ({ nodes: await data.conversations(first, offset) }),
  },
  Assistant: { id: key('assistant') },
  GraphNode: { id: key('node'), nodeType: word('node_type') },
  GraphEdge: { id: key('edge'), conditionType: word('condition_type') },
  GraphSession: { id: key('graph_session'), callSid: pick('call_sid'), isActive: pick('is_active') },
  AssistantGraph: { id: key('graph'), isActive: pick('is_active') },
  CallCost: {
    total: money('total_cost'), llm: money('llm_cost'), tts: money('tts_cost'), stt: money('stt_cost'),
    telephony: money('telephony_cost'), currency: pick('cost_currency'),
  },
  Call: {
    id: key('call'), callSid: pick('call_sid'), status: word('status'), startedAt: pick('started_at'),
    cost: (row) => row,
  },
  Message: { id: key('message'), role: word('role'), messageIndex: pick('message_index') },
  SmsConversation: {
    id: key('sms_conversation'), status: word('status'), customerPhoneNumber: pick('customer_phone_number'),
    messageCount: pick('message_count'), lastActivity: pick('last_activity'),
  },
};
