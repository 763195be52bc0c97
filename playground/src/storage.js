// What GraphiQL keeps in localStorage: everything but the headers, which may hold credentials.
// They are left out on the way in, so no part of GraphiQL can keep them, whatever its settings.

const PREFIX = "graphiql:";
const HEADERS = `${PREFIX}headers`;

// These are JSON with headers inside; `hash` is made of query, variables and headers in plain text.
const WITH_HEADERS = new Set(["queries", "favorites", "tabState"].map((name) => PREFIX + name));
const SECRET = new Set(["headers", "hash"]);

function withoutHeaders(key, value) {
  if (key === HEADERS) return null;
  if (!WITH_HEADERS.has(key)) return value;
  try {
    return JSON.stringify(JSON.parse(value), (name, member) =>
      SECRET.has(name) ? null : member,
    );
  } catch {
    return null;
  }
}

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

function setItem(key, value) {
  const kept = withoutHeaders(key, value);
  if (kept === null) localStorage.removeItem(key);
  else localStorage.setItem(key, kept);
}

export const storage = {
  getItem: (key) => localStorage.getItem(key),
  removeItem: (key) => localStorage.removeItem(key),
  setItem,
  get length() {
    return ownKeys().length;
  },
  clear() {
    for (const key of ownKeys()) localStorage.removeItem(key);
  },
};

// Takes the headers out of what an earlier version of this page has kept.
export function forgetHeaders() {
  for (const key of ownKeys()) setItem(key, localStorage.getItem(key));
}
