// The operation in the editor as a program: a curl command, and a call of fetch. The credential is
// a variable in both, whatever the Headers tab has: what is copied is pasted into chats and files.

import { url } from "./api.js";
import { isSubscription } from "./fetcher.js";

const CREDENTIALS = ["authorization", "x-api-key", "cookie"];

function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

function requestOf({ query, variables, operationName, headers }) {
  const body = { query };
  const values = parseObject(variables);
  if (Object.keys(values).length > 0) body.variables = values;
  if (operationName) body.operationName = operationName;
  const own = Object.entries(parseObject(headers)).filter(
    ([name]) => !CREDENTIALS.includes(name.toLowerCase()),
  );
  const follows = isSubscription({ query, operationName });
  const accept = follows ? { Accept: "text/event-stream" } : {};
  return {
    body,
    follows,
    headers: { "Content-Type": "application/json", ...accept, ...Object.fromEntries(own) },
  };
}

const inShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function asCurl(operation) {
  const { body, follows, headers } = requestOf(operation);
  const lines = [
    `curl ${follows ? "--no-buffer " : ""}${inShell(url("graphql").href)}`,
    '--header "Authorization: Bearer $JACKFIELD_KEY"',
    ...Object.entries(headers).map(([name, value]) => `--header ${inShell(`${name}: ${value}`)}`),
    `--data ${inShell(JSON.stringify(body))}`,
  ];
  return lines.join(" \\\n  ");
}

export function asFetch(operation) {
  const { body, follows, headers } = requestOf(operation);
  const read = follows
    ? `for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
  console.log(part);
}`
    : "const { data, errors } = await response.json();";
  const printed = JSON.stringify(headers, null, 2).slice(2, -2).replaceAll("\n", "\n  ");
  return `const response = await fetch(${JSON.stringify(url("graphql").href)}, {
  method: "POST",
  headers: {
    Authorization: \`Bearer \${JACKFIELD_KEY}\`,
  ${printed},
  },
  body: JSON.stringify(${JSON.stringify(body, null, 2).replaceAll("\n", "\n  ")}),
});
${read}
`;
}
