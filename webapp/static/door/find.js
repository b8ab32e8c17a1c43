/* Guests by name, from the roster on this device, or by telephone number, which only the server knows; each can be checked in, or
   out, with one tap. */

import { stayOf } from "./answer.js";
import { categoryName, clockTime, copy, fill, number, offerStandIn, words } from "./words.js";

const MOST = 50; // shown
const NUMBER = /^[\d\s+-]{4,}$/;
const lookup = document.getElementById("lookup");
const field = document.getElementById("q");
const list = document.getElementById("guests");

function sentence(text) {
  const said = document.createElement("p");
  said.className = "muted";
  said.textContent = text;
  return said;
}

function line(door, guest, { direction, activity }, onPick) {
  const leaving = direction === "out";
  const { arrivedAt, leftAt, inside } = stayOf(guest, activity);
  const drawn = copy("guest");
  const leader = guest.place ? door.roster.party(guest)[0] : null;
  drawn.querySelector("strong").textContent = guest.name;
  drawn.querySelector(".muted").textContent = [categoryName(guest.category), leader && fill(words.companionOf, { name: leader.name })].filter(Boolean).join(words.comma);
  drawn.querySelector(".state-here").textContent = leftAt ? fill(words.gone, { time: clockTime(leftAt) }) : inside ? fill(words.here, { time: clockTime(arrivedAt) }) : "";
  offerStandIn(drawn.querySelector("a"), guest, door.online);
  const button = drawn.querySelector("button");
  if (inside !== leaving) button.remove();
  button.textContent = leaving ? words.out : words.in;
  button.setAttribute("aria-label", fill(leaving ? words.checkOut : words.checkIn, { name: guest.name }));
  button.addEventListener("click", () => {
    button.disabled = true; // two taps are one
    onPick(guest).then(() => { button.disabled = false; });
  });
  return drawn;
}

/* The tickets whose holders have this number: asked of the server, with a network. */
async function byNumber(door, digits) {
  const form = document.querySelector("[data-guests]");
  const response = await fetch(`${form.dataset.guests}?${new URLSearchParams({ q: digits })}`, { redirect: "manual" }).catch(() => null);
  if (!response?.ok) return [];
  const answer = document.createElement("template");
  answer.innerHTML = await response.text();
  return [...answer.content.querySelectorAll("[data-digest]")].map(({ dataset }) => door.roster?.find(dataset.digest)).filter(Boolean);
}

/* `where()` says which way people are going, and at which door; `onPick(guest)` follows a tap. Returns a function that draws the list again. */
export function startFinding(door, { where, onPick }) {
  let drawn = 0;

  async function draw() {
    if (!lookup.open || !door.roster) return;
    const mine = ++drawn;
    const text = field.value.trim();
    const found = NUMBER.test(text) ? await byNumber(door, text) : door.roster.search(text, MOST);
    const here = where();
    const told = JSON.stringify([text, here, found.map((guest) => [guest.digest, stayOf(guest, here.activity)])]);
    if (mine !== drawn || list.dataset.told === told) return; // another letter was typed meanwhile; no button goes from under a finger
    list.dataset.told = told;
    const lines = document.createElement("ul");
    lines.className = "guests";
    lines.append(...found.slice(0, MOST).map((guest) => line(door, guest, here, onPick)));
    const more = found.length > MOST ? [sentence(fill(words.more, { shown: number(MOST) }))] : [];
    list.replaceChildren(...(found.length ? [lines, ...more] : text ? [sentence(words.nobody)] : []));
  }
  field.addEventListener("input", draw);
  return draw;
}
