/* The page's texts and facts, which the server has written into it in the reader's language. */

const read = (id) => JSON.parse(document.getElementById(id).textContent);
export const words = read("words");
export const facts = read("facts");

export function fill(text, values) { return text.replace(/\{(\w+)\}/g, (_, name) => values[name]); }

const clock = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", timeZone: facts.zone });

/* 9:05, in the zone of the installation. */
export function clockTime(moment) { return clock.format(typeof moment === "string" ? Date.parse(moment) : moment).replace(/^0(?=\d:)/, ""); }

export const number = (value) => value.toLocaleString(facts.language);
export const categoryName = (name) => facts.categories[name] ?? name; // in the reader's language, where we have it
export const part = (name) => document.querySelector(`[data-part="${name}"]`);
export const copy = (id) => document.getElementById(id).content.cloneNode(true);

/* The way to put another name on a ticket: a page of the server's, so only with a network and before its holder has come. */
export function offerStandIn(link, { digest, name, arrivedAt }, online) {
  link.hidden = !online || Boolean(arrivedAt);
  link.href = `${facts.page}/people/${digest}`;
  link.setAttribute("aria-label", fill(words.standIn, { name }));
}
