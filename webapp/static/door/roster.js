/* The tickets of one event as this device knows them: what the server gave, and what has happened here since. */

import { moved } from "./answer.js";
import { get } from "./link.js";

const here = (ticket) => Boolean(ticket.arrivedAt) && ticket.state === "confirmed";

/* The members of the API's roster, by the names that are used here. */
function ticketOf({ digest, name, category, party_id: party, place, state, activities = [], chosen = [], ...stay }) {
  const rooms = Object.fromEntries(activities.map(({ id, ...each }) => [id, stayFrom(each)]));
  return { digest, name, category, party, place, state, chosen, rooms, ...stayFrom(stay) };
}

function stayFrom({ arrived_at: arrivedAt, left_at: leftAt, inside = Boolean(arrivedAt && !leftAt) }) { return { arrivedAt, leftAt, inside }; }

function eventOf({ title, scans_from: from, scans_until: until, walk_ins: walkIns, categories, activities: rooms }) {
  return { title, from: Date.parse(from), until: Date.parse(until), walkIns, categories, rooms };
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.get(key)?.push(item)) groups.set(key, [item]);
  }
  return groups;
}

/* Ask the server: a roster to keep and its body; only `askedAt` where what we have (`known`) is still right. Raises as `get` does. */
export async function fetchRoster(slug, known) {
  const askedAt = Date.now();
  const response = await get(`api/v1/events/${encodeURIComponent(slug)}/roster`, known?.etag ? { "If-None-Match": known.etag } : {});
  if (response.status === 304) return { askedAt };
  const text = await response.text();
  const body = JSON.parse(text);
  const skew = Date.parse(body.made_at) - (askedAt + Date.now()) / 2;
  return { askedAt, kept: { slug, text, etag: response.headers.get("ETag"), askedAt, skew, until: eventOf(body).until }, body };
}

export class Roster {
  #given; // digest → ticket as the server gave it
  #since = new Map(); // digest → the ticket with what has happened here
  #parties = null; // party → its tickets, made when first asked for
  #names = null;
  #counts = new Map(); // category → { expected, arrived }
  #inside = new Map(); // room → people in it
  #chosen = new Set(); // rooms that anybody has chosen

  /* `kept` is what `fetchRoster` gave, `entries` this event's of the queue in their order. */
  constructor(kept, entries, body = JSON.parse(kept.text)) {
    this.event = eventOf(body);
    this.etag = kept.etag;
    this.askedAt = kept.askedAt; // when we asked for it last, and it was right
    this.skew = kept.skew;
    this.#given = new Map(body.tickets.map((ticket) => [ticket.digest, ticketOf(ticket)]));
    for (const ticket of this.#given.values()) {
      this.#count(ticket, 1);
      for (const room of ticket.chosen) this.#chosen.add(room);
    }
    const fresh = grouped(entries.filter((entry) => entry.digest && !this.#includes(entry)), (entry) => entry.digest);
    for (const [digest, since] of fresh) this.#replay(digest, since);
  }

  /* Whether the server knew of the entry when it made this roster. */
  #includes(entry) { return entry.ackedAt && entry.ackedAt < this.askedAt; }

  #count(ticket, sign) {
    for (const [room, { inside }] of Object.entries(ticket.rooms)) if (inside) this.#inside.set(room, (this.#inside.get(room) ?? 0) + sign);
    if (ticket.state !== "confirmed") return;
    const count = this.#counts.get(ticket.category) ?? { expected: 0, arrived: 0 };
    this.#counts.set(ticket.category, { expected: count.expected + sign, arrived: count.arrived + (here(ticket) ? sign : 0) });
  }

  #replay(digest, entries) {
    const before = this.find(digest);
    let ticket = this.#given.get(digest) ?? this.#walkIn(entries);
    if (!ticket) return;
    const undone = new Set(entries.filter(({ kind }) => kind === "undo").map(({ scan }) => scan));
    const taken = new Set(entries.filter(({ id }) => undone.has(id)).map(({ id }) => id)); // it never was
    for (const entry of entries) if (!taken.has(entry.id) && !taken.has(entry.scan)) ticket = moved(ticket, entry);
    if (before) this.#count(before, -1);
    this.#count(ticket, 1);
    this.#since.set(digest, ticket);
    this.#names = null;
  }

  /* Somebody who was registered here and whom no roster knows yet. */
  #walkIn(entries) {
    const made = entries.find((entry) => entry.kind === "walk-in");
    return made && { digest: made.digest, name: made.name, category: made.category, party: made.digest, place: 0, state: "confirmed", chosen: [], rooms: {}, ...stayFrom({ arrived_at: null, left_at: null }) };
  }

  /* Take note of what has happened with a ticket; `entries` are all of this event. */
  follow(digest, entries) {
    if (digest) this.#replay(digest, entries.filter((entry) => entry.digest === digest && !this.#includes(entry)));
  }

  find(digest) { return this.#since.get(digest) ?? this.#given.get(digest) ?? null; }

  room(id) { return this.event.rooms.find((room) => room.id === id) ?? null; }

  /* People in a room, as far as it is known here. */
  inside(id) { return this.#inside.get(String(id)) ?? 0; }

  /* Whether the room is full; `ahead` are on their way in. */
  full(id, ahead) {
    const capacity = this.room(id)?.capacity ?? null;
    return capacity !== null && this.inside(id) + ahead >= capacity;
  }

  /* Whether people choose this room when they register, and this guest did not. */
  isUnchosen(ticket, id) { return this.#chosen.has(id) && !ticket.chosen.includes(id); }

  get size() { return this.#given.size; }

  /* The server says that this is still the roster. */
  checked(at) { this.askedAt = at; }

  /* Now, by the server's clock, in ms. */
  now() { return Date.now() + this.skew; }

  /* Everybody who came along with this ticket, its holder first among them; alone: just this one. */
  party(ticket) {
    this.#parties ??= grouped(this.#given.values(), (each) => each.party);
    const together = this.#parties.get(ticket.party) ?? [ticket];
    return together.map(({ digest }) => this.find(digest)).sort((one, other) => one.place - other.place);
  }

  /* Whoever's name has all of the words in it, those of the beginning first. */
  search(text, most) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    this.#names ??= [...new Map([...this.#given, ...this.#since]).values()].filter((each) => each.state === "confirmed").map((each) => [each.name.toLowerCase(), each.digest]);
    const found = [];
    for (const [name, digest] of this.#names) {
      if (words.every((word) => name.includes(word)) && found.push(digest) > most) break;
    }
    return found.map((digest) => this.find(digest));
  }

  /* [category, { expected, arrived }] of each category, in the order of the event's list. */
  counts() {
    const order = new Map(this.event.categories.map(({ name }, place) => [name, place]));
    return [...this.#counts].filter(([, { expected }]) => expected).sort(([one], [other]) => (order.get(one) ?? 99) - (order.get(other) ?? 99));
  }
}
