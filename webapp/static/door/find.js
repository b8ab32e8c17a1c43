/* Guests by name, from the roster on this device; each can be checked in, or out, with one tap. */

import { categoryName, clockTime, copy, fill, number, words } from "./words.js";

const MOST = 50; // shown
const lookup = document.getElementById("lookup");
const field = document.getElementById("q");
const list = document.getElementById("guests");

function told(text) {
  const said = document.createElement("p");
  said.className = "muted";
  said.textContent = text;
  return said;
}

function line(door, guest, leaving, onPick) {
  const drawn = copy("guest");
  const leader = guest.place ? door.roster.party(guest)[0] : null;
  drawn.querySelector("strong").textContent = guest.name;
  drawn.querySelector(".muted").textContent = [categoryName(guest.category), leader && fill(words.companionOf, { name: leader.name })].filter(Boolean).join(words.comma);
  const inside = guest.arrivedAt && !guest.leftAt;
  drawn.querySelector(".state-here").textContent = guest.leftAt ? fill(words.gone, { time: clockTime(guest.leftAt) }) : inside ? fill(words.here, { time: clockTime(guest.arrivedAt) }) : "";
  const button = drawn.querySelector("button");
  if (Boolean(inside) !== leaving) button.remove();
  button.textContent = leaving ? words.out : words.in;
  button.setAttribute("aria-label", fill(leaving ? words.checkOut : words.checkIn, { name: guest.name }));
  button.addEventListener("click", () => {
    button.disabled = true; // two taps are one
    onPick(guest);
  });
  return drawn;
}

/* `leaving()` says which way people are going; `onPick(guest)` follows a tap. Returns a function that draws the list again. */
export function startFinding(door, { leaving, onPick }) {
  function draw() {
    if (!lookup.open || !door.roster) return;
    const found = door.roster.search(field.value, MOST);
    const lines = document.createElement("ul");
    lines.className = "guests";
    lines.append(...found.slice(0, MOST).map((guest) => line(door, guest, leaving(), onPick)));
    const more = found.length > MOST ? [told(fill(words.more, { shown: number(MOST) }))] : [];
    list.replaceChildren(...(found.length ? [lines, ...more] : field.value.trim() ? [told(words.nobody)] : []));
  }
  field.addEventListener("input", draw);
  return draw;
}
