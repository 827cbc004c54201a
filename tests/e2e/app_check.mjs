// A web app that proves itself by App Check, with the official Firebase SDK. Run by
// tests/e2e/test_app_check.py; prints what it was answered as JSON, by the name of the token.
// argv: {"generate_story": PORT, "stream_story": PORT, "auth": PORT, "project": ID, "tokens": {…}}
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../local/package.json", import.meta.url));
const { deleteApp, initializeApp } = require("firebase/app");
const { CustomProvider, initializeAppCheck } = require("firebase/app-check");
const { connectAuthEmulator, getAuth, signInAnonymously } = require("firebase/auth");
const { connectFunctionsEmulator, getFunctions, httpsCallable } = require("firebase/functions");

const given = JSON.parse(process.argv[2]);
const wish = { theme: "the lost lighthouse", hero: "Mina" };
const answer = async (asked) => {
  try {
    return { title: (await asked()).story.title };
  } catch ({ name, code, message, details }) {
    return { name, code, message, details };
  }
};

// An app of its own for each token: the SDK keeps the one that it has.
async function asked(name, token) {
  const app = initializeApp({ apiKey: "local", projectId: given.project, appId: name }, name);
  const auth = getAuth(app);
  connectAuthEmulator(auth, `http://127.0.0.1:${given.auth}`, { disableWarnings: true });
  await signInAnonymously(auth);
  if (token) {
    const provider = new CustomProvider({
      getToken: async () => ({ token, expireTimeMillis: Date.now() + 3_600_000 }),
    });
    initializeAppCheck(app, { provider, isTokenAutoRefreshEnabled: false });
  }
  const callable = (function_) => {
    const functions = getFunctions(app, `region-${function_.replace("_", "-")}`);
    connectFunctionsEmulator(functions, "127.0.0.1", given[function_]);
    return httpsCallable(functions, function_);
  };
  const streamStory = callable("stream_story");
  const streamed = async (order, signal) => {
    const { stream, data } = await streamStory.stream(order, { signal });
    data.catch(() => {});
    for await (const _piece of stream) if (signal) return undefined; // after the first one
    return data;
  };
  const found = {
    generate_story: await answer(async () => (await callable("generate_story")(wish)).data),
    stream_story: await answer(() => streamed(wish)),
  };
  if (name === "valid") {
    const order = { ...wish, idempotency_key: randomUUID() };
    const leaving = new AbortController();
    await streamed(order, leaving.signal);
    leaving.abort();
    found.left = order.idempotency_key;
    found.uid = auth.currentUser.uid;
  }
  await deleteApp(app);
  return found;
}

const told = {};
for (const [name, token] of Object.entries(given.tokens)) told[name] = await asked(name, token);
process.stdout.write(JSON.stringify(told), () => process.exit(0));
