/* What makes the page open without a network: its files and the page itself in the browser's cache, and the service worker that
   hands them out. Returns the reason where that cannot be: "insecure", "noWorker" or "noSpace"; "" where all is well. */

const CACHE = "engage-door";

/* The cache's pages and files are those of one moment: first all that is new is fetched, then what is old goes. */
async function fetchAll(files, pages) {
  const cache = await caches.open(CACHE);
  const have = new Set((await cache.keys()).map(({ url }) => url));
  const wanted = files.map((file) => new URL(file, location.href).href);
  await Promise.all(wanted.filter((file) => !have.has(file)).map((file) => cache.add(file)));
  const kept = await Promise.all(pages.map(async ([as, from]) => {
    const page = await fetch(from, { redirect: "manual" }); // a sign-in that has ended redirects: what is kept stays
    if (page.ok) await cache.put(new URL(as, location.href), page);
    return [403, 404].includes(page.status) ? null : new URL(as, location.href).href;
  }));
  const stay = new Set([...wanted, ...kept]);
  await Promise.all([...have].filter((url) => !stay.has(url)).map((url) => cache.delete(url)));
}

/* `pages`: [address under which a page is kept, address from which it is fetched]. */
export async function keepOffline({ worker, scope, files, pages }) {
  if (!globalThis.isSecureContext) return "insecure";
  if (!navigator.serviceWorker || !globalThis.caches) return "noWorker";
  navigator.storage?.persist?.().catch(() => {}); // asks that the browser does not tidy us away
  try {
    await navigator.serviceWorker.register(worker, { scope, type: "module" });
    await navigator.serviceWorker.ready;
  } catch (error) {
    console.warn("door: no service worker", error);
    return "noWorker";
  }
  try {
    await fetchAll(files, pages);
  } catch (error) {
    if (error.name === "QuotaExceededError") return "noSpace";
    console.warn("door: not all is kept yet", error); // the network went: the next time will do
  }
  return "";
}
