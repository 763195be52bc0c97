// The licence notices of every package that ended up in the bundle.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

const NOTICES = /^(licen[cs]e|copying|notice|third-?party-?notices)(\.(md|txt))?$/i;
const RULE = "=".repeat(80);

const FONT = `codicon.ttf, the icon font in monaco-editor
Copyright (c) Microsoft Corporation. Licensed under the Creative Commons
Attribution 4.0 International licence (CC BY 4.0),
https://creativecommons.org/licenses/by/4.0/. Unchanged.`;

function packageOf(input) {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  return match?.[1];
}

async function notice(here, folder) {
  const about = JSON.parse(await readFile(join(here, folder, "package.json"), "utf8"));
  const files = (await readdir(join(here, folder))).filter((name) => NOTICES.test(name)).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(here, folder, name), "utf8")));
  const author = typeof about.author === "string" ? about.author : about.author?.name;
  const body = texts.length > 0 ? texts : [`Licence: ${about.license}. Author: ${author ?? about.name}`];
  return [`${about.name} ${about.version} (${about.license})`, ...body].join("\n\n");
}

export async function licences(here, inputs) {
  const folders = [...new Set([...inputs].map(packageOf).filter(Boolean))].sort();
  const notices = await Promise.all(folders.map((folder) => notice(here, folder)));
  const head = "Third-party software in the files of this folder, each under its own licence.";
  const text = [head, FONT, ...notices].join(`\n\n${RULE}\n\n`);
  return `${text.replace(/\r\n/g, "\n").replace(/[ \t]+$/gm, "").trimEnd()}\n`;
}
