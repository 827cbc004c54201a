const live = document.getElementById("live");
const busy = () =>
  live.contains(document.activeElement) ||
  live.querySelector("details[open], svg:hover") ||
  !getSelection().isCollapsed;
setInterval(async () => {
  if (document.hidden || busy()) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const place of ["#live", "#as-of", "nav"]) {
      document.querySelector(place).innerHTML = next.querySelector(place).innerHTML;
    }
  } catch {
    /* the server is being restarted: the next refresh finds it */
  }
}, 5000);
