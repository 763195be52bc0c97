// Every request the page makes: same origin only, cookie sent, header against forgery set.

const base = new URL("..", import.meta.url);

export const url = (path) => new URL(path, base);

export const get = (path) => fetch(url(path), { credentials: "same-origin" });

export async function post(path, body, headers = {}, signal = undefined) {
  return fetch(url(path), {
    method: "POST",
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      ...headers,
      "X-Requested-With": "jackfield",
    },
    body: JSON.stringify(body),
    signal,
  });
}

export async function graphql(params, headers = {}) {
  return post("graphql", params, {
    Accept: "application/graphql-response+json, application/json;q=0.9",
    ...headers,
  });
}

export async function readJson(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
