// A web page with OpenFeature's official provider for OFREP. Run by tests/e2e/test_openfeature.py;
// prints what it was answered as JSON.
// argv: {"url": api, "key": API key, "other": a key that isn't valid, "change": {url, token, body}}
import { createRequire } from "node:module";

const require = createRequire(new URL("../../local/package.json", import.meta.url));
const { OpenFeature, ProviderEvents } = require("@openfeature/web-sdk");
const { OFREPWebProvider } = require("@openfeature/ofrep-web-provider");

const given = JSON.parse(process.argv[2]);
const requests = [];
const watched = async (input, init) => {
  const request = new Request(input, init);
  const answer = await fetch(request);
  requests.push({ status: answer.status, given: request.headers.get("If-None-Match") });
  return answer;
};
const provider = (key, options) =>
  new OFREPWebProvider({
    baseUrl: given.url,
    headers: [["Authorization", `Bearer ${key}`]],
    fetchImplementation: watched,
    cacheMode: "disabled",
    ...options,
  });
const told = {};
const user = { targetingKey: "user-1", country: "FR" };

await OpenFeature.setContext(user);
await OpenFeature.setProviderAndWait(provider(given.key, { pollInterval: 500 }));
const client = OpenFeature.getClient();
told.rule = client.getBooleanDetails("of-rule", false);
told.static = client.getStringDetails("of-static", "code");
told.whole = client.getNumberDetails("of-whole", 0);
told.float = client.getNumberDetails("of-float", 0);
told.object = client.getObjectDetails("of-object", {});
told.code = client.getStringDetails("of-code", "code");
told.off = client.getStringDetails("of-off", "code");
told.failing = client.getStringDetails("of-failing", "code");
told.hidden = client.getStringDetails("of-hidden", "code");
told.unknown = client.getStringDetails("of-nothing", "code");
told.mismatch = client.getBooleanDetails("of-static", true);

// Another attribute of the same user: the provider sends its ETag along.
requests.length = 0;
await OpenFeature.setContext({ ...user, country: "CH" });
told.moved = client.getBooleanDetails("of-rule", true);
told.movedRequests = [...requests];

const until = async (holds) => {
  const began = Date.now();
  while (!holds()) {
    if (Date.now() - began > 20_000) throw new Error("not within 20 s");
    await new Promise((done) => setTimeout(done, 50));
  }
  return Date.now() - began;
};

requests.length = 0;
await until(() => requests.some(({ status }) => status === 304));
const changed = [];
client.addHandler(ProviderEvents.ConfigurationChanged, (event) => changed.push(event?.flagsChanged));
const { url, token, body } = given.change;
const answer = await fetch(url, {
  method: "PATCH",
  headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  body: JSON.stringify(body),
});
told.changeStatus = answer.status;
told.milliseconds = await until(() => changed.length > 0);
told.changed = client.getStringDetails("of-changing", "code");
told.changedFlags = changed[0];
await OpenFeature.clearProviders();

told.refused = await OpenFeature.setProviderAndWait("other", provider(given.other)).then(
  () => "accepted",
  (error) => error.name,
);
told.withWrongKey = OpenFeature.getClient("other").getStringDetails("of-static", "code");
await OpenFeature.clearProviders();
console.log(JSON.stringify(told));
