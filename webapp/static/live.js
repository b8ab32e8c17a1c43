/* Follows figures that change: asks the address in `data-from` for what is new when the server says that there can be something, and
   tells the element so with the event "figures", whose detail is what came. The element #lost is shown while no answer comes.

   Pages come one after another within SPREAD, so that two hundred of them do not knock at the same moment. Loaded after the
   script that listens. */

const SPREAD = 250; // milliseconds
const RETRY = 1000; // after a failure
const PATIENCE = 5000; // until an unanswered request counts as lost
const GIVE_UP = 4000; // without an answer: say that the figures stand still

const shows = document.querySelector("[data-from]");
let etag = "";
let answered = performance.now();

async function ask() {
  let wait = RETRY;
  try {
    const response = await fetch(shows.dataset.from, {
      headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", signal: AbortSignal.timeout(PATIENCE), redirect: "error",
    });
    if (response.status === 404) return location.reload(); // another address: the page says so
    if (response.ok || response.status === 304) {
      answered = performance.now();
      wait = Number(response.headers.get("X-Next-In"));
      etag = response.headers.get("ETag") ?? etag;
    }
    if (response.ok) shows.dispatchEvent(new CustomEvent("figures", { detail: await response.json() }));
  } catch {
    // the next time will do; that it takes long is told below
  }
  document.getElementById("lost").hidden = performance.now() - answered < GIVE_UP;
  setTimeout(ask, wait + Math.random() * SPREAD);
}
ask();
