// OpenAI's stand-in for a local Palier: @copilotkit/aimock, which speaks the Responses API, whole
// and streamed, with stories in English and French. Usage: node local/model.mjs PORT
//
// The user message is the JSON object that Palier sends. Its language chooses the book, its theme
// the story (or else theme and hero decide, always alike), and the hero walks into it. With
// `chapters` the story is divided. The name of the model decides whether it answers at all, and how
// fast: see FAILING, SLOW and CUT. Its moderation objects to OBJECTIONABLE words.
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
const SLOW = /-slow$/; // takes PALIER_MODEL_SLOW_MS, spread over the story when it is streamed
const CUT = /-cut$/; // a streamed story breaks off after some paragraphs
const OBJECTIONABLE = /\b(massacres?|tortures?)\b/i;
const CHUNK = 40; // characters of a streamed story that come at once
const CHUNKS = 40; // of a short story, roughly
const CHUNKS_BEFORE_CUT = 20;
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
const words = (paragraphs) => paragraphs.join(" ").split(/\s+/).length;
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// As many stories as the least number of words asks for; one is enough for a short wish.
function told(asked) {
  const stories = chosen(asked);
  const hero = asked.hero || (asked.language === "fr" ? "Lou" : "Robin");
  const paragraphs = [];
  for (let next = 0; !next || words(paragraphs) < (asked.words?.[0] ?? 0); next += 1) {
    paragraphs.push(...stories[next % stories.length].paragraphs);
  }
  const named = paragraphs.map((text) =>
    text.replace(/^\{hero\}/, () => capital(hero)).replaceAll("{hero}", () => hero));
  return { title: stories[0].title, paragraphs: named };
}

// The longest paragraph in two, between sentences (or words), until there are enough of them.
function atLeast(number, paragraphs) {
  const found = [...paragraphs];
  while (found.length < number) {
    const length = Math.max(...found.map((text) => text.length));
    const longest = found.findIndex((text) => text.length === length);
    const text = found[longest];
    const ends = [...text.matchAll(/[.!?…”»] (?=\p{Lu}|“|«)/gu)].map(({ index }) => index + 1);
    const middle = ends.sort((one, other) =>
      Math.abs(one - length / 2) - Math.abs(other - length / 2))[0] ?? text.indexOf(" ", length / 2);
    if (middle <= 0) return found;
    found.splice(longest, 1, text.slice(0, middle), text.slice(middle + 1));
  }
  return found;
}

function divided({ title, paragraphs: whole }, { chapters: number, language }) {
  const paragraphs = atLeast(number, whole);
  const name = language === "fr" ? "Chapitre" : "Chapter";
  const first = (index) => Math.floor((index * paragraphs.length) / number);
  const chapters = Array.from({ length: number }, (_, index) => ({
    title: number > 1 ? `${name} ${index + 1}` : null,
    paragraphs: paragraphs.slice(first(index), first(index + 1)),
  }));
  return { title, chapters };
}

function story(asked) {
  const whole = told(asked);
  return asked.chapters ? divided(whole, asked) : whole;
}

const mock = new LLMock({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  logLevel: "warn",
  journalMaxEntries: 5000,
});
async function answer(request) {
  if (Object.hasOwn(FAILING, request.model)) return FAILING[request.model];
  if (!request.stream || !SLOW.test(request.model)) {
    const wait = SLOW.test(request.model)
      ? milliseconds("PALIER_MODEL_SLOW_MS", 3000)
      : milliseconds("PALIER_MODEL_MS", 150) * (0.5 + Math.random());
    await new Promise((done) => setTimeout(done, wait));
  }
  const content = JSON.stringify(story(wish(request)));
  return { content, usage: { input_tokens: tokens(request.messages), output_tokens: tokens(content) } };
}
const pace = milliseconds("PALIER_MODEL_MS", 150) / CHUNKS;
const slowly = milliseconds("PALIER_MODEL_SLOW_MS", 3000) / CHUNKS;
mock.on({ model: SLOW }, answer, { chunkSize: CHUNK, latency: slowly });
mock.on({ model: CUT }, answer, {
  chunkSize: CHUNK, latency: pace, truncateAfterChunks: CHUNKS_BEFORE_CUT,
});
mock.on({}, answer, { chunkSize: CHUNK, latency: pace });

// aimock has one result for however many texts are asked about; OpenAI has one for each.
const KINDS = ["sexual", "hate", "harassment", "self-harm", "violence", "illicit"];
function judged(text) {
  const flagged = OBJECTIONABLE.test(text);
  const of = (value) => Object.fromEntries(KINDS.map((kind) => [kind, value(kind)]));
  return {
    flagged,
    categories: of((kind) => flagged && kind === "violence"),
    category_scores: of((kind) => (flagged && kind === "violence" ? 0.98 : 0.001)),
  };
}
mock.mount("/v1/moderations", {
  async handleRequest(request, response) {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    const { input, model = "omni-moderation-latest" } = JSON.parse(body);
    const texts = [input].flat().map((part) => (typeof part === "string" ? part : part.text ?? ""));
    const id = `modr-${hash(body)}`;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ id, model, results: texts.map(judged) }));
    return true;
  },
});
await mock.start();
process.on("SIGTERM", () => process.exit(0));
console.log(`ready at ${mock.url}`);
