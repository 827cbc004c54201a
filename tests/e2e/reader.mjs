// What the guides' modules take for granted: `app` with somebody signed in, `show`, addresses, a key.
// argv: {"functions": PORT, "auth": PORT, "project": ID, "api": URL, "palier": URL, "key": KEY}
import { initializeApp } from "firebase/app";
import { connectAuthEmulator, getAuth, signInAnonymously } from "firebase/auth";
import { connectFunctionsEmulator, getFunctions } from "firebase/functions";

const { functions, auth, project, api, palier, key } = JSON.parse(process.argv[2]);
const app = initializeApp({ apiKey: "local", projectId: project });
connectFunctionsEmulator(getFunctions(app, "europe-west1"), "127.0.0.1", functions);
connectAuthEmulator(getAuth(app), `http://127.0.0.1:${auth}`, { disableWarnings: true });
await signInAnonymously(getAuth(app));

const told = [];
Object.assign(globalThis, {
  app,
  PALIER_API: api,
  PALIER: palier,
  KEY: key,
  show: (...values) => told.push(values),
  shown: () => new Promise(() => process.stdout.write(JSON.stringify(told), () => process.exit(0))),
});
