// Questions are dragged by their grips. Dropping sends the same form as "move to…": the server alone knows the order.
const form = document.querySelector("#drop");
const lists = [...document.querySelectorAll(".asked-list")];

function under(y) {
  return lists.find((list) => y <= list.closest(".card").getBoundingClientRect().bottom) ?? lists.at(-1);
}

function follow(item, y) {
  const list = under(y);
  const others = [...list.querySelectorAll(".item")].filter((other) => other !== item);
  const next = others.find((other) => { const box = other.getBoundingClientRect(); return y < box.top + box.height / 2; });
  if (item.parentElement !== list || item.nextElementSibling !== (next ?? null)) list.insertBefore(item, next ?? null);
}

function place(item) {
  const list = item.parentElement;
  return [list.closest("[data-section]").dataset.section, [...list.querySelectorAll(".item")].indexOf(item)];
}

function drag(grip, start) {
  const item = grip.closest(".item");
  const before = place(item).join(".");
  let moved = false;
  const move = (event) => {
    if (!moved && Math.abs(event.clientY - start.clientY) < 6) return; // still a click
    moved = true;
    item.classList.add("dragging");
    follow(item, event.clientY);
    if (event.clientY < 60) scrollBy(0, -12);
    if (event.clientY > innerHeight - 60) scrollBy(0, 12);
  };
  const end = (event) => {
    for (const [name, listener] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) document.removeEventListener(name, listener);
    item.classList.remove("dragging");
    if (!moved) return;
    grip.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    const [section, at] = place(item);
    if (event.type === "pointercancel") location.reload();
    else if (`${section}.${at}` !== before) {
      form.action = grip.href;
      form.elements.section.value = section;
      form.elements.place.value = at;
      form.submit();
    }
  };
  // Not on the grip: it is taken out of the page and put in elsewhere, which ends a capture.
  for (const [name, listener] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) document.addEventListener(name, listener);
}

for (const grip of document.querySelectorAll(".grip")) {
  grip.addEventListener("dragstart", (event) => event.preventDefault());
  grip.addEventListener("pointerdown", (event) => { if (event.button === 0) drag(grip, event); });
}
