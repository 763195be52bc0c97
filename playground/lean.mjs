// Leaves out of the bundle what the playground never shows.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

const UNUSED_EDITOR_PARTS = [
  "codelens",
  "colorPicker",
  "diffEditor",
  "diffEditorBreadcrumbs",
  "dnd",
  "dropOrPasteInto",
  "inlayHints",
  "inlineEdit",
  "inlineEdits",
  "inlineProgress",
  "linkedEditing",
  "parameterHints",
  "rename",
  "sectionHeaders",
  "semanticTokens",
  "stickyScroll",
];

const isUnused = (line) => UNUSED_EDITOR_PARTS.some((part) => line.includes(`/${part}/`));

export const lean = {
  name: "lean",
  setup(build) {
    const root = build.initialOptions.absWorkingDir;
    const shim = join(root, "src/prettify.js");
    const graphql = join(root, "node_modules/prettier/plugins/graphql.mjs");
    build.onResolve({ filter: /^prettier\/(standalone|plugins\/estree|parser-babel)$/ }, () => ({
      path: shim,
    }));
    build.onResolve({ filter: /^prettier\/(plugins\/graphql|parser-graphql)$/ }, () => ({
      path: graphql,
    }));
    build.onLoad({ filter: /vs\/editor\/editor\.all\.js$/ }, async ({ path }) => {
      const lines = (await readFile(path, "utf8")).split("\n");
      return { contents: lines.filter((line) => !isUnused(line)).join("\n") };
    });
  },
};
