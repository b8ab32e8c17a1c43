/* The service worker of the desk. Pages come from the network as ever; without one, the door's pages and the scanner's first page
   come from the cache that keep.js fills. Signing out takes with it what this device knows of guests. */

import { send } from "./queue.js";
import { openStore, wipe } from "./store.js";

const CACHE = "engage-door";
const PATIENCE = 4000; // milliseconds before the kept page is shown instead of a network that says nothing
const scope = new URL(self.registration.scope);
const HOME = new URL("scanner", scope).href;
const SIGN_OUT = new URL("sign-out", scope).pathname;
const DOOR = /\/events\/[^/]+\/door$/;

const tooLong = () => new Promise((_, reject) => setTimeout(() => reject(new Error("too long")), PATIENCE));
const kept = async (address) => (await caches.open(CACHE)).match(address);

async function page(request) {
  const address = new URL(request.url);
  const own = DOOR.test(address.pathname) || address.href === HOME ? await kept(address.origin + address.pathname) : null;
  try {
    const answer = await (own ? Promise.race([fetch(request), tooLong()]) : fetch(request));
    return own && answer.status >= 500 ? own : answer;
  } catch (error) {
    if (own) return own;
    if (await kept(HOME)) return Response.redirect(HOME);
    throw error;
  }
}

async function signOut(request) {
  const store = await openStore();
  await send(store).catch(() => {}); // what cannot be sent now stays, nameless but for walk-ins, for whoever signs in next
  const answer = await fetch(request);
  if (answer.type === "opaqueredirect" || answer.ok) {
    await wipe(store);
    await caches.delete(CACHE);
  }
  return answer;
}

/* Rosters of events that are over. */
async function tidy() {
  const store = await openStore();
  for (const slug of await store.slugs()) {
    if ((await store.roster(slug)).until < Date.now()) {
      await store.forget(slug);
      await (await caches.open(CACHE)).delete(new URL(`events/${slug}/door`, scope));
    }
  }
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("sync", (event) => event.waitUntil(openStore().then((store) => send(store, () => new BroadcastChannel("engage-door").postMessage("changed")))));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== scope.origin) return;
  if (request.method === "POST" && address.pathname === SIGN_OUT) {
    event.respondWith(signOut(request));
  } else if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(page(request));
    event.waitUntil(tidy());
  } else if (request.method === "GET" && (address.searchParams.has("v") || address.pathname.includes("/scanner/files/") || address.pathname.includes("/static/vendor/"))) {
    event.respondWith(kept(request.url).then((file) => file ?? fetch(request)));
  }
});
