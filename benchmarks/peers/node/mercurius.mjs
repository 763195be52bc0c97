// Mercurius: just-in-time compilation on, a loader for every relation.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import * as data from './data.mjs';
import { resolvers, typeDefs } from './schema.mjs';

const loader = (load) => ({ loader: load, opts: { cache: false } });

const by = (load, name) => loader(async (queries) => {
  const ids = [...new Set(queries.map((query) => query.obj[name]).filter((id) => id !== null))];
  const found = await load(ids);
  const rows = new Map(ids.map((id, at) => [id, found[at]]));
  return queries.map((query) => rows.get(query.obj[name]) ?? null);
});

const page = (load, argument) => loader(async (queries) => {
  // The size is written in the document, and so is the same for all of a batch.
  const found = await load(queries.map((query) => query.obj.id), queries[0].params[argument]);
  return found.map((nodes) => ({ nodes }));
});

const loaders = {
  GraphNode: { assistant: by(data.assistants, 'assistant_id') },
  GraphEdge: { from: by(data.nodesById, 'from_node_id'), to: by(data.nodesById, 'to_node_id') },
  GraphSession: { currentNode: by(data.nodesById, 'current_node_id') },
  AssistantGraph: {
    nodes: by(data.nodes, 'id'), edges: by(data.edges, 'id'), sessions: page(data.sessions, 'first'),
  },
  Call: { assistant: by(data.assistants, 'assistant_id') },
  SmsConversation: { messages: page(data.messages, 'last') },
};

const app = Fastify({ logger: false });
app.register(mercurius, { schema: typeDefs, resolvers, loaders, jit: 1, graphiql: false });
await app.listen({ port: Number(process.env.BENCH_PORT), host: '127.0.0.1' });
