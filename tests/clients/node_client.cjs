// Sends calls with one of the Node clients, as an app would: `node node_client.cjs PACKAGE < task.json`.
// A task is {"host", "key", "gzip", "at_once", "calls": [Segment messages]}; prints {"errors": [...]}.
const fs = require("fs");

const task = JSON.parse(fs.readFileSync(0, "utf8"));
const { origin, pathname } = new URL(task.host);
const errors = [];
const messages = task.calls.map(({ type, timestamp, ...message }) => [
  type,
  timestamp ? { ...message, timestamp: new Date(timestamp) } : message,
]);

function noted(error) {
  if (error) errors.push(String(error.message || error.code || error));
}

const clients = {
  async "@segment/analytics-node"({ Analytics }) {
    const client = new Analytics({
      writeKey: task.key, host: origin, path: `${pathname.replace(/\/$/, "")}/v1/batch`,
      flushAt: task.at_once, flushInterval: 100, maxRetries: 1,
    });
    client.on("error", (error) => noted(error.reason || error));
    for (const [type, message] of messages) client[type](message);
    await client.closeAndFlush();
  },

  async "@rudderstack/rudder-sdk-node"(module) {
    const client = new (module.default || module)(task.key, {
      dataPlaneUrl: task.host, gzip: task.gzip, flushAt: task.at_once, flushInterval: 100, retryCount: 1, logLevel: "none",
      errorHandler: noted,
    });
    await each(client);
  },

  async "analytics-node"(Analytics) {
    const client = new Analytics(task.key, {
      host: task.host, flushAt: task.at_once, flushInterval: 100, retryCount: 1, errorHandler: noted,
    });
    await each(client);
  },
};

async function each(client) {
  await Promise.all(messages.map(([type, message]) => new Promise((done) => client[type](message, (error) => {
    noted(error);
    done();
  }))));
}

clients[process.argv[2]](require(process.argv[2])).then(() => process.stdout.write(JSON.stringify({ errors })));
