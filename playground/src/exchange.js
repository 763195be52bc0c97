// The last answer that the person asked for: how long it took, what it cost, and how it was made.
// Of a subscription it is how many events came, and how its connection is.

import { picturesOf } from "./pictures.jsx";

let state = { explaining: false, last: null, live: null };
const listeners = new Set();

export const getExchange = () => state;

export function subscribeExchange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function update(change) {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

export const setExplaining = (explaining) => update({ explaining });

// The header that asks for what the answer's line shows: an explanation has the cost too.
export const exchangeHeaders = () =>
  state.explaining ? { "Jackfield-Explain": "1" } : { "Jackfield-Cost": "1" };

// The gateway prints what was asked about an answer at the answer's end.
const EXTENSION = /,"extensions":\{"(cost|explain)":/;

// Keeps what the gateway says about an answer, and takes it out: the rest is what programs get.
export function recordExchange({ body, text, milliseconds, status }) {
  const { cost, explain, ...extensions } = body.extensions ?? {};
  const points = cost?.points ?? explain?.points ?? null;
  const end = cost || explain ? text.search(EXTENSION) : -1;
  const plain = end < 0 ? text : `${text.slice(0, end)}}`;
  const bytes = new TextEncoder().encode(plain).length;
  const pictures = picturesOf(body.data);
  update({ last: { bytes, explain, milliseconds, pictures, points, status }, live: null });
  const { extensions: _, ...answer } = body;
  return Object.keys(extensions).length > 0 ? { ...answer, extensions } : answer;
}

// What has changed of the subscription: its connection is open, lost, ended or stopped.
export const recordLive = (change) => update({ last: null, live: { ...state.live, ...change } });
