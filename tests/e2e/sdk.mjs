// A web app with the official Firebase SDK, against a local Palier. Run by tests/e2e/test_sdk.py;
// prints what it was answered as JSON. argv: {"functions": PORT, "auth": PORT, "project": ID}
import { createRequire } from "node:module";

const require = createRequire(new URL("../../local/package.json", import.meta.url));
const { deleteApp, initializeApp } = require("firebase/app");
const { connectAuthEmulator, getAuth, signInAnonymously, signOut } = require("firebase/auth");
const { connectFunctionsEmulator, getFunctions, httpsCallable } = require("firebase/functions");

const { functions: port, auth: authPort, project } = JSON.parse(process.argv[2]);
const app = initializeApp({ apiKey: "local", projectId: project });
const auth = getAuth(app);
connectAuthEmulator(auth, `http://127.0.0.1:${authPort}`, { disableWarnings: true });
const functions = getFunctions(app, "europe-west1");
connectFunctionsEmulator(functions, "127.0.0.1", port);

const evaluateFlags = httpsCallable(functions, "evaluate_flags");
const generateStory = httpsCallable(functions, "generate_story", { timeout: 40_000 });
const refusal = async (promise) => {
  try {
    return { data: (await promise).data };
  } catch ({ name, code, message, details }) {
    return { name, code, message, details };
  }
};

const wish = { theme: "the lost lighthouse", hero: "Mina" };
const told = {};
told.anonymous = await refusal(generateStory(wish));
const { user } = await signInAnonymously(auth);
told.uid = user.uid;
const context = { country: "FR", targetingKey: "somebody else" };
told.flags = (await evaluateFlags({ flags: ["banner"], context })).data;
told.all = (await evaluateFlags()).data;
told.story = (await generateStory(wish)).data;
told.invalid = await refusal(generateStory({ ...wish, language: "de" }));
await signOut(auth);
told.signedOut = await refusal(generateStory(wish));
console.log(JSON.stringify(told));
await deleteApp(app);
