// Follows a subscription by the browser's own EventSource, and misses nothing.
//
// The browser comes again by itself when a connection is lost, with the id of the last event, and
// the gateway goes on behind it. It gives up only when it is answered anything but a stream, as by
// a proxy while the gateway starts: then this comes again, with the same id as `after`.

const WAIT = 1_000;

export function follow(address, field, selection, { onBegin, onState, onEvent }) {
  const query = `subscription ($after: String) {
    ${field}(after: $after) { eventId kind ${selection} }
  }`;
  let after = null;
  let hasBegun = false;

  function open() {
    const url = new URL(address);
    url.search = new URLSearchParams({ query, variables: JSON.stringify({ after }) });
    const source = new EventSource(url, { withCredentials: true });
    source.addEventListener("open", () => {
      onState("open");
      if (!hasBegun) onBegin(); // what was before has to be read anew
      hasBegun = true;
    });
    source.addEventListener("next", ({ data, lastEventId }) => {
      const answer = JSON.parse(data);
      const code = answer.errors?.[0].extensions?.code;
      if (code === "RESYNC_REQUIRED") {
        after = null;
        hasBegun = false;
      } else if (answer.data) {
        after = lastEventId;
        onEvent(answer.data[field]);
      } // any other refusal ends the stream, and the browser comes again
    });
    source.addEventListener("complete", () => {
      source.close();
      open();
    });
    source.addEventListener("error", () => {
      onState("connecting");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, WAIT);
    });
  }

  open();
}
