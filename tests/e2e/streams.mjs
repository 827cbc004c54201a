// A web app that shows stories while they are written, with the official Firebase SDK against a
// local Palier. Run by tests/e2e/test_streams.py; prints what it was told as JSON.
// argv: {"functions": PORT, "auth": PORT, "project": ID, "email", "password", "slow", "cut": VERSION}
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../local/package.json", import.meta.url));
const { deleteApp, initializeApp } = require("firebase/app");
const {
  connectAuthEmulator, getAuth, signInAnonymously, signInWithEmailAndPassword, signOut,
} = require("firebase/auth");
const { connectFunctionsEmulator, getFunctions, httpsCallable } = require("firebase/functions");

const given = JSON.parse(process.argv[2]);
const app = initializeApp({ apiKey: "local", projectId: given.project });
const auth = getAuth(app);
connectAuthEmulator(auth, `http://127.0.0.1:${given.auth}`, { disableWarnings: true });
const functions = getFunctions(app, "europe-west1");
connectFunctionsEmulator(functions, "127.0.0.1", given.functions);
const streamStory = httpsCallable(functions, "stream_story");

// A browser says which languages its user reads; Node doesn't.
let language = "en";
const plainFetch = globalThis.fetch;
globalThis.fetch = (url, options) => plainFetch(url, {
  ...options, headers: { ...options.headers, "Accept-Language": language },
});

const described = ({ name, code, message, details }) => ({ name, code, message, details });

// Everything that a stream told, with the milliseconds since it was asked for. `look` may leave.
async function told(wish, { signal, look = () => {} } = {}) {
  const found = { pieces: [] };
  const began = performance.now();
  const { stream, data } = await streamStory.stream(wish, { signal });
  const result = data.then((value) => ({ value }), (error) => ({ error }));
  try {
    for await (const piece of stream) {
      found.pieces.push({ ...piece, at: performance.now() - began });
      look(found.pieces);
    }
  } catch (error) {
    found.streamError = described(error);
  }
  const { value, error } = await result;
  if (error) found.error = described(error);
  return { ...found, result: value, at: performance.now() - began };
}

const wish = { theme: "the lost lighthouse", hero: "Mina" };
const stories = {};
stories.signedOut = await told(wish);
await signInAnonymously(auth);
const key = randomUUID();
stories.whole = await told({ ...wish, chapters: 3, idempotency_key: key });
stories.again = await told({ ...wish, chapters: 3, idempotency_key: key });
stories.french = await told({ ...wish, language: "fr", age_band: "adult" });
stories.invalid = await told({ ...wish, language: "de" });
stories.unsuitable = await told({ ...wish, theme: "a massacre" });
stories.pinnedByAnybody = await told({ ...wish, version: given.slow });
language = "fr";
stories.invalidInFrench = await told({ ...wish, language: "de" });
stories.unanswered = (await httpsCallable(functions, "stream_story")(wish)).data;
await signOut(auth);
stories.signedOutInFrench = await told(wish);

await signInWithEmailAndPassword(auth, given.email, given.password);
stories.cutInFrench = await told({ ...wish, version: given.cut });
language = "en";
stories.cut = await told({ ...wish, version: given.cut });
stories.slow = await told({ ...wish, version: given.slow });
const leaving = new AbortController();
stories.left = await told({ ...wish, version: given.slow }, {
  signal: leaving.signal,
  look: (pieces) => pieces.length === 2 && leaving.abort(),
});
console.log(JSON.stringify(stories));
await deleteApp(app);
