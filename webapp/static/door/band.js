/* The band: one answer at a time, in colour, with an icon and a word, read out by a screen reader. */

import { signal } from "./signal.js";
import { categoryName, clockTime, copy, fill, number, part, words } from "./words.js";

const SHOWN = 4000; // milliseconds an answer stays when nothing follows
const band = part("band");
let clearing = 0;
let shown = null;

function draw(kind, word, name = "", detail = "") {
  clearTimeout(clearing);
  const drawn = copy(`band-${kind}`);
  drawn.querySelector(".word").textContent = word;
  drawn.querySelector(".name").textContent = name;
  drawn.querySelector(".detail").textContent = detail;
  band.replaceChildren(drawn);
}

export function wait() {
  shown = null;
  draw("wait", words.wait, "", words.how);
}

export function asking() { draw("wait", words.asking); }

/* What a person reads besides the word: whom it is about, and why. */
function about({ result, kind, ticket, category, firstAt, wanted, people, unchosen }) {
  const known = kind !== "no" || ticket ? [category && categoryName(category)] : [];
  if (wanted > 1) known.push(fill(words.party, { people: number(wanted) }));
  else if (ticket?.place) known.push(words.companion);
  else if (people > 1) known.push(fill(words.party, { people: number(people) }));
  if (result === "already" && firstAt) known.push(fill(words.first, { time: clockTime(firstAt) }));
  if (unchosen) known.push(words.unchosen);
  if (words.why[result]) known.push(words.why[result]);
  return known.filter(Boolean).join(words.comma);
}

export function show(answer) {
  shown = answer.id;
  draw(answer.kind, words.results[answer.result] ?? words.results.unknown, answer.name, about(answer));
  signal(answer.kind);
  clearing = setTimeout(wait, SHOWN);
}

/* Whether the band still shows the answer to this scan. */
export function shows(id) { return shown === id; }
