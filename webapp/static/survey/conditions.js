/* Shows only what applies, as surveys/conditions.py judges it, and earlier answers within later words. What is not shown is disabled
   and so neither sent nor counted. Without this script everything is shown with a line that says when it applies; the server judges
   anew in either case. */

const BLANKS = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
const UNSTORABLE = /[\0-\x08\x0b-\x1f\x7f\ufffe\uffff\p{Cs}]/gu;
const NUMBER = /^[+-]?\d{1,16}(\.\d{1,16})?$/;
const DATE = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/;
const TIME = /^(\d{1,2})[:时点](\d{1,2})(?::\d{2}(?:\.\d+)?|分)?$/;
const MOMENT = /^(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)T?(\d{1,2}[:时点]\d{1,2}.*)$/;
const DAY = 86_400_000; // milliseconds
const SIGNS = {
  "=": (given, stated) => given === stated, "<": (given, stated) => given < stated, "<=": (given, stated) => given <= stated,
  ">": (given, stated) => given > stated, ">=": (given, stated) => given >= stated,
};

/* Words on one line, as the server stores them. */
export const words = (text) => text.replace(/\r\n?/g, "\n").replace(UNSTORABLE, "").replace(BLANKS, " ").replace(/^ | $/g, "");

/* The number behind what was typed or picked: days since 1970 for a date, minutes for a time; NaN where it is none. */
export function numberOf(text) {
  const written = text.normalize("NFKC").replace(BLANKS, "");
  const number = written.replaceAll(",", "");
  if (NUMBER.test(number)) return Number(number);
  const day = DATE.exec(written);
  if (day) return Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3])) / DAY;
  const time = TIME.exec(written);
  if (time) return Number(time[1]) * 60 + Number(time[2]);
  const moment = MOMENT.exec(written);
  return moment ? numberOf(moment[1]) * 1440 + numberOf(moment[2]) : Number.NaN;
}

/* Whether a condition holds. `answers` maps the names of fields to what was given, `who` has the codes segment and context. */
export function holds(condition, answers, who) {
  const [[name, value]] = Object.entries(condition);
  switch (name) {
    case "all": return value.every((part) => holds(part, answers, who));
    case "any": return value.some((part) => holds(part, answers, who));
    case "not": return !holds(value, answers, who);
    case "answered": return [...answers.keys()].some((field) => field === value || (field.startsWith(`${value}.`) && !field.endsWith(".other")));
    case "picked": return (answers.get(value[0]) ?? []).includes(value[1]);
    case "compared": return answers.has(value[0]) && SIGNS[value[1]](numberOf(answers.get(value[0])[0]), value[2]);
    case "says": return (answers.get(value[0]) ?? []).some((text) => words(text) === value[1]);
    default: return who[name] === value; // segment, context
  }
}

const isPicked = (input) => !["radio", "checkbox"].includes(input.type) || input.checked;

function answersOf(form) {
  const answers = new Map();
  for (const input of form.elements) {
    if (!input.name || input.name.startsWith("form.") || input.disabled || !isPicked(input) || words(input.value) === "") continue;
    answers.set(input.name, [...answers.get(input.name) ?? [], input.value]);
  }
  return answers;
}

function whoOf(form) {
  const stated = [...form.elements].find((input) => input.name === "form.segment" && input.checked);
  return { segment: stated?.value ?? form.dataset.segment ?? "", context: form.dataset.context ?? "" };
}

/* In the order of the form: what something depends on stands before it. */
function judge(form) {
  const changed = [];
  for (const part of form.querySelectorAll("[data-show-if]")) {
    const shown = holds(JSON.parse(part.dataset.showIf), answersOf(form), whoOf(form));
    if (part.hidden === shown) changed.push(part);
    show(part, shown);
  }
  for (const question of form.querySelectorAll(".question")) { // of which no option is left
    const picks = [...question.querySelectorAll("input[type=radio], input[type=checkbox]")];
    if (!question.querySelector("[data-option]")) continue;
    const none = picks.every((pick) => pick.closest("[data-option][hidden]"));
    if (none || !question.dataset.showIf) question.hidden = none;
  }
  return changed;
}

function show(part, shown) {
  part.hidden = !shown;
  for (const input of part.querySelectorAll("input, select, textarea")) {
    input.disabled = "full" in input.dataset || Boolean(input.closest("[data-show-if][hidden]"));
  }
}

/* What was answered, in the words of the page; "" for nothing. */
function said(form, code) {
  const colon = form.dataset.colon ?? "：";
  const given = [...form.elements].filter((input) => input.name === code && !input.disabled && isPicked(input) && words(input.value) !== "");
  return given.map((input) => {
    if (!["radio", "checkbox"].includes(input.type)) return words(input.value) + (input.closest(".unit")?.lastChild.textContent.trim() ?? "");
    const other = input.value === "other" ? words(form.elements[`${code}.other`]?.value ?? "") : "";
    return words(input.closest("label").querySelector("span").textContent) + (other && colon + other);
  }).join(form.dataset.comma ?? "；");
}

function pipe(form) {
  for (const place of form.querySelectorAll("[data-pipe]")) place.textContent = said(form, place.dataset.pipe) || place.dataset.none;
}

/* The numbers of the questions that came or went, for ears. */
function tell(form, changed) {
  const told = document.getElementById("conditions-told");
  if (!told) return;
  const numbers = (parts) => [...new Set(parts.flatMap((part) => (part.matches(".question") ? [part] : [...part.querySelectorAll(".question")]))
    .filter((question) => !question.closest("[data-show-if][hidden]") || parts === gone)
    .map((question) => question.querySelector(".sheetnumber")?.textContent.replace(".", "").trim()).filter(Boolean))].join(told.dataset.join);
  const gone = changed.filter((part) => part.hidden);
  const come = changed.filter((part) => !part.hidden);
  const lines = [[numbers(come), told.dataset.come], [numbers(gone), told.dataset.gone]];
  const line = lines.filter(([which]) => which).map(([which, words_]) => words_.replace("{numbers}", which)).join(" ");
  if (line) told.textContent = line;
}

export function begin(form) {
  const update = ({ target }) => {
    const changed = judge(form);
    pipe(form);
    if (changed.length && target) tell(form, changed);
  };
  for (const line of form.querySelectorAll(".when")) line.hidden = true;
  form.addEventListener("input", update);
  form.addEventListener("change", update);
  form.addEventListener("reset", () => setTimeout(update, 0, {})); // when the fields are empty again
  update({});
}

const form = globalThis.document?.querySelector("form[data-logic]");
if (form) begin(form);
