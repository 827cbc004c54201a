// Holds documents, one a line of JSON, against flagd's own JSON schema, as its core for JavaScript
// carries it. Prints for each what is wrong with it, or null. Run by test_flagd_schema.py.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../../local/package.json", import.meta.url));
const { MemoryStorage } = require("@openfeature/flagd-core");

const log = () => {};
const logger = { error: log, warn: log, info: log, debug: log };
for await (const line of createInterface({ input: process.stdin })) {
  let problem = null;
  try {
    new MemoryStorage(logger).setConfigurations(line, true);
  } catch ({ message }) {
    problem = message;
  }
  console.log(JSON.stringify(problem));
}
