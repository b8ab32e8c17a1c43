/* What is wrong with an answer, in the server's words (webapp/limits.py): a sheet that is kept without a network must not be refused once
   its author has gone. What cannot be told here is left to the server, which judges anew. */

import { numberOf, words } from "./conditions.js";

const NUMBER = /^[+-]?\d{1,16}(\.\d{1,16})?$/;
const OTHER = ".other"; // after a question's code: the free text of its "other"
const NESTED = /\)[*+{]/; // such a pattern may take a browser for ever; the server's engine has no such trouble
const closely = (text) => text.normalize("NFKC").replace(/\s/gu, "");

function fits(text, pattern) {
  if (NESTED.test(pattern)) return true;
  try {
    return new RegExp(`^(?:${pattern})$`, "u").test(text);
  } catch {
    return true; // written as only the server reads it
  }
}

/* Whether the answer keeps the rule; a text, or of questions with options the picks. */
const RULES = {
  number: (text) => NUMBER.test(closely(text).replaceAll(",", "")),
  whole: (text) => Number.isInteger(numberOf(text)),
  least: (text, limit) => numberOf(text) >= limit,
  most: (text, limit) => numberOf(text) <= limit,
  earliest: (text, limit) => !(numberOf(text) < numberOf(limit)),
  latest: (text, limit) => !(numberOf(text) > numberOf(limit)),
  longest: (text, limit) => [...text].length <= limit,
  shortest: (text, limit) => [...text].length >= limit,
  form: fits,
  email: (text) => /^[^@]+@[^@]+\.[^@.]{2,}$/.test(closely(text)),
  phone: (text) => closely(text).replace(/\D/g, "").length >= 8,
  credit: (text) => closely(text).replace(/[^\p{L}\p{N}]/gu, "").length === 18,
  other: (picks, other, question) => !picks.includes(other) || question.querySelector(`[name$="${OTHER}"]`).value.trim() !== "",
  alone: (picks, none) => !picks.includes(none) || picks.length === 1,
  fewest: (picks, limit, question) => picks.includes("none") || picks.length >= Math.min(limit, question.querySelectorAll("[type=checkbox]:not(:disabled)").length),
  picks: (picks, limit) => picks.length <= limit,
};

function given(question) {
  const inputs = [...question.querySelectorAll("input[name], textarea[name]")].filter((input) => !input.disabled && !input.name.endsWith(OTHER));
  if (inputs.some((input) => ["radio", "checkbox"].includes(input.type))) return inputs.filter((input) => input.checked).map((input) => input.value);
  const [input] = inputs;
  return input?.matches("textarea") ? input.value.trim() : words(input?.value ?? "");
}

/* In words; "" where nothing is, and where nothing is answered. */
export function fault(question) {
  const limits = JSON.parse(question.dataset.limits ?? "[]");
  const answer = given(question);
  if (!answer.length) return "";
  return limits.find(([rule, limit]) => !RULES[rule](answer, limit, question))?.[2] ?? "";
}
