// OpenAI's stand-in for a local Palier: @copilotkit/aimock, which speaks the Responses API, with
// stories in English and French. Usage: node local/model.mjs PORT
//
// The user message is the JSON object that Palier sends. Its language chooses the book, its theme
// the story (or else theme and hero decide, always alike), and the hero walks into it. The name of
// the model decides whether it answers at all: see FAILING.
import { readFileSync } from "node:fs";
import { LLMock } from "@copilotkit/aimock";

const failure = (status, type, code, message) => ({ status, error: { message, type, code } });

const FAILING = {
  "gpt-broken": failure(404, "invalid_request_error", "model_not_found",
    "The model `gpt-broken` does not exist or you do not have access to it."),
  "gpt-error": failure(500, "server_error", null, "The server had an error."),
  "gpt-overloaded": failure(503, "server_error", "overloaded", "The engine is overloaded."),
  "gpt-rate-limited": failure(429, "requests", "rate_limit_exceeded", "Rate limit reached."),
  "gpt-no-quota": failure(429, "insufficient_quota", "insufficient_quota", "Quota exceeded."),
  "gpt-forbidden": failure(403, "invalid_request_error", null, "Not allowed for this project."),
};
const SLOW = /-slow$/; // answers after PALIER_MODEL_SLOW_MS
const milliseconds = (name, usual) => Number(process.env[name] ?? usual);

const books = Object.fromEntries(["en", "fr"].map((language) => [
  language,
  JSON.parse(readFileSync(new URL(`fixtures/stories.${language}.json`, import.meta.url))),
]));

const textOf = ({ content }) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

function wish(request) {
  try {
    return JSON.parse(textOf(request.messages.filter(({ role }) => role === "user").at(-1)));
  } catch {
    return {}; // somebody else than Palier asks: any story will do
  }
}

function hash(text) {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) >>> 0, 7);
}

// Stories of the book, the one that suits the theme first.
function chosen({ language = "en", theme = "", hero = "" }) {
  const book = books[language] ?? books.en;
  const words = theme.toLowerCase().split(/[^\p{L}]+/u);
  const suiting = book.findIndex(({ themes }) => themes.some((each) => words.includes(each)));
  const first = suiting >= 0 ? suiting : hash(theme + hero) % book.length;
  return [...book.slice(first), ...book.slice(0, first)];
}

const tokens = (value) => Math.ceil(JSON.stringify(value).length / 4); // roughly, as in English
const count = (paragraphs) => paragraphs.join(" ").split(/\s+/).length;
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// As many stories as the least number of words asks for; one is enough for a short wish.
function story(asked) {
  const stories = chosen(asked);
  const hero = asked.hero || (asked.language === "fr" ? "Lou" : "Robin");
  const paragraphs = [];
  for (let next = 0; !next || count(paragraphs) < (asked.words?.[0] ?? 0); next += 1) {
    paragraphs.push(...stories[next % stories.length].paragraphs);
  }
  const told = paragraphs.map((text) =>
    text.replace(/^\{hero\}/, () => capital(hero)).replaceAll("{hero}", () => hero));
  return { title: stories[0].title, paragraphs: told };
}

const mock = new LLMock({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  logLevel: "warn",
  journalMaxEntries: 5000,
});
mock.on({}, async (request) => {
  if (Object.hasOwn(FAILING, request.model)) return FAILING[request.model];
  const wait = SLOW.test(request.model)
    ? milliseconds("PALIER_MODEL_SLOW_MS", 3000)
    : milliseconds("PALIER_MODEL_MS", 150) * (0.5 + Math.random());
  await new Promise((done) => setTimeout(done, wait));
  const content = JSON.stringify(story(wish(request)));
  return { content, usage: { input_tokens: tokens(request.messages), output_tokens: tokens(content) } };
});
await mock.start();
process.on("SIGTERM", () => process.exit(0));
console.log(`ready at ${mock.url}`);
