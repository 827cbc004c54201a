// Shows the bundle's health, in French or English, and again every ten seconds.
const FRENCH = {
  what: "Feature flags, déploiements par paliers et retour arrière automatique pour Cloud Functions.",
  health: "État de santé",
  asking: "Interrogation en cours…",
  good: "Tout va bien.",
  bad: "Le service répond, mais signale un problème.",
  silent: "Le service ne répond pas.",
  next: "Et maintenant ?",
  raw: "ce que montre cette page, en JSON",
  flags: "évalue les drapeaux, pour tout client OpenFeature",
  admin: "toutes les modifications, pour les opérateurs",
  dashboard: "Le tableau de bord ne fait pas partie de cette version : les déploiements se pilotent en ligne de commande.",
};
const ENGLISH = {
  good: "All is well.",
  bad: "The bundle answers, but reports a problem.",
  silent: "The bundle doesn’t answer.",
};
const french = navigator.language.toLowerCase().startsWith("fr");
const texts = french ? FRENCH : ENGLISH;
const SECONDS = 10;

if (french) {
  document.documentElement.lang = "fr";
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = FRENCH[element.dataset.text];
  }
}

function show(state, details) {
  const status = document.getElementById("state");
  status.className = state === "good" ? "good" : "bad";
  if (status.textContent !== texts[state]) status.textContent = texts[state];
  const list = document.getElementById("details");
  list.replaceChildren(...Object.entries(details).flatMap(([name, value]) => {
    const [term, description] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    description.textContent = typeof value === "object" ? JSON.stringify(value) : String(value);
    return [term, description];
  }));
  list.hidden = list.children.length === 0;
}

async function ask() {
  try {
    const answer = await fetch("/api/v1/health", { signal: AbortSignal.timeout(SECONDS * 1000) });
    show(answer.ok ? "good" : "bad", await answer.json());
  } catch {
    show("silent", {});
  }
}

await ask();
setInterval(ask, SECONDS * 1000);
