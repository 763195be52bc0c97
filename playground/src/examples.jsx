// The examples: three open in tabs at first, and all of them open from a menu in the tab bar.

import { useGraphiQL, useGraphiQLActions, pick } from "@graphiql/react";
import { get } from "./api.js";
import { storage } from "./storage.js";

const EDITORS = pick("queryEditor", "variableEditor");

async function text(name) {
  const response = await get(`static/examples/${name}`);
  return response.ok ? response.text() : `# ${name} could not be loaded.\n`;
}

// `index.json` lists the examples in order: a file's name, a title, and variables where it has some.
export async function loadExamples() {
  const response = await get("static/examples/index.json");
  const listed = response.ok ? await response.json() : [];
  return Promise.all(
    listed.map(async ({ name, title, inTab, variables }) => ({
      title,
      inTab,
      query: await text(`${name}.graphql`),
      variables: variables && JSON.stringify(variables, null, 2),
    })),
  );
}

export const tabsOf = (examples) =>
  examples.filter(({ inTab }) => inTab).map(({ query, variables }) => ({ query, variables }));

function restoreExamples() {
  for (const key of ["tabState", "query", "variables"]) storage.removeItem(`graphiql:${key}`);
  window.location.reload();
}

export function ExamplesMenu({ examples }) {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(EDITORS);
  const onChange = ({ target }) => {
    const { value } = target;
    target.value = "";
    if (value === "restore") return restoreExamples();
    const { query, variables } = examples[Number(value)];
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables ?? "");
  };
  return (
    <select className="examples" aria-label="Open an example" defaultValue="" onChange={onChange}>
      <option value="" disabled>
        Examples
      </option>
      {examples.map(({ title }, index) => (
        <option key={title} value={index}>
          {title}
        </option>
      ))}
      <option value="restore">Restore the first tabs</option>
    </select>
  );
}
