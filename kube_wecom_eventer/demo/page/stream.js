// The stream of what happens, for as long as the demo runs and whenever it runs again.

const AGAIN = 1500; // milliseconds
const SILENT = 25_000; // milliseconds without a word, after which the connection counts as dead: one comes every 10 s

/** Listen. `snapshot` and `update` get what the demo sends, `lost` hears of a connection that broke. */
export function listen({ snapshot, update, lost }) {
  let source = null;
  let timer = 0;

  const again = () => {
    source?.close();
    clearTimeout(timer);
    lost();
    timer = setTimeout(connect, AGAIN);
  };
  const heard = (take) => (message) => {
    clearTimeout(timer);
    timer = setTimeout(again, SILENT);
    take(JSON.parse(message.data));
  };
  function connect() {
    source = new EventSource("/stream");
    source.addEventListener("snapshot", heard(snapshot));
    source.addEventListener("update", heard(update));
    // Not the browser's own way to connect again: it gives up for good on some errors.
    source.addEventListener("error", again);
    timer = setTimeout(again, SILENT);
  }
  connect();
}
