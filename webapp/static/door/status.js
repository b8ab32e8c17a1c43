/* What the device is doing: network, queue, roster; counts; and what somebody should look at. */

import { categoryName, clockTime, copy, facts, fill, number, part, words } from "./words.js";

const PATIENCE = 10000; // milliseconds until the server counts as gone
const state = document.getElementById("state");
const spoken = document.getElementById("spoken");
const notices = document.getElementById("notices");
const counts = part("counts");

export function showState(door) {
  const network = door.online ? "online" : "offline";
  if (state.dataset.network !== network && (state.dataset.network !== "unknown" || !door.online)) spoken.textContent = door.online ? words.nowOnline : words.nowOffline;
  state.dataset.network = network;
  state.dataset.waiting = door.waiting;
  document.getElementById("queue").textContent = door.waiting ? fill(words.waiting, { count: number(door.waiting) }) : words.sent;
  document.getElementById("roster-age").textContent = door.roster ? fill(words.rosterAt, { time: clockTime(door.roster.askedAt) }) : words.noRoster;
  const troubles = { "no-permission": words.noPermission, "no-event": words.noEvent, over: words.over };
  if (troubles[door.trouble]) notice(door.trouble, troubles[door.trouble]);
  if (door.trouble === "signed-out") notice("signed-out", words.signedOut, { words: words.signIn, href: facts.signIn });
  else dismiss("signed-out");
  if (!door.lasting) notice("not-lasting", words.notLasting);
}

function counted(label, count, of) {
  const span = document.createElement("span");
  const strong = document.createElement(of === words.ofPeople ? "strong" : "span");
  strong.textContent = number(count.arrived);
  span.append(`${label} `, strong, fill(of, { expected: number(count.expected) }));
  return span;
}

/* The counts as the server knows them. Returns whether the server answered at all. */
export async function fetchCounts() {
  try {
    const response = await fetch(counts.dataset.from, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    const html = response.ok ? await response.text() : "";
    if (html && counts.dataset.drawn !== html) {
      counts.dataset.drawn = html;
      counts.innerHTML = html;
    }
    return response.status < 500;
  } catch {
    return false;
  }
}

/* The counts as this device knows them, while it is alone. */
export function showCounts(door) {
  if (!door.roster) return;
  const each = door.roster.counts();
  const all = each.reduce((sum, [, { expected, arrived }]) => ({ expected: sum.expected + expected, arrived: sum.arrived + arrived }), { expected: 0, arrived: 0 });
  const spans = [counted(words.arrived, all, words.ofPeople), ...each.map(([category, count]) => counted(categoryName(category), count, words.of))];
  const text = spans.map((span) => span.textContent).join("\n");
  if (counts.dataset.drawn === text) return;
  counts.dataset.drawn = text;
  counts.replaceChildren(...spans.flatMap((span) => [span, " "]));
}

/* Something that stays until it was read; one of each `key`. */
export function notice(key, text, link = null) {
  if (notices.querySelector(`[data-key="${CSS.escape(key)}"]`)) return;
  const drawn = copy("notice").firstElementChild;
  drawn.dataset.key = key;
  drawn.querySelector(".said span").textContent = text;
  const button = drawn.querySelector("button");
  button.addEventListener("click", () => drawn.remove());
  if (link) {
    const anchor = document.createElement("a");
    anchor.className = "btn btn-primary";
    anchor.href = link.href;
    anchor.textContent = link.words;
    button.replaceWith(anchor);
  }
  notices.append(drawn);
}

export function dismiss(key) { notices.querySelector(`[data-key="${CSS.escape(key)}"]`)?.remove(); }
