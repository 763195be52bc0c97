// The playground: GraphiQL with Jackfield's examples, schema and login.

import "./workers.js";
import { DOC_EXPLORER_PLUGIN } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./playground.css";
import { startAccount } from "./account.js";
import { example } from "./api.js";
import { fetcher } from "./fetcher.js";
import { check, getSession, subscribe } from "./session.js";
import { forgetHeaders, storage } from "./storage.js";

const EXAMPLES = ["graph", "calls", "inbox"];
const PLUGINS = [HISTORY_PLUGIN];
const WIDE = window.matchMedia("(min-width: 1000px)").matches;

function restoreExamples() {
  for (const key of ["tabState", "query", "variables"]) storage.removeItem(`graphiql:${key}`);
  window.location.reload();
}

function RestoreButton() {
  return (
    <button
      type="button"
      className="restore"
      aria-label="Restore examples"
      onClick={restoreExamples}
    >
      ↺ <span>Restore examples</span>
    </button>
  );
}

function Playground({ tabs }) {
  const { phase } = useSyncExternalStore(subscribe, getSession);
  return (
    <GraphiQL
      fetcher={fetcher}
      schema={phase === "in" || phase === "headers" ? undefined : null}
      storage={storage}
      defaultTabs={tabs}
      plugins={PLUGINS}
      visiblePlugin={WIDE ? DOC_EXPLORER_PLUGIN : undefined}
      shouldPersistHeaders={false}
      defaultEditorToolsVisibility={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <RestoreButton />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

forgetHeaders();
startAccount();
const [tabs] = await Promise.all([
  Promise.all(EXAMPLES.map(async (name) => ({ query: await example(name) }))),
  check(),
]);
createRoot(document.getElementById("playground")).render(<Playground tabs={tabs} />);
