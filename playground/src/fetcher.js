// GraphiQL's fetcher: posts to /graphql and turns every refusal into an answer one can read.

import { parse } from "graphql";
import { graphql } from "./api.js";
import { exchangeHeaders, recordExchange } from "./exchange.js";
import { follow } from "./follow.js";
import { admitted, refused } from "./session.js";

const CREDENTIALS = ["authorization", "x-api-key"];

const failure = (message) => ({ errors: [{ message }] });

function operationsOf(query) {
  try {
    return parse(query).definitions.filter(({ kind }) => kind === "OperationDefinition");
  } catch {
    return [];
  }
}

const namesOf = (query) => operationsOf(query).map(({ name }) => name?.value);

// Right after a change of tabs GraphiQL still names the operation of the tab before.
function withKnownOperation(params) {
  const names = namesOf(params.query);
  if (names.length === 0 || names.includes(params.operationName)) return params;
  return { ...params, operationName: names.length === 1 ? names[0] : undefined };
}

// Which of several operations is chosen: right after an edit GraphiQL knows only those before it.
export function chosenOf(query, operationName) {
  const names = namesOf(query);
  if (names.length < 2) return undefined;
  return names.includes(operationName) ? operationName : names[0];
}

export function isSubscription({ query, operationName }) {
  const operations = operationsOf(query);
  const chosen = operations.find(({ name }) => name?.value === operationName) ?? operations[0];
  return chosen?.operation === "subscription";
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function answerOf(response, body, ownCredential) {
  if (response.status === 401) {
    refused({ ownCredential });
    return body?.errors
      ? { errors: body.errors }
      : failure(body?.detail ?? "Log in first: this request carried no valid credential.");
  }
  if (body === null || typeof body !== "object") {
    return failure(`The gateway answered ${response.status} without JSON.`);
  }
  if (response.ok) admitted();
  if ("data" in body || "errors" in body) return body;
  return failure(body.detail ?? `The gateway answered ${response.status}.`);
}

export async function fetcher(params, options = {}) {
  // GraphiQL fetches the schema by itself, without the headers of the editor as their reason.
  const forSchema = params.operationName === "IntrospectionQuery";
  const headers = options.headers ?? {};
  const ownCredential = Object.keys(headers).some((name) =>
    CREDENTIALS.includes(name.toLowerCase()),
  );
  const operation = withKnownOperation(params);
  if (isSubscription(operation)) {
    return follow(operation, headers, async (response) =>
      answerOf(response, parsed(await response.text()), ownCredential),
    );
  }
  const start = performance.now();
  let response;
  let text;
  try {
    const asked = forSchema ? headers : { ...exchangeHeaders(), ...headers };
    response = await graphql(operation, asked);
    text = await response.text();
  } catch {
    return failure("The gateway does not answer. Is it running?");
  }
  const milliseconds = performance.now() - start;
  const body = answerOf(response, parsed(text), ownCredential);
  if (forSchema) return body;
  return recordExchange({ body, text, milliseconds, status: response.status });
}
