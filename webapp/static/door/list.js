/* The scanner's first page: which events are kept on this device, and what waits to be sent. */

import { keepOffline } from "./keep.js";
import { send } from "./queue.js";
import { openStore } from "./store.js";
import { facts, fill, number, words } from "./words.js";

const store = await openStore();

async function draw() {
  const kept = new Set(await store.slugs());
  const waiting = (await store.entries()).filter((entry) => !entry.ackedAt);
  for (const line of document.querySelectorAll("[data-slug]")) {
    const { slug } = line.dataset;
    const count = waiting.filter((entry) => entry.slug === slug).length;
    line.querySelector("[data-kept]").hidden = !kept.has(slug);
    const state = line.querySelector("[data-waiting]");
    state.hidden = !count;
    state.querySelector(".state").lastChild.textContent = fill(words.waiting, { count: number(count) });
  }
  return [...kept];
}

const slugs = await draw();
const pages = slugs.map((slug) => [`${facts.scope}events/${slug}/door`, `${facts.scope}events/${slug}/door/kept`]);
await send(store).catch(() => {}); // the door's page says what is wrong
await draw();
await keepOffline({ ...facts, pages: [[facts.list, facts.list], ...pages] });
