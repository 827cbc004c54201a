// Clients can't touch Firestore, whoever they are. Run by tests/rules/test_rules.py.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";

const require = createRequire(new URL("../../local/package.json", import.meta.url));
const { assertFails, assertSucceeds, initializeTestEnvironment } =
  require("@firebase/rules-unit-testing");
const {
  collection, collectionGroup, deleteDoc, doc, getDoc, getDocs, setDoc, setLogLevel, updateDoc,
} = require("firebase/firestore");

const [host, port] = process.env.FIRESTORE_EMULATOR_HOST.split(":");
const rules = readFileSync(new URL("../../firestore.rules", import.meta.url), "utf8");
const PATHS = [
  "applications/main",
  "applications/main/members/alice",
  "applications/main/audit/000000000001",
  "applications/main/environments/production",
  "applications/main/environments/production/published/current",
  "applications/main/environments/production/flags/stories.version",
  "applications/main/environments/production/keys/k1",
  "applications/main/environments/production/stories/of-alice",
  "administrators/alice",
  "anything/else",
];
const CLIENTS = {
  "nobody": (environment) => environment.unauthenticatedContext(),
  "a signed-in user": (environment) => environment.authenticatedContext("alice"),
  "a user whose token claims to be an administrator": (environment) =>
    environment.authenticatedContext("alice", { role: "msp_admin", admin: true }),
};
const DOORS = {
  get: (store, path) => getDoc(doc(store, path)),
  list: (store, path) => getDocs(collection(store, path.slice(0, path.lastIndexOf("/")))),
  create: (store, path) => setDoc(doc(store, `${path}-new`), { uid: "alice" }),
  replace: (store, path) => setDoc(doc(store, path), { uid: "alice" }),
  update: (store, path) => updateDoc(doc(store, path), { uid: "alice" }),
  delete: (store, path) => deleteDoc(doc(store, path)),
};

let denying;
let allowing; // the control: the same doors, open, so that a refusal comes from our rules

setLogLevel("silent");
before(async () => {
  const firestore = { host, port: Number(port) };
  denying = await initializeTestEnvironment({
    projectId: "demo-rules", firestore: { ...firestore, rules },
  });
  allowing = await initializeTestEnvironment({
    projectId: "demo-rules-open",
    firestore: { ...firestore, rules: rules.replace("if false", "if true") },
  });
  for (const environment of [denying, allowing]) {
    await environment.withSecurityRulesDisabled(async (context) => {
      for (const path of PATHS) await setDoc(doc(context.firestore(), path), { uid: "alice" });
    });
  }
});
after(() => Promise.all([denying?.cleanup(), allowing?.cleanup()]));

for (const [who, client] of Object.entries(CLIENTS)) {
  for (const [what, open] of Object.entries(DOORS)) {
    describe(`${who} can't ${what}`, () => {
      for (const path of PATHS) {
        test(path, () => assertFails(open(client(denying).firestore(), path)));
      }
    });
  }
  test(`${who} can't search all environments`, () =>
    assertFails(getDocs(collectionGroup(client(denying).firestore(), "stories"))));
}

describe("with rules that allow it, the same doors open", () => {
  for (const [what, open] of Object.entries(DOORS)) {
    test(what, () => assertSucceeds(open(CLIENTS.nobody(allowing).firestore(), PATHS[0])));
  }
});
