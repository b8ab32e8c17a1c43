/* What this device keeps of questionnaires: for each link the answers that somebody has begun, and the sheets that wait for a network.

   `openStore()` gives a store on IndexedDB; where the browser keeps nothing (private windows) or shall not (a shared device) one in
   memory, whose `lasting` is false. A *draft* has `link` (the page's path), `id` (UUID of the sheet), `fields` ([name, value] pairs),
   `page` (its number), `at` (ms); its files lie in a draft beside it whose `link` ends in " files". A *sheet* has `link`, `address` (with its query), `id`, `fields` (values may be files), `at`, and once
   the server has refused it `refused` ("closed", "answered", "wrong", "gone"). */

const NAME = "engage-survey";
const KEYS = { drafts: "link", sheets: "id" };

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(KEYS)) request.result.createObjectStore(name, { keyPath });
  };
  return asked(request);
}

class Kept {
  lasting = true;
  #database;

  constructor(database) { this.#database = database; }

  async #within(name, mode, work) {
    const transaction = this.#database.transaction(name, mode, { durability: "strict" }); // a phone may go dark the next moment
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const result = await asked(work(transaction.objectStore(name)));
    if (mode === "readwrite") await done;
    return result;
  }

  all(name) { return this.#within(name, "readonly", (store) => store.getAll()); }
  get(name, key) { return this.#within(name, "readonly", (store) => store.get(key)); }
  put(name, value) { return this.#within(name, "readwrite", (store) => store.put(value)); }
  drop(name, key) { return this.#within(name, "readwrite", (store) => store.delete(key)); }
}

class Remembered {
  lasting = false;
  #kept = { drafts: new Map(), sheets: new Map() };

  async all(name) { return [...this.#kept[name].values()]; }
  async get(name, key) { return this.#kept[name].get(key); }
  async put(name, value) { this.#kept[name].set(value[KEYS[name]], value); }
  async drop(name, key) { this.#kept[name].delete(key); }
}

export function forget() { return new Remembered(); }

export async function openStore() {
  try {
    return new Kept(await openDatabase());
  } catch (error) {
    console.warn("questionnaire: nothing is kept here", error);
    return new Remembered();
  }
}
