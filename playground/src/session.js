// Who is logged in. The phase is "checking", "out", "in", or "headers": nobody is logged in, and a
// credential typed into the headers editor works. In the latter two the schema can be fetched.

import { get, graphql, post, readJson } from "./api.js";
import { forgetHeaders } from "./storage.js";

const VIEWER = "{ viewer { permissions organization { name } } }";
const NO_ANSWER = "The gateway does not answer. Is it running?";

let state = { phase: "checking", organization: null, permissions: [], note: "" };
const listeners = new Set();

export const getSession = () => state;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function update(change) {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

const loggedOut = (note = "") =>
  update({ phase: "out", organization: null, permissions: [], note });

async function fetchViewer() {
  const response = await graphql({ query: VIEWER });
  const body = await readJson(response);
  return response.status === 401 ? null : (body?.data?.viewer ?? null);
}

const loggedIn = ({ organization, permissions }) =>
  update({ phase: "in", organization: organization.name, permissions, note: "" });

export async function check() {
  try {
    const viewer = await fetchViewer();
    if (viewer === null) loggedOut();
    else loggedIn(viewer);
  } catch {
    loggedOut(NO_ANSWER);
  }
}

// REST says why as a sentence, or field by field.
function problemOf(response, body) {
  const detail = body?.detail ?? `The gateway answered ${response.status}.`;
  return Array.isArray(detail) ? detail.map(({ msg }) => msg).join(" ") : detail;
}

async function logIn(path, credential) {
  try {
    const response = await post(path, credential);
    const body = await readJson(response);
    if (!response.ok) return problemOf(response, body);
    const viewer = await fetchViewer();
    if (viewer === null) return "The gateway set no cookie: GQL_SECRET_KEY is missing there.";
    loggedIn(viewer);
    return "";
  } catch {
    return NO_ANSWER;
  }
}

export const logInByKey = (key) => logIn("auth/login", { api_key: key });

export const logInByPassword = (email, password) =>
  logIn("api/auth/login/simple", { email: email.trim(), password });

export const logInToDemo = (organization) => logIn("auth/demo", { organization });

// Where demo data is served on this machine, anybody may log in to these.
export async function getDemoOrganizations() {
  const body = await get("auth/demo").then(readJson, () => null);
  return body?.organizations ?? [];
}

// A reload, so that no answer with customers' data stays in the page.
export async function logOut() {
  try {
    await post("auth/logout", {});
  } finally {
    forgetHeaders();
    window.location.reload();
  }
}

// The gateway refused: an ended session opens the login hint again, and a wrong credential in
// the headers editor leaves a working session alone.
export function refused({ ownCredential }) {
  if (ownCredential && state.phase === "in") return;
  loggedOut(state.phase === "in" ? "Your session has ended. Log in again." : state.note);
}

export function admitted() {
  if (state.phase === "out") update({ phase: "headers" });
}
