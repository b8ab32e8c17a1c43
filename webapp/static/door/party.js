/* A leader's ticket opens the party: tick who came, the rest comes later. */

import { clockTime, copy, fill, number, offerStandIn, words } from "./words.js";

const panel = document.getElementById("party");
const list = document.getElementById("companions");
const everyone = document.getElementById("everyone");
const admit = document.getElementById("admit-party");
const boxes = () => [...list.querySelectorAll("input:not(:disabled)")];
const ticked = () => boxes().filter((box) => box.checked);

function count() {
  admit.textContent = fill(words.admitParty, { people: number(ticked().length) });
  admit.disabled = !ticked().length;
}

export function closeParty() { panel.hidden = true; }

export function openParty(door, holder) {
  const party = door.roster.party(holder);
  const inside = party.filter(({ arrivedAt }) => arrivedAt).length;
  panel.hidden = inside === party.length;
  document.getElementById("party-title").textContent = fill(words.partyTitle, { name: party[0].name, people: number(party.length), here: number(inside) });
  list.replaceChildren(...party.map((guest) => {
    const drawn = copy("companion");
    const box = drawn.querySelector("input");
    offerStandIn(drawn.querySelector("a"), guest, door.online);
    box.value = guest.digest;
    box.disabled = box.checked = Boolean(guest.arrivedAt);
    drawn.querySelector("span").textContent = guest.name + (guest.arrivedAt ? words.comma + fill(words.here, { time: clockTime(guest.arrivedAt) }) : "");
    return drawn;
  }));
  count();
}

/* `onAdmit(tickets)` gets those who were ticked. */
export function startParty(door, onAdmit) {
  list.addEventListener("change", count);
  everyone.addEventListener("click", () => {
    for (const box of boxes()) box.checked = true;
    count();
  });
  document.getElementById("close-party").addEventListener("click", closeParty);
  admit.addEventListener("click", () => {
    const tickets = ticked().map((box) => door.roster.find(box.value));
    closeParty();
    if (tickets.length) onAdmit(tickets);
  });
}
