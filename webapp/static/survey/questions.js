/* The questions of the page: which are shown, which are answered, which were forgotten or are wrong, and a word beside those. */

import { hold } from "./files.js";
import { fault } from "./limits.js";

const OTHER = ".other"; // after a question's code: the free text of its "other"

export const all = (form) => [...form.querySelectorAll(".question[id]")];
export const shown = (question) => !question.hidden && !question.closest(".survey-page[hidden]"); // a page that is only turned away still counts
const isFilled = (input) => (["radio", "checkbox"].includes(input.type) ? input.checked : input.value.trim() !== "");

/* The inputs by their names: a row of a matrix each. */
function byName(question) {
  const named = [...question.querySelectorAll("input[name], select[name], textarea[name]")];
  const own = named.filter((input) => !input.disabled && input.type !== "hidden" && !input.name.endsWith(OTHER));
  return Map.groupBy ? Map.groupBy(own, (input) => input.name) : own.reduce((found, input) => found.set(input.name, [...found.get(input.name) ?? [], input]), new Map());
}

export const asks = (question) => byName(question).size > 0; // and does not only inform
export const answered = (question) => [...byName(question).values()].some((inputs) => inputs.some(isFilled));

function forgotten(form, question) {
  const code = question.id.slice("a-".length, -"-question".length);
  if (!form.dataset.required.split(" ").includes(code) || !asks(question)) return false;
  const each = [...byName(question).values()].filter((inputs) => inputs.some((input) => input.required));
  return each.length ? !each.every((inputs) => inputs.some(isFilled)) : !answered(question);
}

/* With these words, with true as forgotten, or not any more. */
function mark(question, words) {
  const field = question.querySelector(".field");
  const id = question.id.replace("-question", "-error");
  document.getElementById(id)?.remove();
  field.classList.toggle("wrong", Boolean(words));
  const described = field.matches("fieldset") ? field : field.querySelector("input, select, textarea");
  const others = (described.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
  if (words) {
    const said = document.getElementById("forgotten").content.firstElementChild.cloneNode(true);
    said.id = id;
    if (words !== true) said.querySelector("span").textContent = words;
    (field.querySelector(".hint") ?? field.querySelector("legend, label")).after(said);
    others.push(id);
  }
  if (others.length) described.setAttribute("aria-describedby", others.join(" "));
  else described.removeAttribute("aria-describedby");
  if (!field.matches("fieldset")) described.setAttribute("aria-invalid", String(Boolean(words)));
}

/* Mark what is required and not answered, or wrong, among the questions, and go to the first; whether there is none. */
export function complete(form, questions) {
  const open = new Map(questions.filter(shown).map((question) => [question, forgotten(form, question) || fault(question)]).filter(([, words]) => words));
  for (const question of questions) if (open.has(question) || question.querySelector(".error.here")) mark(question, open.get(question));
  const told = [...open.values()].every((words) => words === true) ? form.dataset.forgotten : form.dataset.wrong;
  document.getElementById("told").textContent = open.size ? told.replace("{count}", open.size) : "";
  if (!open.size) return true;
  const [first] = open.keys();
  first.scrollIntoView({ block: "start" });
  control(first).focus({ preventScroll: true });
  return false;
}

/* What takes the focus for a question, or for one of its fields. Of a list that is moved by hand (ranking.js) the buttons stand for the fields. */
const CONTROLS = "input:not([type=hidden]), select:not([hidden]), textarea, .ranks button:not([disabled])";
export const control = (box) => (box.matches(CONTROLS) ? box : (box.hidden ? box.closest(".field") : box).querySelector(CONTROLS));

/* What was forgotten or wrong and is right now needs no word any more. */
export function forgive(question) {
  if (question?.querySelector(".error.here") && answered(question) && !fault(question)) mark(question, false);
}

/* All that would be sent: [name, value] pairs, without the empty file that stands for none. */
export const sent = (form) => [...new FormData(form)].filter(([, value]) => typeof value === "string" || value.size);

/* What somebody has written or picked, without what the server has put into the form. */
export function written(form) {
  const own = new Set([...form.elements].filter((input) => input.type !== "hidden").map((input) => input.name));
  return sent(form).filter(([name]) => own.has(name));
}

/* Put answers into the form: [name, value] pairs. */
export function fill(form, fields) {
  for (const input of form.querySelectorAll("input[name], select[name], textarea[name]")) {
    const values = fields.filter(([name]) => name === input.name).map(([, value]) => value);
    if (input.type === "hidden") continue;
    if (input.type === "file") hold(input, values.filter((value) => value instanceof File));
    else if (["radio", "checkbox"].includes(input.type)) input.checked = values.includes(input.value);
    else input.value = values[0] ?? "";
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
