// Monaco's three web workers, built beside this file; the names are filled in by build.mjs.

const FILES = {
  graphql: WORKER_GRAPHQL,
  json: WORKER_JSON,
  editor: WORKER_EDITOR,
};

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const file = FILES[label] ?? FILES.editor;
    return new Worker(new URL(file, import.meta.url), { name: label });
  },
};
