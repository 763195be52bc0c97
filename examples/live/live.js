// A page that follows an organization: it reads what there is once, and then what changes.

import { follow } from "./follow.js";

const ADDRESS = new URLSearchParams(location.search).get("gateway") ?? "http://127.0.0.1:8000";
const MOST_CALLS = 12;
const MOST_MESSAGES = 14;
const MOST_SEGMENTS = 100;

const CALL = "id customerPhoneNumber assistantName status startedAt duration cost { total currency }";
const SESSION = "id isActive currentAssistantName graphName graph { id } call { customerPhoneNumber }";
const MESSAGE = "message { id role content timestamp } conversation { customerPhoneNumber }";
const SEGMENT = "id speaker content isFinal createdAt";

const NOW = `{
  calls(first: ${MOST_CALLS}) { nodes { ${CALL} } }
  graphSessions(first: 50, filter: {isActive: true}) { nodes { ${SESSION} } }
  graphs(first: 20) { nodes { id name nodes { assistant { name } } } }
}`;

const SPOKEN = `query ($call: ID!) {
  call(id: $call) {
    transcript(last: ${MOST_SEGMENTS}) { nodes { ${SEGMENT} } }
  }
}`;

const element = (id) => document.getElementById(id);
const calls = new Map();
const sessions = new Map();
const messages = new Map();
const graphs = new Map();
const segments = new Map();
let selected = null; // the call whose transcript is shown
const seen = { events: 0, calls: new Set(), messages: new Set() };

async function ask(query, variables) {
  const response = await fetch(new URL("/graphql", ADDRESS), {
    method: "POST",
    credentials: "include",
    headers: { "Content-Type": "application/json", "X-Requested-With": "live" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (response.status === 401) return null;
  if (errors) throw new Error(errors[0].message);
  return data;
}

// The order of two reads is not known where both were on their way at once: what an event told
// stays, since any later change has an event of its own.
async function readAll() {
  for (const map of [calls, sessions, graphs, segments]) map.clear();
  const data = await ask(NOW);
  for (const call of data.calls.nodes) if (!calls.has(call.id)) calls.set(call.id, call);
  for (const session of data.graphSessions.nodes) {
    if (!sessions.has(session.id)) sessions.set(session.id, session);
  }
  for (const { id, name, nodes } of data.graphs.nodes) {
    graphs.set(id, { name, lanes: new Set(nodes.map(({ assistant }) => assistant.name)) });
  }
  draw();
  if (selected) await readTranscript(selected);
}

// As with `readAll`: a segment that an event told meanwhile stays.
async function readTranscript(call) {
  const data = await ask(SPOKEN, { call });
  if (selected !== call) return;
  for (const segment of data.call?.transcript?.nodes ?? []) {
    if (!segments.has(segment.id)) segments.set(segment.id, segment);
  }
  draw();
}

function select(call) {
  selected = selected === call ? null : call;
  segments.clear();
  draw();
  if (selected) readTranscript(selected);
}

function callChanged({ callId, call }) {
  seen.calls.add(callId);
  if (call) calls.set(callId, call);
  else calls.delete(callId);
}

function graphSessionChanged({ graphSession: session }) {
  if (!session) return;
  sessions.set(session.id, session);
  if (!session.isActive) setTimeout(() => sessions.delete(session.id) && draw(), 4_000);
}

function smsMessageAdded({ message, conversation }) {
  if (!message) return;
  seen.messages.add(message.id);
  messages.set(message.id, { ...message, customer: conversation?.customerPhoneNumber ?? "" });
}

function transcriptChanged({ transcript, call }) {
  if (transcript && call?.id === selected) segments.set(transcript.id, transcript);
}

const FIELDS = {
  callChanged: [`callId call { ${CALL} }`, callChanged],
  graphSessionChanged: [`graphSession { ${SESSION} }`, graphSessionChanged],
  smsMessageAdded: [MESSAGE, smsMessageAdded],
  transcriptChanged: [`transcript { ${SEGMENT} } call { id }`, transcriptChanged],
};

const states = new Map();

function show(name, state) {
  states.set(name, state);
  const all = [...states.values()];
  const isOpen = all.every((each) => each === "open");
  element("connection").dataset.state = isOpen ? "open" : "connecting";
  element("connection").textContent = isOpen ? "Connected" : "Connecting …";
}

function begin() {
  element("login").hidden = true;
  document.querySelector("main").hidden = false;
  const begun = new Set();
  for (const [field, [selection, take]] of Object.entries(FIELDS)) {
    show(field, "connecting");
    follow(new URL("/graphql", ADDRESS), field, selection, {
      // Only who follows already misses nothing between the read and the first event.
      onBegin: () => begun.add(field).size === Object.keys(FIELDS).length && readAll(),
      onState: (state) => show(field, state),
      onEvent: (event) => {
        seen.events += 1;
        take(event);
        draw();
      },
    });
  }
}

// Drawing.

let isDrawing = false;

function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    const { events, calls, messages } = seen;
    element("seen").textContent =
      `${events} events: ${calls.size} calls, ${messages.size} messages`;
    drawCalls();
    drawMessages();
    drawTranscript();
    drawSessions();
  });
}

