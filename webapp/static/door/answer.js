/* What the door says to a ticket: the rules of engage/arrivals.py, decided here. */

export const KINDS = { admitted: "yes", left: "yes", already: "look", pending: "look", undone: "wait" }; // all others are "no"
export const kindOf = (result) => KINDS[result] ?? "no";
export const MOVES = new Set(["admitted", "left"]); // results that change where somebody is

const NEVER = { arrivedAt: null, leftAt: null, inside: false };

/* Where the ticket's holder is as one door sees it: the event's own (no `activity`), or that of a room. */
export const stayOf = (ticket, activity) => (activity ? ticket.rooms[activity] ?? NEVER : ticket);

/* `ticket` as the roster knows it now (null: not in it), `at` a time of the server in ms, `full` whether nobody else fits in. */
export function decide(event, ticket, { direction, at, activity, full }) {
  if (!ticket) return "unknown";
  if (ticket.state === "cancelled") return "cancelled";
  if (ticket.state !== "confirmed") return "waitlisted";
  if (!event.from || at < event.from || at > event.until) return "not_open";
  if (direction === "out") return "left";
  if (stayOf(ticket, activity).inside) return "already";
  return full ? "over_capacity" : "admitted";
}

/* A stay after an answer; `answered` are those of the server, which knows the first arrival. */
function passed({ arrivedAt, leftAt, inside }, result, at, answered) {
  if (result === "admitted") return { arrivedAt: answered?.first_at ?? arrivedAt ?? at, leftAt: null, inside: true };
  if (result === "left") return { arrivedAt: arrivedAt ?? answered?.first_at ?? at, leftAt: at, inside: false };
  if (answered && result === "already") return { arrivedAt: answered.first_at ?? arrivedAt, leftAt: null, inside: true };
  return { arrivedAt, leftAt, inside };
}

/* Who leaves the house leaves its rooms. */
const left = (rooms, at) => Object.fromEntries(Object.entries(rooms).map(([id, stay]) => [id, stay.inside ? passed(stay, "left", at) : stay]));

/* The ticket after an entry of the queue; times are RFC 3339. Whoever is at a room's door has come to the event. */
export function moved(ticket, { kind, at, local, answer, activity }) {
  if (answer?.refused && kind !== "undo") return ticket;
  const result = answer?.result ?? local;
  const state = answer && result === "cancelled" ? "cancelled" : ticket.state;
  const stay = kind === "undo" ? NEVER : passed(stayOf(ticket, activity), result, at, answer);
  if (!activity) return { ...ticket, ...stay, state, rooms: result === "left" ? left(ticket.rooms, at) : ticket.rooms };
  const arrivedAt = ticket.arrivedAt ?? (stay.arrivedAt && at);
  return { ...ticket, arrivedAt, state, rooms: { ...ticket.rooms, [activity]: stay } };
}
