// Sends calls with the browser client in a page of jsdom: `node browser_client.cjs < task.json`.
// A task is {"host", "key", "at_once", "calls": [Segment messages]}; prints {"errors": [...]}.
const fs = require("fs");
const { JSDOM, VirtualConsole } = require("jsdom");

const task = JSON.parse(fs.readFileSync(0, "utf8"));
const page = new JSDOM("<!doctype html><title>Shop</title>", {
  url: "https://shop.example/cart?utm_source=letter", pretendToBeVisual: true, virtualConsole: new VirtualConsole(),
});
for (const name of ["window", "document", "navigator", "location", "localStorage", "Event", "CustomEvent"]) {
  Object.defineProperty(globalThis, name, { value: name === "window" ? page.window : page.window[name], configurable: true });
}
// Without fetch the client takes XMLHttpRequest, and jsdom's asks the door first (OPTIONS), as a browser does. A batch
// tells nobody when it was answered, so its requests are watched.
delete globalThis.fetch;
let unanswered = task.calls.length;
let allAnswered;
const answered = new Promise((done) => { allAnswered = done; });
globalThis.XMLHttpRequest = class extends page.window.XMLHttpRequest {
  send(body) {
    const { batch } = JSON.parse(body);
    this.addEventListener("loadend", () => {
      unanswered -= batch ? batch.length : 1;
      if (unanswered <= 0) allAnswered();
    });
    super.send(body);
  }
};

const { AnalyticsBrowser } = require("@segment/analytics-next");
const [protocol, where] = task.host.split("://");
const errors = [];

function options({ context, timestamp }) {
  return { ...(context && { context }), ...(timestamp && { timestamp: new Date(timestamp) }) };
}

const calls = {
  identify: (client, one) => client.identify(one.userId, one.traits, options(one)),
  track: (client, one) => client.track(one.event, one.properties, options(one)),
  page: (client, one) => client.page(one.category, one.name, one.properties, options(one)),
  screen: (client, one) => client.screen(one.category, one.name, one.properties, options(one)),
  group: (client, one) => client.group(one.groupId, one.traits, options(one)),
  alias: (client, one) => client.alias(one.userId, one.previousId, options(one)),
};

async function main() {
  const segment = {
    apiKey: task.key, apiHost: `${where}/v1`, protocol,
    ...(task.at_once > 1 && { deliveryStrategy: { strategy: "batching", config: { size: task.at_once, timeout: 200 } } }),
  };
  const [client] = await AnalyticsBrowser.load(
    { writeKey: task.key, cdnSettings: { integrations: { "Segment.io": segment } } },
    { disableClientPersistence: true },
  );
  client.on("error", (error) => errors.push(String((error.reason && error.reason.message) || error.code)));
  for (const call of task.calls) {
    if (call.anonymousId) client.setAnonymousId(call.anonymousId);
    const sent = await calls[call.type](client, call);
    const failed = sent.failedDelivery();
    if (failed) errors.push(String(failed.reason.message || failed.reason));
  }
  await answered;
  process.stdout.write(JSON.stringify({ errors }), () => process.exit(0));
}

main();
