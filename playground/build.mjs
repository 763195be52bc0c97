// Builds ../gql/static from ./src: one script, one style sheet, Monaco's workers and font,
// the two pages with the built names filled in, and the licences of all that was bundled.

import { build } from "esbuild";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { accessible } from "./accessible.mjs";
import { lean } from "./lean.mjs";
import { licences } from "./licences.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../gql/static");
const modules = join(here, "node_modules");

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  outdir: out,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".ttf": "file" },
  define: { "process.env.NODE_ENV": '"production"' },
};

const inputs = new Set();

function built(result, suffix) {
  for (const name of Object.keys(result.metafile.inputs)) inputs.add(name);
  const found = Object.keys(result.metafile.outputs).find((name) => name.endsWith(suffix));
  return basename(found);
}

async function worker(name, entry) {
  const entryPoints = [{ in: join(modules, entry), out: name }];
  return built(await build({ ...common, entryPoints, format: "iife" }), ".js");
}

// Edited in place, or built elsewhere: the queries in the tabs, and the API reference.
const KEPT = new Set(["examples", "reference"]);

// Monaco's styles name the icons as data: URLs already; only the font becomes a file.
for (const name of await readdir(out)) {
  if (!KEPT.has(name)) await rm(join(out, name), { recursive: true });
}

const workers = {
  WORKER_GRAPHQL: await worker("graphql.worker", "monaco-graphql/esm/graphql.worker.js"),
  WORKER_JSON: await worker("json.worker", "monaco-editor/esm/vs/language/json/json.worker.js"),
  WORKER_EDITOR: await worker("editor.worker", "monaco-editor/esm/vs/editor/editor.worker.js"),
};
const quoted = Object.entries(workers).map(([key, name]) => [key, JSON.stringify(name)]);
const page = await build({
  ...common,
  entryPoints: [{ in: "src/main.jsx", out: "playground" }],
  format: "esm",
  jsx: "automatic",
  plugins: [lean, accessible],
  define: { ...common.define, ...Object.fromEntries(quoted) },
});
const site = await build({ ...common, entryPoints: ["src/site.css"] });

const names = {
  SCRIPT: built(page, ".js"),
  STYLE: built(page, ".css"),
  SITE_STYLE: built(site, ".css"),
};
for (const file of ["playground.html", "landing.html"]) {
  const text = await readFile(join(here, "src", file), "utf8");
  await writeFile(join(out, file), text.replace(/\{\{(\w+)\}\}/g, (_, key) => names[key]));
}
await writeFile(join(out, "icon.svg"), await readFile(join(here, "src/icon.svg")));
await writeFile(join(out, "LICENSES.txt"), await licences(here, inputs));

const sizes = await Promise.all(
  (await readdir(out, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(async ({ name }) => [name, (await readFile(join(out, name))).length]),
);
for (const [name, size] of sizes) console.log(`${String(size).padStart(9)}  ${name}`);
console.log(`${sizes.reduce((sum, [, size]) => sum + size, 0)} bytes in ${relative(here, out)}`);
