/* The service worker of questionnaires. Pages come from the network as ever; without one, a questionnaire that was opened before comes
   from the cache that keep.js fills. */

import { sendWaiting } from "./send.js";
import { openStore } from "./store.js";

const CACHE = "engage-survey";
const PATIENCE = 4000; // milliseconds before the kept page is shown instead of a network that says nothing
const tooLong = () => new Promise((_, reject) => setTimeout(() => reject(new Error("too long")), PATIENCE));
const kept = async (address) => (await caches.open(CACHE)).match(address);

async function page(request) {
  const { origin, pathname } = new URL(request.url);
  const own = await kept(origin + pathname);
  if (!own) return fetch(request);
  try {
    const answer = await Promise.race([fetch(request), tooLong()]);
    return answer.status >= 500 ? own : answer;
  } catch {
    return own;
  }
}

async function send() {
  const store = await openStore();
  await sendWaiting(store);
  if ((await store.all("sheets")).some((sheet) => !sheet.refused)) throw new Error("no network yet"); // the browser tries again
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("sync", (event) => event.waitUntil(send()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (address.searchParams.has("v") || address.pathname.includes("/q/files/")) {
    event.respondWith(kept(request.url).then((file) => file ?? fetch(request)));
  }
});
