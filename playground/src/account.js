// The header and the login panel, which are plain HTML in playground.html.

import {
  getDemoOrganizations,
  getSession,
  logInByKey,
  logInByPassword,
  logInToDemo,
  logOut,
  subscribe,
} from "./session.js";

const $ = (id) => document.getElementById(id);
const WORDS = { checking: "Checking …", out: "Not logged in", headers: "By the Headers tab" };

function show() {
  const { phase, organization, note } = getSession();
  const isIn = phase === "in";
  document.body.dataset.session = phase;
  $("login").hidden = phase !== "out";
  $("logout").hidden = !isIn;
  $("who").textContent = WORDS[phase] ?? organization;
  $("who-label").hidden = !isIn;
  if (phase === "out" && note) message(note);
}

function message(text) {
  $("login-message").textContent = text;
  $("login-message").hidden = text === "";
}

// Runs a login and says why it failed; `fields` must be filled in, and are emptied afterwards.
async function attempt(button, fields, logIn) {
  const empty = fields.find((field) => field.value.trim() === "");
  if (empty) {
    message(`${empty.labels[0].textContent} is missing.`);
    empty.focus();
    return;
  }
  button.disabled = true;
  message("");
  const problem = await logIn(...fields.map((field) => field.value));
  button.disabled = false;
  for (const field of fields) field.toggleAttribute("aria-invalid", problem !== "");
  if (problem !== "") {
    message(problem);
    fields.at(-1)?.select();
    return;
  }
  for (const field of fields) field.value = "";
  $("logout").focus();
}

function onSubmit(form, fields, logIn) {
  $(form).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(event.submitter ?? $(form).querySelector("button"), fields.map($), logIn);
  });
}

async function offerDemo() {
  const organizations = await getDemoOrganizations();
  const buttons = organizations.map(({ id, name }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => attempt(button, [], () => logInToDemo(id)));
    return button;
  });
  $("demo-organizations").replaceChildren(...buttons);
  $("demo").hidden = buttons.length === 0;
}

export function startAccount() {
  subscribe(show);
  onSubmit("password-form", ["email", "password"], logInByPassword);
  onSubmit("login-form", ["api-key"], (key) => logInByKey(key.trim()));
  $("logout").addEventListener("click", logOut);
  show();
  offerDemo();
}
