// Who is logged in, and whether requests are let in at all. `access` also turns true when a
// credential typed into the headers editor works, so that the schema is fetched then too.

import { graphql, post, readJson } from "./api.js";

const VIEWER = "{ viewer { organization { name } } }";

let state = { phase: "checking", organization: null, permissions: [], access: false, note: "" };
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
  update({ phase: "out", organization: null, permissions: [], access: false, note });

async function viewer() {
  const response = await graphql({ query: VIEWER });
  const body = await readJson(response);
  return response.status === 401 ? null : (body?.data?.viewer?.organization?.name ?? null);
}

export async function check() {
  try {
    const name = await viewer();
    if (name === null) loggedOut();
    else update({ phase: "in", organization: name, access: true, note: "" });
  } catch {
    loggedOut("The gateway does not answer. Is it running?");
  }
}

export async function logIn(apiKey) {
  let response;
  let body;
  try {
    response = await post("auth/login", { api_key: apiKey });
    body = await readJson(response);
  } catch {
    return "The gateway does not answer. Is it running?";
  }
  if (!response.ok) {
    return body?.detail ?? `The gateway answered ${response.status}.`;
  }
  const name = (await viewer().catch(() => null)) ?? body?.organization?.name ?? "your organization";
  update({
    phase: "in",
    organization: name,
    permissions: body?.permissions ?? [],
    access: true,
    note: "",
  });
  return "";
}

// A reload, so that no answer with customers' data stays in the page.
export async function logOut() {
  try {
    await post("auth/logout", {});
  } finally {
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
  if (!state.access) update({ access: true });
}
