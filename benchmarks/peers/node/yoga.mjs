// GraphQL Yoga on node:http with DataLoader; its caches of parsed and valid documents are on.
import { createServer } from 'node:http';
import DataLoader from 'dataloader';
import { createSchema, createYoga } from 'graphql-yoga';
import * as data from './data.mjs';
import { resolvers, typeDefs } from './schema.mjs';

const page = (load) => new DataLoader(
  // The size is written in the document, and so is the same for all of a batch.
  async (keys) => (await load(keys.map((key) => key.id), keys[0].size)).map((nodes) => ({ nodes })),
  { cacheKeyFn: (key) => `${key.id}:${key.size}` },
);

const context = () => ({
  assistants: new DataLoader(data.assistants),
  nodesById: new DataLoader(data.nodesById),
  nodes: new DataLoader(data.nodes),
  edges: new DataLoader(data.edges),
  sessions: page(data.sessions),
  messages: page(data.messages),
});

const by = (loader, name) => (row, _, loaders) => (row[name] === null ? null : loaders[loader].load(row[name]));

const relations = {
  GraphNode: { assistant: by('assistants', 'assistant_id') },
  GraphEdge: { from: by('nodesById', 'from_node_id'), to: by('nodesById', 'to_node_id') },
  GraphSession: { currentNode: by('nodesById', 'current_node_id') },
  AssistantGraph: {
    nodes: by('nodes', 'id'), edges: by('edges', 'id'),
    sessions: (row, { first }, loaders) => loaders.sessions.load({ id: row.id, size: first }),
  },
  Call: { assistant: by('assistants', 'assistant_id') },
  SmsConversation: {
    messages: (row, { last }, loaders) => loaders.messages.load({ id: row.id, size: last }),
  },
};
const all = { ...resolvers };
for (const [type, fields] of Object.entries(relations)) all[type] = { ...all[type], ...fields };

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: all }),
  context,
  logging: false,
  graphiql: false,
  landingPage: false,
});
createServer(yoga).listen(Number(process.env.BENCH_PORT), '127.0.0.1');
