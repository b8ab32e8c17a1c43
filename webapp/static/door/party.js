/* A leader's ticket opens the party: tick who came, the rest comes later. */

import { stayOf } from "./answer.js";
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

/* `activity`: at which room's door; null at the event's. */
export function openParty(door, holder, activity) {
  const party = door.roster.party(holder);
  const inside = party.filter((guest) => stayOf(guest, activity).arrivedAt).length;
  panel.hidden = inside === party.length;
  document.getElementById("party-title").textContent = fill(words.partyTitle, { name: party[0].name, people: number(party.length), here: number(inside) });
  list.replaceChildren(...party.map((guest) => {
    const drawn = copy("companion");
    const box = drawn.querySelector("input");
    const { arrivedAt } = stayOf(guest, activity);
    offerStandIn(drawn.querySelector("a"), guest, door.online);
    box.value = guest.digest;
    box.disabled = box.checked = Boolean(arrivedAt);
    drawn.querySelector("span").textContent = guest.name + (arrivedAt ? words.comma + fill(words.here, { time: clockTime(arrivedAt) }) : "");
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
