/* A questionnaire as it is filled in: pages, draft, sending now or later. Without this script it is one long page that is sent once. */

import "./conditions.js";
import { Draft, isShared } from "./draft.js";
import { dropPage, keepOffline, sendLater } from "./keep.js";
import { startKiosk, thanked } from "./kiosk.js";
import { Pages } from "./pages.js";
import { all, complete, fill, forgive, sent } from "./questions.js";
import "./ranking.js";
import { post, sendWaiting } from "./send.js";
import "./slider.js";
import { forget, openStore } from "./store.js";

const AGAIN = 15_000; // milliseconds between two attempts to send what waits
const ONE = (id) => document.getElementById(id);
const facts = JSON.parse(ONE("survey-facts").textContent);
const form = ONE("survey");
const kiosk = document.body.classList.contains("kiosk");
const link = location.pathname;
const store = await openStore();
let posting = false; // files take long: nothing is sent twice meanwhile
const passing = forget(); // what shall not be kept on this device waits in the page

function say(what, { count = 1, address = "" } = {}) {
  const box = ONE("kept");
  if (box.dataset.says === `${what} ${count}`) return; // said once
  box.dataset.says = `${what} ${count}`;
  box.replaceChildren();
  if (!what) return;
  box.append(document.querySelector(`template[data-said=${what}]`).content.cloneNode(true));
  for (const part of box.querySelectorAll("[data-words]")) part.textContent = part.dataset.words.replace("{count}", count);
  box.querySelector("[data-act=send]")?.addEventListener("click", send);
  box.querySelector("[data-act=drop]")?.addEventListener("click", dropRefused);
  box.querySelector("[data-act=next]")?.addEventListener("click", blank);
  if (address) box.querySelector("a")?.setAttribute("href", `${new URL(address, location.href).pathname}?again=1`);
  if (document.body.classList.contains("waiting")) box.querySelector("[tabindex]").focus();
}

const waiting = async () => [...await store.all("sheets"), ...await passing.all("sheets")];

async function dropRefused() {
  for (const sheet of await waiting()) if (sheet.refused) await store.drop("sheets", sheet.id);
  await draw();
}

/* What waits is told; a page whose own sheet waits shows nothing else. */
async function draw() {
  const sheets = await waiting();
  const refused = sheets.find((sheet) => sheet.refused);
  const open = sheets.filter((sheet) => !sheet.refused);
  const own = open.some((sheet) => sheet.link === link);
  document.body.classList.toggle("waiting", Boolean(form) && own && !kiosk);
  if (open.length) say((await passing.all("sheets")).length ? "passing" : kiosk ? "queued" : "waiting", { count: open.length });
  else if (refused) say(refused.refused, { address: refused.address });
  else say("");
  document.body.dataset.waiting = open.length;
}

async function told(sheet, answer) {
  await store.drop("drafts", sheet.link);
  if (answer.taken) {
    await dropPage(sheet.link);
    if (sheet.link === link && !kiosk) location.replace(answer.taken);
  } else if (answer.refused === "wrong") await putRight(sheet);
}

/* What the server refused later than it was sent is opened again where it was written: the server says what is wrong. */
async function putRight(sheet) {
  if (!form || kiosk || sheet?.link !== link) return;
  await store.drop("sheets", sheet.id);
  form.elements["form.submission"].value = sheet.id;
  fill(form, sheet.fields);
  await new Draft(store, form, pages, { link }).keepFiles();
  form.submit();
}

async function send() {
  if (posting || ![...await waiting()].some((sheet) => !sheet.refused)) return;
  await sendWaiting(store, told);
  await sendWaiting(passing, told);
  await draw();
}

function blank() {
  form.reset();
  form.elements["form.submission"].value = crypto.randomUUID();
  document.body.classList.remove("waiting");
  say("");
  pages.open(0);
}

async function submit(event, draft) {
  event.preventDefault();
  if (!complete(form, pages.paged ? all(pages.pages[pages.current]) : all(form))) return;
  const button = ONE("send");
  if (button.disabled) return;
  button.disabled = true;
  button.classList.add("busy");
  const sheet = { link, address: location.pathname + location.search, id: form.elements["form.submission"].value, fields: sent(form), at: Date.now() };
  const keeper = isShared() && !kiosk ? passing : store;
  await keeper.put("sheets", sheet); // also where the phone goes dark at this very moment
  posting = true;
  const answer = await post(sheet);
  posting = false;
  button.disabled = false;
  button.classList.remove("busy");
  if (answer.taken || answer.refused) await keeper.drop("sheets", sheet.id);
  if (answer.taken) {
    await draft?.drop();
    if (!kiosk) await dropPage(link);
    location.replace(answer.taken);
  } else if (answer.refused) {
    await draft?.keepFiles();
    form.submit(); // the server's own page says why; the sheet's id makes it harmless
  } else {
    await draft?.drop();
    navigator.storage?.persist?.().catch(() => {}); // asks that the browser does not tidy it away
    await draw();
    await sendLater();
    if (kiosk) thanked(ONE("kept"));
  }
}

let pages = null;
if (form) {
  const refused = form.dataset.refused === "yes";
  pages = new Pages(form);
  const draft = kiosk ? null : new Draft(store, form, pages, { link });
  if (!refused && globalThis.crypto?.randomUUID) form.elements["form.submission"].value = crypto.randomUUID(); // a kept page is opened more than once
  form.addEventListener("submit", (event) => submit(event, draft));
  const changed = ({ target }) => requestAnimationFrame(() => {
    forgive(target.closest(".question"));
    pages.draw();
  });
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("reset", () => setTimeout(() => pages.draw(), 20)); // after what depends on answers has gone
  pages.show(0, { quiet: true });
  await draw();
  if (!refused) await putRight((await waiting()).find((sheet) => sheet.link === link && sheet.refused === "wrong"));
  keepOffline(facts, { link, from: facts.start || link, mark: form.dataset.mark });
  if (refused) await draft?.restoreFiles();
  if (kiosk) startKiosk(form, pages);
  else if (!refused && !document.body.classList.contains("waiting")) await draft.offer();
  draft?.begin();
  pages.openFor(form.querySelector(".field.wrong"));
  pages.draw();
  document.querySelector(".summary")?.focus();
  document.body.dataset.ready = "yes";
} else {
  if (kiosk && ONE("next-in")) thanked(ONE("kept"));
  await draw();
}
addEventListener("online", send);
document.addEventListener("visibilitychange", () => document.hidden || send());
setInterval(send, AGAIN);
await send();
