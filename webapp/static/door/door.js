/* The page at the door: what it hears from camera, keyboard and hands goes to the doorway, and what the doorway says is shown. */

import * as band from "./band.js";
import { startScanner } from "./camera.js";
import { Doorway } from "./doorway.js";
import { startFinding } from "./find.js";
import { keepOffline } from "./keep.js";
import { closeParty, openParty, startParty } from "./party.js";
import { allowSound, isMuted, mute } from "./signal.js";
import { drawPlaces, place, startPlaces } from "./place.js";
import * as status from "./status.js";
import { readyWalkIns, startWalkIns } from "./walkin.js";
import { listen } from "./wedge.js";
import { clockTime, copy, facts, fill, number, part, words } from "./words.js";

const REFRESH = 60_000; // milliseconds between two looks for a new roster
const COUNT = 2000; // milliseconds between two looks at the counts of all doors
const REPEAT = 4000; // milliseconds after which a ticket that was out of sight is another scan
const ONE = (id) => document.getElementById(id);
const typed = ONE("typed");
const input = ONE("code");
const lookup = ONE("lookup");
const fine = matchMedia("(pointer: fine)").matches; // a keyboard or a wedge scanner rather than a thumb
let scanner = null;

let door = null; // until it is open nothing is drawn
door = await Doorway.open(facts.slug, {
  asking: band.asking,
  answer(answer) {
    const party = answer.ticket && door.roster ? door.roster.party(answer.ticket) : [];
    band.show({ ...answer, people: party.length });
    if (party.length > 1 && !answer.ticket.place && answer.kind !== "no" && answer.result !== "left") openParty(door, answer.ticket, answer.activity);
    else closeParty();
  },
  differs(answer) {
    const said = { name: answer.name || words.someone, local: words.results[answer.local], server: words.results[answer.result] ?? answer.result };
    if (band.shows(answer.id)) band.show(answer); // and it stays to be read: the guest may be inside by now
    if (answer.walkIn) status.notice(answer.id, fill(words.walkInRefused, { ...said, reason: words.walkIns[answer.result] ?? answer.result }));
    else if (answer.firstAt && answer.result === "already") status.notice(answer.id, fill(words.differsAt, { ...said, time: clockTime(answer.firstAt) }));
    else status.notice(answer.id, fill(words.differs, said));
  },
  refused(entry) { status.notice(entry.id, fill(words.refused, { name: entry.name || words.someone, reason: entry.answer.detail || entry.answer.refused })); },
  changed() { requestAnimationFrame(draw); },
});
const direction = () => (ONE("leaving").getAttribute("aria-pressed") === "true" ? "out" : "in");
const where = () => ({ direction: direction(), activity: place() });
const drawFound = startFinding(door, { where, onPick: (guest) => door.admit([guest], where()) });

function draw() {
  if (!door) return;
  status.showState(door);
  if (!door.online) status.showCounts(door);
  drawFound();
  if (drawPlaces(door)) status.notice("place-gone", words.placeGone);
  ONE("open-walk-in").disabled = Boolean(place()); // who comes without a registration is entered at the event's own door
  readyWalkIns(door);
  const last = door.last();
  part("next").textContent = !last.length ? "" : fill(last.length > 1 ? words.lastMany : words.last, { name: last[0].name, time: clockTime(last[0].at), people: number(last.length) });
  ONE("undo").disabled = !last.length;
  ONE("undo").setAttribute("aria-label", !last.length ? ONE("undo").textContent.trim() : fill(last.length > 1 ? words.undoMany : words.undo, { name: last[0].name, people: number(last.length) }));
}

/* One of the panels at a time; the camera rests while somebody types. */
function open(panel) {
  const now = document.body.dataset.panel === panel ? "" : panel;
  document.body.dataset.panel = now;
  lookup.open = now === "find";
  ONE("walk-in").hidden = now !== "walk-in";
  ONE("open-find").setAttribute("aria-expanded", now === "find");
  ONE("open-walk-in").setAttribute("aria-expanded", now === "walk-in");
  if (now) scanner?.pause();
  else scanner?.resume();
  if (now === "find") ONE("q").focus();
  if (now === "walk-in") ONE("walk-in-name").focus();
  draw();
}

async function take(code) {
  ONE("confirm")?.remove();
  await door.take(code, where());
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form === typed) {
    const code = input.value.trim();
    input.value = "";
    if (code) await take(code);
    if (fine) input.focus();
    else input.blur();
  } else if (form.elements.code) {
    await take(form.elements.code.value); // a guest's own code, opened by staff
  } else {
    drawFound();
  }
});

function startSwitches() {
  const pressed = (id, on) => ONE(id).setAttribute("aria-pressed", on);
  ONE("open-find").addEventListener("click", () => open("find"));
  ONE("open-walk-in").addEventListener("click", () => open("walk-in"));
  ONE("undo").addEventListener("click", () => door.undo());
  ONE("leaving").addEventListener("click", () => {
    pressed("leaving", direction() === "in");
    document.body.dataset.direction = direction();
    ONE("spoken").textContent = direction() === "out" ? words.leaving : words.entering;
    draw();
  });
  ONE("mute").addEventListener("click", () => {
    mute(!isMuted());
    pressed("mute", isMuted());
  });
  ONE("torch").addEventListener("click", async () => {
    const on = ONE("torch").getAttribute("aria-pressed") !== "true";
    if (await scanner.torch(on)) pressed("torch", on);
  });
  pressed("mute", isMuted());
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, allowSound, { passive: true });
}

async function watch() {
  const viewfinder = ONE("viewfinder");
  const video = viewfinder.querySelector("video");
  viewfinder.classList.remove("off");
  try {
    scanner = await startScanner(video, { onCode: take, repeatMs: REPEAT, vendor: video.dataset.reader });
    ONE("torch").hidden = !scanner.hasTorch();
  } catch (error) {
    viewfinder.classList.add("off");
    ONE("camera").replaceChildren(copy(ONE(`camera-${error.reason}`) ? `camera-${error.reason}` : "camera-failed"));
  }
}

async function keep() {
  const doors = new Set([facts.slug, ...await door.store.slugs()]);
  const pages = [...doors].map((slug) => [`${facts.scope}events/${slug}/door`, `${facts.scope}events/${slug}/door/kept`]);
  const reason = await keepOffline({ ...facts, pages: [[facts.list, facts.list], ...pages] });
  if (reason) status.notice("not-offline", fill(words.notOffline, { reason: words[reason] }));
  document.body.dataset.kept = reason ? "no" : "yes";
}

/* The server's counts, which know of all doors; and a sign of life. */
async function count() {
  if (!document.hidden) door.reach(await status.fetchCounts());
  setTimeout(count, COUNT);
}

async function refresh() {
  if (!document.hidden) await door.refresh();
  setTimeout(refresh, REFRESH);
}

document.body.classList.add("app");
for (const id of ["state", "tools", "mute"]) ONE(id).hidden = false;
open("");
startSwitches();
startParty(door, (tickets) => door.admit(tickets, where()));
startPlaces(door, () => {
  closeParty();
  band.wait();
  if (document.body.dataset.panel === "walk-in") open("");
  else draw();
});
startWalkIns((person, category) => {
  open("");
  door.walkIn(person, category);
});
listen(take);
addEventListener("online", () => door.reach(true));
addEventListener("offline", () => door.reach(false));
document.addEventListener("visibilitychange", () => document.hidden || door.refresh());
if (fine) input.focus();
watch();
count();
await refresh();
if (door.online) keep();
