/* What this device keeps: the roster of each event, and what happened at its doors until the server has it.

   `openStore()` gives a store on IndexedDB; where the browser keeps nothing (private windows, no space) one in memory, whose
   `lasting` is false: all works, but what was not sent is lost with the page. Both are used alike.

   A *roster* is what the API gave, with `slug`, `etag`, `askedAt` (this device's clock, ms), `skew` (server's clock minus ours, ms).
   An *entry* is something that happened: `seq` (its place, given by `add`), `id` (UUID), `slug`, `kind` ("scan", "undo", "walk-in"),
   `at` (RFC 3339), `digest` of the ticket, what the API is to be told, what was answered here (`local`), and once the server has
   answered `answer` and `ackedAt` (ms). */

const NAME = "engage-door";
const STORES = { rosters: { keyPath: "slug" }, entries: { keyPath: "seq", autoIncrement: true } };

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const [name, options] of Object.entries(STORES)) request.result.createObjectStore(name, options);
  };
  return asked(request);
}

class Kept {
  lasting = true;
  #database;

  constructor(database) {
    this.#database = database;
    database.onversionchange = () => database.close(); // another tab wipes everything
  }

  /* `durability: strict`: what was told as admitted shall survive a phone that goes dark. */
  async #within(store, mode, work) {
    const transaction = this.#database.transaction(store, mode, { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const result = await work(transaction.objectStore(store));
    if (mode === "readwrite") await done;
    return result;
  }

  roster(slug) { return this.#within("rosters", "readonly", (rosters) => asked(rosters.get(slug))); }
  slugs() { return this.#within("rosters", "readonly", (rosters) => asked(rosters.getAllKeys())); }
  keep(roster) { return this.#within("rosters", "readwrite", (rosters) => asked(rosters.put(roster))); }
  forget(slug) { return this.#within("rosters", "readwrite", (rosters) => asked(rosters.delete(slug))); }
  entries() { return this.#within("entries", "readonly", (entries) => asked(entries.getAll())); }

  async add(...made) {
    await this.#within("entries", "readwrite", async (entries) => {
      for (const entry of made) entry.seq = await asked(entries.add(entry));
    });
  }

  async put(changed) { await this.#within("entries", "readwrite", (entries) => Promise.all(changed.map((entry) => asked(entries.put(entry))))); }
  async drop(seqs) { await this.#within("entries", "readwrite", (entries) => Promise.all(seqs.map((seq) => asked(entries.delete(seq))))); }
}

class Remembered {
  lasting = false;
  #rosters = new Map();
  #entries = new Map();
  #last = 0;

  async roster(slug) { return this.#rosters.get(slug); }
  async slugs() { return [...this.#rosters.keys()]; }
  async keep(roster) { this.#rosters.set(roster.slug, roster); }
  async forget(slug) { this.#rosters.delete(slug); }
  async entries() { return [...this.#entries.values()]; }

  async add(...made) {
    for (const entry of made) {
      entry.seq = ++this.#last;
      this.#entries.set(entry.seq, entry);
    }
  }

  async put(changed) { for (const entry of changed) this.#entries.set(entry.seq, entry); }
  async drop(seqs) { for (const seq of seqs) this.#entries.delete(seq); }
}

export async function openStore({ lasting = true } = {}) {
  try {
    if (!lasting) return new Remembered();
    return new Kept(await openDatabase());
  } catch (error) {
    console.warn("door: nothing is kept here", error);
    return new Remembered();
  }
}

/* All that is known of guests goes; what the server has not been told stays, since nobody else knows it. */
export async function wipe(store) {
  for (const slug of await store.slugs()) await store.forget(slug);
  await store.drop((await store.entries()).filter((entry) => entry.ackedAt).map((entry) => entry.seq));
}
