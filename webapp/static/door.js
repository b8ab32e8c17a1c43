/* The door without leaving the page: the page's own forms, sent by fetch; the camera; sound; live counts.

   Every scan has its own id, made here and kept until the server has answered it: whatever is sent twice counts once. */

const SHOWN = 4000; // milliseconds an answer stays when nothing follows
const POLL = 2000;
const PATIENCE = 10000; // milliseconds until an unanswered request counts as lost
const SOUNDS = { yes: [[880, 0, 0.15]], look: [[520, 0, 0.14], [520, 0.2, 0.14]], no: [[180, 0, 0.5]] }; // Hz, start, length in s
const SHAKES = { yes: [80], look: [80, 80, 80], no: [400] };

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const band = part("band");
const typed = document.getElementById("typed");
const input = document.getElementById("code");
const guests = document.getElementById("guests");
const unsent = new Map(); // what was scanned → the form data that has no answer yet
const fine = matchMedia("(pointer: fine)").matches; // a keyboard or a wedge scanner rather than a thumb
let clearing = 0;
let lost = null; // the form data that "retry" sends again
let audio = null;

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // without https there is no randomUUID
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function show(id) {
  clearTimeout(clearing);
  band.replaceChildren(document.getElementById(id).content.cloneNode(true));
}

function tell(kind) {
  navigator.vibrate?.(SHAKES[kind]);
  if (!audio || audio.state !== "running") return;
  for (const [pitch, start, length] of SOUNDS[kind]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    tone.type = kind === "no" ? "square" : "sine";
    volume.gain.value = 0.25;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + length);
  }
}

/* Browsers let a page sound only after somebody has touched it. */
function allowSound() {
  audio ??= new AudioContext();
  audio.resume().catch(() => {});
}

function place(html) {
  const answer = document.createElement("template");
  answer.innerHTML = html;
  for (const fresh of answer.content.querySelectorAll("[data-part]")) part(fresh.dataset.part).replaceChildren(...fresh.childNodes);
}

async function send(address, data) {
  lost = null;
  document.getElementById("confirm")?.remove();
  show("sending");
  let response;
  let answer;
  try {
    response = await fetch(address, {
      method: "POST", body: data, headers: { Accept: "application/json", "X-CSRFToken": data.get("csrf_token") },
      redirect: "error", signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.ok) answer = await response.json();
  } catch {
    response = null;
  }
  if (!answer) {
    if (response && response.status < 500) {
      show("refused");
    } else {
      lost = { address, data };
      show("offline");
    }
    tell("no");
    return false;
  }
  place(answer.parts);
  if (answer.kind) tell(answer.kind);
  else show("wait");
  clearTimeout(clearing);
  clearing = setTimeout(() => show("wait"), SHOWN);
  return true;
}

/* A code that was not answered goes up again under the id it had. */
async function scan(code) {
  const data = unsent.get(code) ?? new FormData(typed);
  if (!unsent.has(code)) {
    data.set("code", code);
    data.set("id", newId());
    unsent.set(code, data);
  }
  if (await send(typed.action, data)) unsent.delete(code);
}

async function retry() {
  const { address, data } = lost;
  if ((await send(address, data)) && data.has("code")) unsent.delete(data.get("code"));
}

async function look() {
  const form = document.querySelector("[data-guests]");
  const words = form.elements.q.value.trim();
  try {
    const response = await fetch(`${form.dataset.guests}?${new URLSearchParams({ q: words })}`);
    if (response.ok && !response.redirected) guests.innerHTML = await response.text();
    else show("refused");
  } catch {
    show("offline");
    band.querySelector("[data-retry]").remove();
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.matches("[data-guests]")) {
    await look();
  } else if (form === typed) {
    const code = input.value.trim();
    input.value = "";
    if (code) await scan(code);
    if (fine) input.focus();
    else input.blur();
  } else {
    const button = event.submitter;
    if (button) button.disabled = true; // two taps are one
    await send(form.action, new FormData(form));
    if (guests.contains(form)) await look();
    if (button?.isConnected) button.disabled = false;
    if (fine && !document.activeElement?.isConnected) input.focus();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-retry]") && lost) retry();
});
for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, allowSound, { passive: true });

async function count() {
  const counts = part("counts");
  if (!document.hidden) {
    try {
      const response = await fetch(counts.dataset.from);
      const html = response.ok && !response.redirected ? await response.text() : counts.innerHTML;
      if (html.trim() !== counts.innerHTML.trim()) counts.innerHTML = html;
    } catch {
      // the next time will do: the counts are no answer to anybody
    }
  }
  setTimeout(count, POLL);
}
setTimeout(count, POLL);

async function watch() {
  const viewfinder = document.getElementById("viewfinder");
  const video = viewfinder.querySelector("video");
  viewfinder.classList.remove("off");
  try {
    const { startScanner } = await import(video.dataset.scanner);
    await startScanner(video, { onCode: scan, repeatMs: SHOWN });
  } catch (error) {
    viewfinder.classList.add("off");
    const words = document.getElementById(`camera-${error.reason}`) ?? document.getElementById("camera-failed");
    document.getElementById("camera").replaceChildren(words.content.cloneNode(true));
  }
}
if (fine) input.focus();
watch();