function made(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text ?? "";
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const time = (text) => TIME.format(new Date(text));
const words = (name) => name.toLowerCase().replaceAll("_", " ");

const NUMBERS = new Intl.Collator(undefined, { numeric: true });

// The newest of a map, by an instant and then by id, as lists are sorted; the rest is forgotten.
function newest(map, field, most) {
  const key = (object) => `${object[field]} ${object.id}`;
  const sorted = [...map.values()].sort((one, other) => NUMBERS.compare(key(other), key(one)));
  for (const { id } of sorted.slice(most)) map.delete(id);
  return sorted.slice(0, most);
}

// The row of an object stays the same element, so that a style can show that it has changed.
function keepRows(parent, objects, fill) {
  const before = new Map([...parent.children].map((row) => [row.dataset.id, row]));
  const rows = objects.map((object) => {
    const row = before.get(object.id) ?? made(parent.tagName === "OL" ? "li" : "tr");
    const print = JSON.stringify(object);
    if (row.dataset.print !== print) {
      row.replaceChildren(...fill(object));
      row.dataset.id = object.id;
      row.dataset.print = print;
      row.classList.remove("changed");
      void row.offsetWidth; // begins the animation anew
      row.classList.add("changed");
    }
    return row;
  });
  parent.replaceChildren(...rows);
}

function drawCalls() {
  keepRows(element("calls"), newest(calls, "startedAt", MOST_CALLS), (call) => {
    const cost = call.cost?.total == null ? "" : `${call.cost.total} ${call.cost.currency}`;
    return [
      made("td", time(call.startedAt)),
      customerCell(call),
      made("td", call.assistantName),
      made("td", words(call.status), { "data-status": call.status }),
      made("td", call.duration, { class: "number" }),
      made("td", cost, { class: "number" }),
    ];
  });
}

function customerCell(call) {
  const cell = made("td");
  const button = made("button", call.customerPhoneNumber || "somebody", { type: "button" });
  button.setAttribute("aria-pressed", call.id === selected);
  button.addEventListener("click", () => select(call.id));
  cell.append(button);
  return cell;
}

function drawTranscript() {
  for (const row of element("calls").children) {
    row.querySelector("button").setAttribute("aria-pressed", row.dataset.id === selected);
  }
  keepRows(element("transcript"), newest(segments, "createdAt", MOST_SEGMENTS), (segment) => [
    made("span", `${time(segment.createdAt)} · ${words(segment.speaker)}`),
    made("p", segment.isFinal ? segment.content : `${segment.content} …`),
  ]);
  element("transcript-hint").hidden = Boolean(selected);
}

function drawMessages() {
  keepRows(element("messages"), newest(messages, "timestamp", MOST_MESSAGES), (message) => [
    made("span", `${time(message.timestamp)} · ${message.customer}`),
    made("p", message.content, { "data-role": message.role }),
  ]);
}

// A lane for each node of a graph, and the callers in it; each glides to its next lane.
function drawSessions() {
  const before = new Map(
    [...document.querySelectorAll(".session")].map((chip) => [
      chip.dataset.id,
      chip.getBoundingClientRect(),
    ]),
  );
  const byGraph = new Map();
  for (const session of sessions.values()) {
    // A graph that only the platform of the call knows has a name alone.
    const name = session.graphName;
    const id = session.graph?.id ?? name;
    if (!byGraph.has(id)) byGraph.set(id, []);
    byGraph.get(id).push(session);
    if (!graphs.has(id)) graphs.set(id, { name, lanes: new Set() });
    graphs.get(id).lanes.add(session.currentAssistantName ?? "…");
  }
  const drawn = [...byGraph].map(([id, own]) => {
    const { name, lanes } = graphs.get(id);
    const graph = made("div", null, { class: "graph", "data-id": id });
    const row = made("div", null, { class: "lanes" });
    graph.append(made("h3", name), row);
    for (const lane of lanes) {
      const column = made("div", null, { class: "lane", "data-lane": lane });
      column.append(made("h4", lane));
      for (const session of own) {
        if ((session.currentAssistantName ?? "…") !== lane) continue;
        const who = session.call?.customerPhoneNumber || "somebody";
        const state = session.isActive ? who : `${who} – ended`;
        const kind = session.isActive ? "session" : "session ended";
        column.append(made("span", state, { class: kind, "data-id": session.id }));
      }
      row.append(column);
    }
    return graph;
  });
  element("graphs").replaceChildren(
    ...(drawn.length ? drawn : [made("p", "Nobody is in a graph now.")]),
  );
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const chip of document.querySelectorAll(".session")) {
    const from = before.get(chip.dataset.id);
    if (!from) continue;
    const to = chip.getBoundingClientRect();
    const away = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
    if (from.left !== to.left || from.top !== to.top) {
      chip.animate([{ transform: away }, { transform: "none" }], { duration: 600, easing: "ease" });
    }
  }
}

// The key is exchanged for a cookie, and not kept.

element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch(new URL("/auth/login", ADDRESS), {
    method: "POST",
    credentials: "include",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ api_key: element("key").value }),
  });
  element("key").value = "";
  if (response.ok) begin();
  else element("refusal").textContent = (await response.json()).detail;
});

ask("{ viewer { organization { name } } }").then(
  (data) => (data ? begin() : (element("login").hidden = false)),
  (error) => (element("connection").textContent = `${ADDRESS} does not answer: ${error.message}`),
);
