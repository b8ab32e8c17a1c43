/* What the door says to a ticket: the rules of engage/arrivals.py, decided here. */

export const KINDS = { admitted: "yes", left: "yes", already: "look", pending: "look", undone: "wait" }; // all others are "no"
export const kindOf = (result) => KINDS[result] ?? "no";
export const MOVES = new Set(["admitted", "left"]); // results that change where somebody is

/* `ticket` as the roster knows it now (null: not in it), `at` a time of the server in ms. */
export function decide(event, ticket, { direction, at }) {
  if (!ticket) return "unknown";
  if (ticket.state === "cancelled") return "cancelled";
  if (ticket.state !== "confirmed") return "waitlisted";
  if (!event.from || at < event.from || at > event.until) return "not_open";
  if (direction === "out") return "left";
  return ticket.arrivedAt && !ticket.leftAt ? "already" : "admitted";
}

/* Where somebody is after an entry of the queue; times are RFC 3339. */
export function moved({ arrivedAt, leftAt, state }, { kind, at, local, answer }) {
  if (kind === "undo") return { arrivedAt: null, leftAt: null, state };
  const result = answer?.result ?? local;
  if (answer?.refused) return { arrivedAt, leftAt, state };
  if (result === "admitted") return { arrivedAt: answer?.first_at ?? arrivedAt ?? at, leftAt: null, state };
  if (result === "left") return { arrivedAt: arrivedAt ?? answer?.first_at ?? at, leftAt: at, state };
  if (answer && result === "already") return { arrivedAt: answer.first_at ?? arrivedAt, leftAt: null, state };
  if (answer && result === "cancelled") return { arrivedAt, leftAt, state: "cancelled" };
  return { arrivedAt, leftAt, state };
}
