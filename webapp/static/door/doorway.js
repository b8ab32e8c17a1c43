/* One event's door on this device: decides scans at once, keeps them, and has the server told. It draws nothing; `hears` is called
   with what has happened:

   answer(given)  what to show: { id, result, kind, name, ticket, firstAt, wanted }
   asking()       the server is asked first, because only it can know
   differs(given) the server's answer to an earlier scan is another than ours; `given.local` is what we said
   refused(entry) the server will never take this
   changed()      counts, queue, roster or network are no longer as they were */

import { decide, kindOf, MOVES, stayOf } from "./answer.js";
import { codeIn, digest as digestOf, newId } from "./codes.js";
import { Refused, SignedOut, Unreachable } from "./link.js";
import { send } from "./queue.js";
import { fetchRoster, Roster } from "./roster.js";
import { openStore } from "./store.js";

const ASKED = 1500; // ms that an unknown ticket waits for the server, which may have registered it just now
const SOON = 500; // ms
const KEPT = 200; // entries that the server has, kept for undoing and for the record
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function deviceName() {
  try {
    const name = localStorage.getItem("door-device") ?? `web-${newId().slice(-6)}`;
    localStorage.setItem("door-device", name);
    return name;
  } catch {
    return `web-${newId().slice(-6)}`;
  }
}

export class Doorway {
  roster = null;
  online = navigator.onLine;
  trouble = ""; // "signed-out", "no-permission", "no-event", "over"
  sending = false;
  entries = []; // of this event, in order
  #hears;
  #device = deviceName();
  #line = Promise.resolve(); // one scan after the other
  #awaited = new Map(); // id of an entry → told when the server has answered it
  #recalling = 0;
  #channel = globalThis.BroadcastChannel ? new BroadcastChannel("engage-door") : null;

  static async open(slug, hears) {
    const door = new Doorway();
    door.slug = slug;
    door.#hears = hears;
    door.store = await openStore();
    await door.#recall();
    const kept = await door.store.roster(slug);
    if (kept) door.roster = new Roster(kept, door.entries);
    if (door.#channel) door.#channel.onmessage = () => {
      door.#recalling ||= setTimeout(() => door.#recall(), SOON); // one look for many scans of another tab
    };
    return door;
  }

