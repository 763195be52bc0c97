// The SQL of the hand-written Node servers: one batched statement per relation.
import postgres from 'postgres';

export const ORGANIZATION = 1;

// Ids fit a double; the driver would hand them out as text.
const integer = { to: 20, from: [20], serialize: String, parse: Number };

export const sql = postgres({
  host: process.env.BENCH_PG_HOST,
  username: 'postgres',
  database: process.env.BENCH_PG_DATABASE,
  max: Number(process.env.BENCH_POOL || 10),
  prepare: true,
  onnotice: () => {},
  types: { integer },
});

const grouped = (keys, rows, name) => {
  const groups = new Map(keys.map((key) => [key, []]));
  for (const row of rows) groups.get(row[name]).push(row);
  return keys.map((key) => groups.get(key));
};
const inOrder = (keys, rows) => {
  const found = new Map(rows.map((row) => [row.id, row]));
  return keys.map((key) => found.get(key) ?? null);
};

export const assistants = async (ids) =>
  inOrder(ids, await sql`SELECT id, name FROM assistant WHERE id = any(${ids})`);

export const nodesById = async (ids) =>
  inOrder(ids, await sql`SELECT id, node_type, position, assistant_id FROM graph_node WHERE id = any(${ids})`);

export const nodes = async (ids) =>
  grouped(ids, await sql`SELECT id, graph_id, node_type, position, assistant_id FROM graph_node
    WHERE graph_id = any(${ids}) ORDER BY graph_id, id`, 'graph_id');

export const edges = async (ids) =>
  grouped(ids, await sql`SELECT id, graph_id, condition_type, priority, from_node_id, to_node_id FROM graph_edge
    WHERE graph_id = any(${ids}) ORDER BY graph_id, id`, 'graph_id');

export const sessions = async (ids, first) =>
  grouped(ids, await sql`SELECT s.id, s.graph_id, s.call_sid, s.is_active, s.current_node_id
    FROM unnest(${ids}::bigint[]) k CROSS JOIN LATERAL (SELECT * FROM graph_session WHERE graph_id = k
    ORDER BY started_at DESC, id DESC LIMIT ${first}) s`, 'graph_id');

export const messages = async (ids, last) =>
  grouped(ids, await sql`SELECT m.id, m.call_id, m.role, m.content, m."timestamp", m.message_index
    FROM unnest(${ids}::bigint[]) k CROSS JOIN LATERAL (SELECT * FROM chat_message WHERE call_id = k
    AND role <> 'system' ORDER BY message_index DESC, id DESC LIMIT ${last}) m
    ORDER BY m.message_index, m.id`, 'call_id');

export const graph = async (id) =>
  (await sql`SELECT id, name, is_active FROM assistant_graph
    WHERE organization_id = ${ORGANIZATION} AND id = ${id}`)[0] ?? null;

export const graphs = (first, offset, other) =>
  sql`SELECT id, name, is_active FROM assistant_graph WHERE organization_id = ${ORGANIZATION}
    AND name <> ${other} ORDER BY id LIMIT ${first} OFFSET ${offset}`;

export const calls = async (status, assistant, first) => {
  const where = sql`organization_id = ${ORGANIZATION} AND channel = 'voice'
    AND status = ${status} AND assistant_id = ${assistant}`;
  const [[{ count }], found] = await Promise.all([
    sql`SELECT count(*) FROM call WHERE ${where}`,
    sql`SELECT id, call_sid, status, duration, started_at, assistant_id, total_cost, llm_cost, tts_cost,
      stt_cost, telephony_cost, cost_currency FROM call WHERE ${where}
      ORDER BY started_at DESC, id DESC LIMIT ${first}`,
  ]);
  return { totalCount: count, nodes: found };
};

export const call = async (id) =>
  (await sql`SELECT id, call_sid, status, duration, total_cost FROM call
    WHERE organization_id = ${ORGANIZATION} AND channel = 'voice' AND id = ${id}`)[0] ?? null;

export const conversations = (first, offset) =>
  sql`SELECT id, status, customer_phone_number, message_count, last_activity FROM call
    WHERE organization_id = ${ORGANIZATION} AND channel = 'sms' AND NOT is_archived
    ORDER BY last_activity DESC, id DESC LIMIT ${first} OFFSET ${offset}`;
