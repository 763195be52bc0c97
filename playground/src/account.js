// The header and the login panel, which are plain HTML in playground.html.

import { getSession, logIn, logOut, subscribe } from "./session.js";

const $ = (id) => document.getElementById(id);

function show() {
  const { phase, organization, note } = getSession();
  const isIn = phase === "in";
  document.body.dataset.session = phase;
  $("login").hidden = phase !== "out";
  $("logout").hidden = !isIn;
  $("who").textContent = { checking: "Checking …", out: "Not logged in" }[phase] ?? organization;
  $("who-label").hidden = !isIn;
  if (phase === "out" && note) message(note);
}

function message(text) {
  $("login-message").textContent = text;
  $("login-message").hidden = text === "";
}

async function submit(event) {
  event.preventDefault();
  const field = $("api-key");
  const button = $("login-button");
  const key = field.value.trim();
  if (key === "") {
    message("Paste an API key first.");
    field.focus();
    return;
  }
  button.disabled = true;
  message("");
  const problem = await logIn(key);
  button.disabled = false;
  field.toggleAttribute("aria-invalid", problem !== "");
  if (problem !== "") {
    message(problem);
    field.select();
    return;
  }
  field.value = "";
  $("logout").focus();
}

export function startAccount() {
  subscribe(show);
  $("login-form").addEventListener("submit", submit);
  $("logout").addEventListener("click", logOut);
  show();
}
