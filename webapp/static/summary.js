/* The summary while people answer: puts what has changed into the page, and leaves alone what has not, so that what is open stays open, what
   has the focus keeps it and nothing moves. live.js asks for it. */

const SILENCE = 10000; // milliseconds between two announcements of the number

const live = document.getElementById("live");
const told = live.querySelector("[role=status]");
let count = Number(live.dataset.count);
let speaking;

/* Make a node as the fresh one is, by as few changes as possible. */
function become(shown, fresh) {
  if (shown.isEqualNode(fresh)) return;
  if (shown.nodeName !== fresh.nodeName) return shown.replaceWith(fresh);
  if (shown.nodeType === Node.TEXT_NODE) {
    shown.data = fresh.data;
    return;
  }
  for (const { name } of [...shown.attributes]) if (!fresh.hasAttribute(name) && name !== "open") shown.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  const pairs = Math.min(shown.childNodes.length, fresh.childNodes.length);
  const before = [...shown.childNodes];
  const after = [...fresh.childNodes];
  for (let place = 0; place < pairs; place += 1) become(before[place], after[place]);
  for (const gone of before.slice(pairs)) gone.remove();
  shown.append(...after.slice(pairs));
}

/* Only the number, and not at every single answer. */
function say() {
  told.textContent = live.dataset.said.replace("{count}", count.toLocaleString(document.documentElement.lang));
  speaking = undefined;
}

live.addEventListener("figures", ({ detail }) => {
  const fresh = document.createElement("template");
  fresh.innerHTML = detail.html;
  for (const part of fresh.content.querySelectorAll("[data-part]")) {
    become(document.querySelector(`[data-part="${part.dataset.part}"]`), part);
  }
  if (detail.responses === count) return;
  count = detail.responses;
  speaking ??= setTimeout(say, told.textContent ? SILENCE : 0);
});
document.querySelector(".reload")?.remove(); // the page does it
