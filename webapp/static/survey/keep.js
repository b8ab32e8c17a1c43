/* What makes a questionnaire open without a network: its files and the page itself in the browser's cache, and the service worker
   that hands them out. */

const CACHE = "engage-survey";
const MOST = 10; // questionnaires
const isPage = (url) => /\/q\/[^/]+(\/kiosk)?$/.test(new URL(url).pathname);

async function fetchAll(files, { link, from, mark }) {
  const cache = await caches.open(CACHE);
  const have = (await cache.keys()).map(({ url }) => url);
  const wanted = files.map((file) => new URL(file, location.href).href);
  await Promise.all(wanted.filter((file) => !have.includes(file)).map((file) => cache.add(file)));
  const present = await (await cache.match(link))?.text();
  if (!present?.includes(mark)) {
    const page = await fetch(from, { redirect: "error", credentials: "same-origin" });
    if (page.ok) await cache.put(link, page); // new files first, then the page that needs them
  }
  const old = [...have.filter((url) => !wanted.includes(url) && !isPage(url)), ...have.filter(isPage).slice(0, -MOST)];
  await Promise.all(old.map((url) => cache.delete(url)));
}

/* The page at `from` is kept as that of `link`; `mark` stands in it and tells its wording and language from others. */
export async function keepOffline({ worker, files }, page) {
  if (!navigator.serviceWorker || !globalThis.caches) return;
  try {
    await navigator.serviceWorker.register(worker, { type: "module" });
    await navigator.serviceWorker.ready;
    await fetchAll(files, page);
    document.body.dataset.kept = "yes";
  } catch (error) {
    console.warn("questionnaire: this page will not open without a network", error);
  }
}

/* Once it was answered the page is not needed any more. */
export async function dropPage(link) {
  if (globalThis.caches) await (await caches.open(CACHE)).delete(link);
}

/* The browser shall send what waits also when no page is open, where it can. */
export async function sendLater() {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.sync?.register("send").catch(() => {});
}
