// Links that open the playground with an operation: ?query=&variables=&operationName=

import { url } from "./api.js";

const PARTS = ["query", "variables", "operationName"];

const isEmpty = (variables) => /^\s*(\{\s*\})?\s*$/.test(variables ?? "");

export function shareLink({ query, variables, operationName }) {
  const link = url("playground");
  link.searchParams.set("query", query);
  if (!isEmpty(variables)) link.searchParams.set("variables", variables);
  if (operationName) link.searchParams.set("operationName", operationName);
  return link.href;
}

// What the address of this page asks to be opened; the address is plain afterwards, so that a
// reload shows what was made of it since.
export function takeShared() {
  const params = new URL(window.location).searchParams;
  const [query, variables, operationName] = PARTS.map((name) => params.get(name) ?? undefined);
  if (query === undefined) return null;
  window.history.replaceState(null, "", window.location.pathname);
  return { query, variables, operationName };
}
