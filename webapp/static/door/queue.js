/* What happened here goes to the server: in order, in batches, each with its own id, so that sending again does no harm. Used by
   the page and by the service worker. */

import { post, Refused, Unreachable } from "./link.js";

const WAYS = {
  scan: { call: "scans", list: "scans", most: 500, told: scan },
  undo: { call: "undos", list: "undos", most: 500, told: ({ id, scan, at }) => ({ id, scan, at }) },
  "walk-in": { call: "walk-ins", list: "walk_ins", most: 100, told: ({ id, at, person, device }) => ({ id, at, ...person, device }) },
};

function scan({ id, code, digest, at, direction, activity, device, told }) {
  return { id, code: code ?? `#${digest}`, at, direction, device, ...(activity ? { activity } : {}), ...(told ? { told } : {}) };
}

/* The oldest that wait and go in one call: of one event and one kind, so that the order is kept. */
function batch(entries) {
  const waiting = entries.filter((entry) => !entry.ackedAt);
  const end = waiting.findIndex((entry) => entry.slug !== waiting[0].slug || entry.kind !== waiting[0].kind);
  return waiting.slice(0, Math.min(end < 0 ? waiting.length : end, waiting.length && WAYS[waiting[0].kind].most));
}

/* Once answered, neither the code is needed any more, nor what a walk-in told besides the name. */
function answered(entry, answer) {
  const { code: _, person: __, ...rest } = entry;
  return { ...rest, digest: answer.digest ?? rest.digest, answer, ackedAt: Date.now() }; // a walk-in has a ticket now
}

/* The server can never take this: it is set aside with the reason, and does not hold up what follows. */
function refused(entry, { status, code, detail }) { return { ...entry, answer: { refused: code || String(status), detail }, ackedAt: Date.now() }; }

async function sendBatch(entries) {
  const { call, list, told } = WAYS[entries[0].kind];
  try {
    const body = { [list]: entries.map(told), sent_at: new Date().toISOString() };
    const answers = (await post(`api/v1/events/${encodeURIComponent(entries[0].slug)}/${call}`, body))[list];
    return entries.map((entry, place) => answered(entry, answers[place]));
  } catch (error) {
    if (!(error instanceof Refused) || error.status === 403) throw error;
    if (!error.code) throw new Unreachable("an answer that is not the API's", { cause: error }); // a sign-in of the hotel's network, say
    if (entries.length === 1) return [refused(entries[0], error)];
    const half = Math.ceil(entries.length / 2);
    return [...await sendBatch(entries.slice(0, half)), ...await sendBatch(entries.slice(half))];
  }
}

/* Send all that waits, of every event; `onAnswers(entries)` follows each batch, which is on record here by then. Only one page or
   worker of this device sends at a time. Raises Unreachable, SignedOut, Refused (no permission). */
export async function send(store, onAnswers = () => {}) {
  const run = async () => {
    for (;;) {
      const next = batch(await store.entries());
      if (!next.length) return;
      const done = await sendBatch(next);
      await store.put(done);
      onAnswers(done);
    }
  };
  await (navigator.locks ? navigator.locks.request("engage-door-send", run) : run());
}
