// The playground: GraphiQL with Jackfield's examples, schema and login.

import "./workers.js";
import { DOC_EXPLORER_PLUGIN } from "@graphiql/plugin-doc-explorer";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./playground.css";
import { startAccount } from "./account.js";
import { ExamplesMenu, loadExamples, tabsOf } from "./examples.jsx";
import { fetcher } from "./fetcher.js";
import { ResultBar } from "./result-bar.jsx";
import { check, getSession, subscribe } from "./session.js";
import { takeShared } from "./share.js";
import { forgetHeaders, storage } from "./storage.js";

const QUERY_BUILDER = { ...explorerPlugin({ showAttribution: false }), title: "Query Builder" };
const PLUGINS = [QUERY_BUILDER, HISTORY_PLUGIN];
const WIDE = window.matchMedia("(min-width: 1000px)").matches;

function Playground({ examples, shared }) {
  const { phase } = useSyncExternalStore(subscribe, getSession);
  const tabs = tabsOf(examples);
  return (
    <GraphiQL
      fetcher={fetcher}
      schema={phase === "in" || phase === "headers" ? undefined : null}
      storage={storage}
      defaultTabs={shared ? [shared, ...tabs] : tabs}
      initialQuery={shared?.query}
      initialVariables={shared?.variables}
      plugins={PLUGINS}
      visiblePlugin={WIDE ? DOC_EXPLORER_PLUGIN : undefined}
      shouldPersistHeaders={false}
      defaultEditorToolsVisibility={shared?.variables ? "variables" : false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <ExamplesMenu examples={examples} />
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <ResultBar shared={shared} />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

forgetHeaders();
// On a small screen the documentation would be all that one sees.
if (!WIDE) storage.removeItem("graphiql:visiblePlugin");
startAccount();
const [examples] = await Promise.all([loadExamples(), check()]);
createRoot(document.getElementById("playground")).render(
  <Playground examples={examples} shared={takeShared()} />,
);
