// What screen readers and keyboards miss in the packages, put right while they are bundled.
// A package that has changed meanwhile fails the build: look again at what it needs then.

import { readFile } from "node:fs/promises";

const TABS = /@graphiql\/react\/dist\/components\/tabs\/index\.js$/;
const GRAPHIQL = /graphiql\/dist\/GraphiQL\.js$/;
const HISTORY = /plugin-history\/dist\/components\.js$/;
const QUERY_BUILDER = /graphiql-explorer\/dist\/Explorer\.js$/;

// What is chosen by a click in the query builder is a box that the keyboard checks.
const box = (checked) => `role: 'checkbox', tabIndex: 0, 'aria-checked': !!${checked},
  onKeyDown: function onKeyDown(event) {
    if (event.target !== event.currentTarget || !['Enter', ' '].includes(event.key)) return;
    event.preventDefault();
    event.currentTarget.click();
  },`;

const REPLACEMENTS = [
  // A tab may have nothing in it that can be focused, and these have a button to close them: so
  // they are a list of buttons, of which one is current.
  [TABS, 'role: "tablist",', ""],
  [TABS, '"aria-selected": isActive,', '"aria-current": isActive ? "true" : undefined,'],
  [TABS, 'role: "tab",', ""],
  [GRAPHIQL, 'role: "tabpanel"', 'role: "region"'],
  // The words on a button are its name.
  [HISTORY, '"aria-label": "Set active", ', ""],
  // Fields without a name, and white fields on a dark page.
  [QUERY_BUILDER, "createElement('input', {\n          style", "createElement('input', {\n          'aria-label': arg.name, style"],
  [QUERY_BUILDER, "{\n                style: {\n                  color: styleConfig.colors.builtin", "{ 'aria-label': arg.name,\n                style: {\n                  color: styleConfig.colors.builtin"],
  [QUERY_BUILDER, "{\n                style: {\n                  backgroundColor: 'white'", "{ 'aria-label': arg.name,\n                style: {\n                  backgroundColor: 'transparent'"],
  [QUERY_BUILDER, "{\n              onChange: function onChange(event) {\n                return _this15._setAddOperationType", "{ 'aria-label': 'Kind of operation to add',\n              onChange: function onChange(event) {\n                return _this15._setAddOperationType"],
  [QUERY_BUILDER, "onClick: this._handleUpdateSelections,", `${box("selection")} onClick: this._handleUpdateSelections,`],
  [QUERY_BUILDER, "onClick: selection ? this._removeFragment", `${box("selection")} onClick: selection ? this._removeFragment`],
  [QUERY_BUILDER, "onClick: function onClick(event) {\n              var shouldAdd", `${box("argValue")} onClick: function onClick(event) {\n              var shouldAdd`],
  // The value of an argument is written as soon as it is chosen, but not when the panel is opened:
  // it may be far below.
  [QUERY_BUILDER, "!(activeElement instanceof HTMLTextAreaElement)", "activeElement.closest('.graphiql-explorer-root')"],
];

export const accessible = {
  name: "accessible",
  setup(build) {
    for (const file of new Set(REPLACEMENTS.map(([file]) => file))) {
      build.onLoad({ filter: file }, async ({ path }) => {
        let contents = await readFile(path, "utf8");
        for (const [, text, other] of REPLACEMENTS.filter(([each]) => each === file)) {
          if (!contents.includes(text)) throw new Error(`${path} has changed: no ${text}`);
          contents = contents.replaceAll(text, other);
        }
        return { contents };
      });
    }
  },
};
