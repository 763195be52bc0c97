// Follows a subscription over Server-Sent Events, as an observable that GraphiQL can stop. What it
// shows grows: every event so far, each with the time at which it came.

import { createParser } from "eventsource-parser";
import { post } from "./api.js";
import { recordLive } from "./exchange.js";

const MOST_SHOWN = 200;
const WAIT_MILLISECONDS = 1_000;
const EVENT_STREAM = "text/event-stream";

const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

const pause = (signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, WAIT_MILLISECONDS);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
  });

async function read(body, onEvent, onId) {
  const parser = createParser({ onEvent, onId });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.feed(value);
  }
}

// Until the gateway completes it, refuses it, or the person stops it. A lost connection does not
// end it: the next one goes on behind the last event, by its id.
async function run(params, headers, answerOf, observer, signal) {
  const events = [];
  let total = 0;
  let lastId = null;
  const show = (connection) => {
    recordLive({ connection, total, lastId });
    observer.next({ events: [...events] });
  };
  while (!signal.aborted) {
    try {
      const resuming = lastId === null ? {} : { "Last-Event-ID": lastId };
      const accepting = { ...headers, ...resuming, Accept: EVENT_STREAM };
      const response = await post("graphql", params, accepting, signal);
      if (!response.headers.get("Content-Type")?.startsWith(EVENT_STREAM)) {
        const answer = await answerOf(response);
        if (lastId === null || response.status < 500) {
          recordLive({ connection: "ended", total, lastId });
          observer.next(events.length > 0 ? { ...answer, events } : answer);
          return;
        }
        throw new Error("try again"); // as while it starts anew
      }
      show("open");
      let isComplete = false;
      const onEvent = ({ event, data }) => {
        if (signal.aborted) return;
        if (event === "complete") {
          isComplete = true;
          return;
        }
        total += 1;
        events.push({ time: TIME.format(new Date()), ...JSON.parse(data) });
        events.splice(0, events.length - MOST_SHOWN);
        show("open");
      };
      await read(response.body, onEvent, (id) => (lastId = id));
      if (signal.aborted) return;
      if (isComplete) return show("ended");
    } catch {
      if (signal.aborted) return;
    }
    show("lost");
    await pause(signal);
  }
}

export function follow(params, headers, answerOf) {
  return {
    subscribe(observer) {
      const controller = new AbortController();
      run(params, headers, answerOf, observer, controller.signal).then(
        () => controller.signal.aborted || observer.complete(),
        (error) => observer.error(error),
      );
      return {
        unsubscribe() {
          controller.abort();
          recordLive({ connection: "stopped" });
        },
      };
    },
  };
}
