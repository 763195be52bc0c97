// Stands in for prettier's standalone module in the bundle: GraphQL goes to prettier, and JSON to
// the formatter of jsonc-parser, which spares a JavaScript parser of 600 kB.

import { applyEdits, format as formatJson } from "jsonc-parser";
import { format as formatGraphql } from "../node_modules/prettier/standalone.mjs";

export async function format(content, options) {
  if (options.parser !== "jsonc") return formatGraphql(content, options);
  const edits = formatJson(content, undefined, { insertSpaces: true, tabSize: 2 });
  return applyEdits(content, edits);
}

export const parsers = {};
export const printers = {};
