/* At which door this device stands: the event's own, or that of an activity's room. It stands there again after a restart. */

import { facts, fill, number, words } from "./words.js";

const KEPT = `door-place-${facts.slug}`;
const line = document.getElementById("place-line");
const picked = document.getElementById("place");
const count = document.getElementById("place-count");
let kept = null;
try {
  kept = localStorage.getItem(KEPT);
} catch {
  // a browser that keeps nothing
}
let activity = Number(kept) || null;

/* The id of the activity; null is the event's own door. */
export function place() { return activity; }

function stand(at) {
  activity = at;
  try {
    localStorage.setItem(KEPT, at ?? "");
  } catch {
    // for this page only, then
  }
}

/* The rooms of the roster, and how many people are in the one that was picked. Returns whether that one is no more. */
export function drawPlaces({ roster }) {
  if (!roster) return false;
  const { rooms } = roster.event;
  const gone = Boolean(activity) && !roster.room(activity);
  if (gone) stand(null);
  line.hidden = !rooms.length;
  const told = JSON.stringify(rooms.map(({ id, title, room }) => [id, title, room]));
  if (picked.dataset.told !== told) {
    picked.dataset.told = told;
    picked.replaceChildren(picked.options[0], ...rooms.map(({ id, title, room }) => new Option([title, room].filter(Boolean).join(words.comma), id)));
  }
  picked.value = activity ?? "";
  document.body.dataset.place = activity ? "room" : "event";
  const { capacity } = roster.room(activity) ?? {};
  const inside = { inside: number(roster.inside(activity)), capacity: capacity && number(capacity) };
  count.textContent = activity ? fill(capacity ? words.insideOf : words.inside, inside) : "";
  return gone;
}

export function startPlaces(door, onChange) {
  // A browser writes this down some seconds later, and a phone may go dark before: then where it scanned last, which is kept at once.
  if (kept === null) activity = door.entries.filter(({ kind }) => kind === "scan").pop()?.activity ?? null;
  picked.addEventListener("change", () => {
    stand(Number(picked.value) || null);
    onChange();
  });
}
