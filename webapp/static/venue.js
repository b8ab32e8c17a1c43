/* The hall's screen: fetches the next code when the half minute is over, and shows none rather than one that opens nothing. */

const RETRY = 2000; // milliseconds after a failure
const PATIENCE = 8000; // until an unanswered request counts as lost

const code = document.getElementById("code");
const lost = document.getElementById("lost");
let timer = 0;
let goodUntil = performance.now() + Number(code.dataset.seconds) * 1000;

function after(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(change, milliseconds);
}

function say(words) {
  if (lost.textContent !== words) lost.textContent = words;
  lost.hidden = !words;
  code.classList.toggle("gone", Boolean(words) && performance.now() > goodUntil + 30_000); // the code before counts for one more half minute
}

async function change() {
  let response = null;
  try {
    response = await fetch(code.dataset.from, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
    if (response.ok && !response.redirected) {
      const { qr, seconds } = await response.json();
      code.innerHTML = qr;
      goodUntil = performance.now() + seconds * 1000;
      say("");
      after(seconds * 1000 + 50);
      return;
    }
  } catch {
    response = null; // no network: told below, tried again
  }
  say(response && response.status < 500 ? lost.dataset.refused : lost.dataset.offline);
  after(RETRY);
}

after(goodUntil - performance.now() + 50);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) change(); // a sleeping machine's timers are late
});

const full = document.getElementById("full");
full.hidden = !document.documentElement.requestFullscreen;
full.addEventListener("click", () => {
  document.documentElement.requestFullscreen().catch(() => {});
});

async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // the screen's own settings decide then
  }
}
stayAwake();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) stayAwake();
});
