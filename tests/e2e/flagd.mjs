// A server with flagd's official in-process provider, on the document that Palier serves for flagd.
// The provider reads a file, which is kept as flagd's HTTP sync keeps its own copy: a GET with
// If-None-Match, again and again. Run by tests/e2e/test_openfeature.py; prints JSON.
// argv: {"url": …/v1/flags/flagd.json, "key": secret key, "change": {url, token, body}}
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../local/package.json", import.meta.url));
const { OpenFeature, ProviderEvents } = require("@openfeature/server-sdk");
const { FlagdProvider } = require("@openfeature/flagd-provider");
const { MemoryStorage } = require("@openfeature/flagd-core");

const given = JSON.parse(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), "palier-flagd-"));
const file = join(folder, "flags.json");
const told = { statuses: [] };
let tag = null;

const sync = async () => {
  const headers = { Authorization: `Bearer ${given.key}`, ...(tag && { "If-None-Match": tag }) };
  const answer = await fetch(given.url, { headers });
  told.statuses.push(answer.status);
  if (answer.status === 200) {
    tag = answer.headers.get("ETag");
    told.contentType = answer.headers.get("Content-Type");
    await writeFile(file, await answer.text());
  }
  return answer;
};

await sync();
await sync();
const log = () => {};
const logger = { error: log, warn: log, info: log, debug: log };
try {
  new MemoryStorage(logger).setConfigurations(await readFile(file, "utf8"), true);
  told.valid = true;
} catch ({ message }) {
  told.valid = message;
}

const provider = new FlagdProvider(
  { resolverType: "in-process", offlineFlagSourcePath: file },
  logger,
);
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();
const user = { targetingKey: "user-1", country: "FR" };
told.rule = await client.getBooleanDetails("of-rule", false, user);
told.default = await client.getBooleanDetails("of-rule", true, { ...user, country: "CH" });
told.static = await client.getStringDetails("of-static", "code", user);
told.float = await client.getNumberDetails("of-float", 0, user);
told.object = await client.getObjectDetails("of-object", {}, user);
told.code = await client.getStringDetails("of-code", "code", user);
told.off = await client.getStringDetails("of-off", "code", user);
told.failing = await client.getStringDetails("of-failing", "code", user);
told.hidden = await client.getStringDetails("of-hidden", "code", user);
told.unknown = await client.getStringDetails("of-nothing", "code", user);
told.mismatch = await client.getBooleanDetails("of-static", true, user);
const half = await Promise.all(
  Array.from({ length: 1000 }, (_, number) =>
    client.getBooleanValue("of-half", false, { targetingKey: `user-${number}` }),
  ),
);
told.half = half.filter(Boolean).length;

const changed = new Promise((done) => {
  client.addHandler(ProviderEvents.ConfigurationChanged, (event) => done(event?.flagsChanged));
});
const { url, token, body } = given.change;
await fetch(url, {
  method: "PATCH",
  headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  body: JSON.stringify(body),
});
const polling = setInterval(() => void sync(), 500);
told.changedFlags = await changed;
clearInterval(polling);
told.changed = await client.getStringDetails("of-synced", "code", user);
await OpenFeature.close();
await rm(folder, { recursive: true });
console.log(JSON.stringify(told));
