/* Somebody without a registration is registered and admitted here, where the event allows it. */

import { categoryName } from "./words.js";

const form = document.getElementById("walk-in-form");
const closed = document.getElementById("no-walk-ins");
const categories = document.getElementById("walk-in-category");

/* Shown as the roster says: whether it is allowed, and for which categories. */
export function readyWalkIns(door) {
  const allowed = Boolean(door.roster?.event.walkIns);
  form.hidden = !allowed;
  closed.hidden = allowed;
  const chosen = categories.value;
  const options = (door.roster?.event.categories ?? []).map(({ code, name }) => {
    const option = new Option(categoryName(name), code);
    option.dataset.name = name;
    return option;
  });
  if (options.length === categories.options.length) return;
  categories.replaceChildren(...options);
  if (chosen) categories.value = chosen;
}

export function startWalkIns(onPerson) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const { consent, ...given } = Object.fromEntries([...new FormData(form)].map(([field, value]) => [field, value.trim()]));
    if (!given.name) return;
    const category = categories.selectedOptions[0].dataset.name;
    form.reset();
    onPerson({ ...given, consent: Boolean(consent) }, category);
  });
}