  /* Read the queue: at the start, and when another tab or the worker has changed it. */
  async #recall() {
    this.#recalling = 0;
    this.entries = (await this.store.entries()).filter((entry) => entry.slug === this.slug);
    for (const digest of new Set(this.entries.map((entry) => entry.digest))) this.roster?.follow(digest, this.entries);
    this.#hears.changed();
  }

  get waiting() { return this.entries.filter((entry) => !entry.ackedAt).length; }
  get lasting() { return this.store.lasting; }

  /* A code that was scanned or typed; `where` is { direction, activity }: which way, and at which room's door (null: the event's). */
  take(text, where) { return this.#next(async () => {
    const code = codeIn(text);
    const digest = await digestOf(code);
    await this.#scan({ code, digest, ...where });
  }); }

  /* People picked from a list: `tickets` of the roster. The answer to the first of them that moved is shown, or to the first for whom the room is full. */
  admit(tickets, where) { return this.#next(async () => {
    if (tickets.length === 1) {
      await this.#scan({ digest: tickets[0].digest, ...where });
      return;
    }
    const group = newId();
    const entries = [];
    for (const { digest } of tickets) {
      const ahead = entries.filter(({ local }) => local === "admitted").length;
      const entry = this.#entry({ digest, group, ahead, ...where });
      entries.push({ ...entry, told: entry.local });
    }
    await this.#keep(entries);
    const full = entries.find(({ local }) => local === "over_capacity"); // for some there was no place: these are to be told
    if (full) this.#show(full, 1);
    else this.#show(entries.find((entry) => MOVES.has(entry.local)) ?? entries[0], tickets.length);
    this.flush();
  }); }

  #next(work) { return (this.#line = this.#line.catch(() => {}).then(work)); }

  #entry({ code, digest, direction, activity = null, group, ahead = 0 }) {
    const at = new Date();
    const { roster } = this;
    const ticket = roster && digest ? roster.find(digest) : null;
    const full = Boolean(roster && activity && roster.full(activity, ahead));
    const local = roster && digest ? decide(roster.event, ticket, { direction, at: roster.now(), activity, full }) : "pending";
    return {
      id: newId(), slug: this.slug, kind: "scan", at: at.toISOString(), code, digest, direction, activity, device: this.#device, group, local,
      told: this.#asks(local, activity) ? null : local,
      name: ticket?.name ?? "", category: ticket?.category ?? "", firstAt: local === "already" ? stayOf(ticket, activity).arrivedAt : null,
    };
  }

  /* Nothing is shown before it is on record. Where the browser's storage fails in the middle of it, the page itself remembers. */
  async #keep(entries) {
    try {
      await this.store.add(...entries);
    } catch (error) {
      console.warn("door: not kept", error);
      this.store = await this.#onlyRemember();
      await this.store.add(...entries);
    }
    this.entries.push(...entries);
    for (const entry of entries) this.roster?.follow(entry.digest, this.entries);
    this.#channel?.postMessage("changed");
    // Some browsers send what waits even after the page is closed.
    if (!this.online) navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("engage-door")).catch(() => {});
  }

  async #scan(what) {
    const entry = this.#entry(what);
    await this.#keep([entry]);
    if (entry.told) {
      this.#show(entry, 1);
      this.flush();
    } else {
      await this.#ask(entry);
    }
  }

  /* Whether the server is asked before anybody is told: it may have registered this guest a moment ago, and it alone knows who went
     in and out at the other doors of a room that can be full. */
  #asks(local, activity) {
    const counts = ["admitted", "over_capacity"].includes(local) && activity && this.roster.room(activity)?.capacity;
    return local === "pending" || Boolean(this.online && (local === "unknown" || counts));
  }

  async #ask(entry) {
    if (this.online) {
      const answered = new Promise((resolve) => this.#awaited.set(entry.id, resolve));
      this.#hears.asking();
      this.flush();
      await Promise.race([answered, later(ASKED)]);
      this.#awaited.delete(entry.id);
    }
    const now = this.entries.find(({ id }) => id === entry.id);
    if (!now.ackedAt && now.local !== "pending") {
      now.told = now.local;
      await this.store.put([now]);
    }
    this.#show(now, 1);
  }

  #given(entry, wanted = 1) {
    const result = entry.answer?.result ?? entry.local;
    const ticket = entry.digest ? this.roster?.find(entry.digest) ?? null : null;
    const unchosen = Boolean(ticket && entry.activity && result === "admitted" && this.roster.isUnchosen(ticket, entry.activity));
    return {
      id: entry.id, result, kind: unchosen ? "look" : kindOf(result), unchosen, activity: entry.activity ?? null, local: entry.local, walkIn: entry.kind === "walk-in", wanted, ticket, refused: entry.answer?.detail,
      name: entry.answer?.name || entry.name, category: ticket?.category ?? entry.category,
      firstAt: entry.answer?.first_at ?? entry.firstAt,
    };
  }

  #show(entry, wanted) {
    this.#hears.answer(this.#given(entry, wanted));
    this.#hears.changed();
  }

  /* The last admission made here that nobody has taken back: its entries, several for a party that was ticked together. */
  last() {
    const undone = new Set(this.entries.filter(({ kind }) => kind === "undo").map(({ scan }) => scan));
    const admitted = this.entries.filter((entry) => (entry.answer?.result ?? entry.local) === "admitted" && !entry.answer?.refused && !undone.has(entry.id));
    const last = admitted.at(-1);
    return last ? admitted.filter(({ id, group }) => id === last.id || (group && group === last.group)) : [];
  }

  undo() { return this.#next(async () => {
    const last = this.last();
    if (!last.length) return;
    const at = new Date().toISOString();
    await this.#keep(last.map(({ id, digest, name, activity }) => ({ id: newId(), slug: this.slug, kind: "undo", at, scan: id, digest, name, activity, local: "undone" })));
    this.#hears.answer({ ...this.#given(last[0], last.length), result: "undone", kind: kindOf("undone"), unchosen: false, firstAt: null });
    this.#hears.changed();
    this.flush();
  }); }

  /* Somebody without a registration: `person` is what the API asks for, `category` the name. */
  walkIn(person, category) { return this.#next(async () => {
    const id = newId();
    const entry = {
      id, slug: this.slug, kind: "walk-in", at: new Date().toISOString(), digest: id, device: this.#device, person,
      name: person.name, category, local: "admitted",
    };
    await this.#keep([entry]);
    this.#show(entry, 1);
    this.flush();
  }); }

  /* Tell the server all that waits, one call at a time; what comes meanwhile goes with it or right after. */
  async flush() {
    if (this.sending || !this.online || !this.waiting) return;
    this.sending = true;
    this.#hears.changed();
    try {
      await send(this.store, (done) => this.#answered(done));
      this.#reached();
    } catch (error) {
      this.#failed(error);
    }
    this.sending = false;
    this.#hears.changed();
    if (!this.trouble) this.flush();
  }

  #answered(done) {
    const ours = new Map(done.filter(({ slug }) => slug === this.slug).map((entry) => [entry.seq, entry]));
    this.entries = this.entries.map((entry) => ours.get(entry.seq) ?? entry);
    for (const entry of ours.values()) {
      if (entry.kind === "scan") this.roster?.follow(entry.digest, this.entries);
      if (entry.answer.refused) this.#hears.refused(entry);
      else if (this.#awaited.has(entry.id)) this.#awaited.get(entry.id)();
      else if (entry.kind !== "undo" && entry.answer.result !== entry.local) this.#hears.differs(this.#given(entry));
    }
    this.#reached();
    this.#channel?.postMessage("changed");
    this.#hears.changed();
    if (done.some(({ kind }) => kind === "walk-in")) this.refresh(); // their tickets are on the roster now
  }

  /* A new roster, if there is one. */
  async refresh() {
    if (this.trouble === "over" || this.trouble === "no-event") return;
    try {
      const fetched = await fetchRoster(this.slug, this.roster && { etag: this.roster.etag });
      this.#reached();
      if (fetched.kept) await this.#replace(fetched);
      else this.roster.checked(fetched.askedAt);
    } catch (error) {
      this.#failed(error);
      if (error instanceof Refused && error.status === 403) await this.forget("no-permission");
      if (error instanceof Refused && error.code === "event_not_found") await this.forget("no-event");
    }
    if (this.roster && this.roster.now() > this.roster.event.until) await this.forget("over");
    this.#hears.changed();
    this.flush();
  }

  async #replace({ kept, body }) {
    this.roster = new Roster(kept, this.entries, body);
    try {
      await this.store.keep(kept);
      const known = this.entries.filter((entry) => entry.ackedAt && entry.ackedAt < kept.askedAt && !entry.answer.refused).slice(0, -KEPT);
      await this.store.drop(known.map(({ seq }) => seq));
      const dropped = new Set(known);
      this.entries = this.entries.filter((entry) => !dropped.has(entry));
    } catch (error) {
      console.warn("door: the roster is not kept", error);
      this.store = await this.#onlyRemember();
      await this.store.keep(kept);
    }
  }

  /* From here on nothing lasts: what can still be read goes on in memory. */
  async #onlyRemember() {
    const memory = await openStore({ lasting: false });
    const entries = await this.store.entries().catch(() => this.entries);
    await memory.add(...entries); // which gives them new places
    this.entries = entries.filter((entry) => entry.slug === this.slug);
    return memory;
  }

  /* The roster goes; what waits stays, and is still sent. */
  async forget(trouble) {
    this.trouble = trouble;
    this.roster = null;
    await this.store.forget(this.slug);
  }

  #reached() {
    this.online = true;
    if (this.trouble === "signed-out") this.trouble = "";
  }

  #failed(error) {
    if (error instanceof Unreachable) this.online = false;
    else if (error instanceof SignedOut) Object.assign(this, { online: true, trouble: "signed-out" });
    else if (error instanceof Refused) Object.assign(this, { online: true, trouble: error.status === 403 ? "no-permission" : this.trouble });
    else throw error;
  }

  /* The network came or went, says the browser or a call of the page's own. */
  reach(online) {
    if (this.online === online) return;
    this.online = online;
    this.#hears.changed();
    if (online) this.refresh();
  }
}
