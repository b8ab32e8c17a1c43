/* A tablet in the hall: each person finds a blank form. Nothing of the one before is kept, shown or reached by going back. */

import { written } from "./questions.js";

const PAUSE = 8; // seconds for which the thanks stand
const LAST = 15; // seconds in which somebody who is still there says so
const ONE = (id) => document.getElementById(id);
const facts = JSON.parse(ONE("survey-facts").textContent);

const restart = () => location.replace(facts.start);

/* Whether nobody has touched the form for a while is asked aloud; without an answer it begins anew. */
export function startKiosk(form, pages) {
  if (form.dataset.refused !== "yes") form.reset(); // browsers put back what was written before
  const asking = ONE("still-there");
  const seconds = ONE("still-seconds");
  let idle = 0;
  const active = () => {
    if (!asking.open) idle = 0;
  };
  for (const event of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(event, active, { passive: true });
  ONE("still-yes").addEventListener("click", () => {
    asking.close();
    idle = 0;
  });
  ONE("still-no").addEventListener("click", restart);
  asking.addEventListener("cancel", () => { idle = 0; }); // the Escape key
  const begun = () => pages.current > 0 || document.documentElement.lang !== facts.lang || written(form).some(([, value]) => value);
  setInterval(() => {
    idle += begun() ? 1 : -idle;
    const left = facts.idle + LAST - idle;
    if (left <= 0) restart();
    else if (left <= LAST) {
      seconds.textContent = left;
      if (!asking.open) asking.showModal();
    }
  }, 1000);
  addEventListener("pageshow", ({ persisted }) => persisted && restart());
}

/* The thanks, and then the next person's blank form. */
export function thanked(box) {
  document.body.classList.add("thanked");
  const said = ONE("next-in");
  let left = PAUSE;
  const tick = () => {
    said.textContent = said.dataset.words.replace("{count}", left);
    if (left-- <= 0) restart();
  };
  tick();
  setInterval(tick, 1000);
  box.querySelector("[tabindex]")?.focus();
}
