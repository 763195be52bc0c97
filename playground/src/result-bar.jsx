// Below the answer: its time, size and cost, how to pass the operation on, and its explanation.

import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { copy } from "./clipboard.js";
import { getExchange, setExplaining, subscribeExchange } from "./exchange.js";
import { ExplainPanel } from "./explain-panel.jsx";
import { chosenOf } from "./fetcher.js";
import { PicturePanel } from "./pictures.jsx";
import { asCurl, asFetch } from "./programs.js";
import { getSession, subscribe } from "./session.js";
import { shareLink } from "./share.js";

const COPIES = [
  ["Link", shareLink, "Copy a link that opens this operation"],
  ["curl", asCurl, "Copy this operation as a curl command"],
  ["fetch", asFetch, "Copy this operation as JavaScript"],
];
const NUMBERS = new Intl.NumberFormat("en");
const NOTE_MILLISECONDS = 4_000;

const RESPONSE = pick("responseEditor");
const EDITORS = pick("queryEditor", "variableEditor", "headerEditor", "operationName");

function useOperation() {
  const { queryEditor, variableEditor, headerEditor, operationName } = useGraphiQL(EDITORS);
  return () => {
    const query = queryEditor?.getValue() ?? "";
    return {
      query,
      variables: variableEditor?.getValue(),
      headers: headerEditor?.getValue(),
      operationName: chosenOf(query, operationName),
    };
  };
}

const size = (bytes) =>
  bytes < 1_000 ? `${bytes} B` : `${NUMBERS.format(Math.round(bytes / 100) / 10)} kB`;

function Figures({ last }) {
  if (last === null) return null;
  const { milliseconds, bytes, points, status } = last;
  return (
    <span className="figures">
      {status !== 200 && <span>{`Status ${status}`}</span>}
      <span>{`${NUMBERS.format(Math.round(milliseconds))} ms`}</span>
      <span>{size(bytes)}</span>
      {points !== null && <span>{`${NUMBERS.format(points)} points`}</span>}
    </span>
  );
}

const CONNECTIONS = {
  open: "Following",
  lost: "Connection lost; trying again",
  ended: "Ended by the gateway",
  stopped: "Stopped",
};

// GraphiQL shows each answer from its top, and the newest event is at the end.
function useNewestInView(live) {
  const { responseEditor } = useGraphiQL(RESPONSE);
  useEffect(() => {
    const lines = responseEditor?.getModel()?.getLineCount();
    if (live !== null && lines) responseEditor.revealLine(lines);
  }, [live, responseEditor]);
}

function LiveFigures({ live }) {
  useNewestInView(live);
  if (live === null) return null;
  const { connection, total, lastId } = live;
  return (
    <span className="figures">
      <span role="status" className={`live ${connection}`}>
        {CONNECTIONS[connection]}
      </span>
      <span>{`${NUMBERS.format(total)} ${total === 1 ? "event" : "events"}`}</span>
      {lastId && <span>{`last ${lastId}`}</span>}
    </span>
  );
}

function CopyButtons() {
  const operation = useOperation();
  const [note, setNote] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setNote(""), NOTE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [note]);
  const onCopy = (name, print) =>
    copy(print(operation())).then(
      () => setNote(`${name} copied`),
      (error) => setNote(error.message),
    );
  return (
    <span className="copies">
      <span role="status">{note || "Copy"}</span>
      {COPIES.map(([name, print, hint]) => (
        <button key={name} type="button" title={hint} onClick={() => onCopy(name, print)}>
          {name}
        </button>
      ))}
    </span>
  );
}

// Only a link says which of several operations it means.
function useSharedOperation(shared) {
  const { setOperationName } = useGraphiQLActions();
  useEffect(() => {
    if (shared?.operationName) setOperationName(shared.operationName);
  }, [shared, setOperationName]);
}

export function ResultBar({ shared }) {
  useSharedOperation(shared);
  const { explaining, last, live } = useSyncExternalStore(subscribeExchange, getExchange);
  const { phase, permissions } = useSyncExternalStore(subscribe, getSession);
  const { run } = useGraphiQLActions();
  const mayExplain = phase === "headers" || permissions.includes("ADMIN");
  const onExplain = () => {
    setExplaining(!explaining);
    if (!explaining) run();
  };
  return (
    <>
      <div className="result-bar">
        <Figures last={last} />
        <LiveFigures live={live} />
        <CopyButtons />
        {mayExplain && live === null && (
          <button
            type="button"
            className="explain"
            aria-expanded={explaining}
            title="Run with plan, SQL, rows and times"
            onClick={onExplain}
          >
            Explain
          </button>
        )}
      </div>
      {last?.pictures.length > 0 && <PicturePanel pictures={last.pictures} />}
      {explaining && mayExplain && live === null && <ExplainPanel last={last} />}
    </>
  );
}
