/* Ranking by hand: options are drawn by their grip or moved with buttons. The ranks stand in the fields that a page without this script shows. */

const DRAGGED = "dragged";

class Ranks {
  constructor(list) {
    this.list = list;
    this.most = Number(list.dataset.most);
    this.field = list.closest("fieldset");
    this.said = this.field.querySelector("[role=status]");
    this.clear = this.field.querySelector(".ranks-clear");
    this.first = this.items; // the order in which the page came
    for (const item of this.items) this.equip(item);
    this.clear.querySelector("button").addEventListener("click", () => this.forget());
    list.addEventListener("change", () => this.read());
    list.classList.add("by-hand");
    this.read();
  }

  get items() { return [...this.list.children]; }
  get answered() { return this.items.some((item) => this.rank(item)); }
  rank(item) { return Number(item.querySelector("select").value); }
  words(item) { return item.querySelector("label").textContent; }

  equip(item) {
    const tools = this.field.querySelector("template").content.cloneNode(true);
    for (const button of tools.querySelectorAll("button")) {
      button.setAttribute("aria-label", button.dataset.label.replace("{option}", this.words(item)));
      button.addEventListener("click", () => this.step(item, Number(button.dataset.way), button));
    }
    const [grip, rank, up, down] = tools.children;
    item.prepend(grip, rank);
    item.append(up, down);
    item.querySelector("select").hidden = true;
    grip.addEventListener("pointerdown", (event) => this.drag(item, grip, event));
  }

  /* The order that the fields tell: those with a rank first. */
  read() {
    const place = (item) => this.rank(item) || Infinity;
    const before = new Map(this.items.map((item, index) => [item, index]));
    this.list.append(...this.items.sort((a, b) => (place(a) === place(b) ? before.get(a) - before.get(b) : place(a) - place(b))));
    this.show();
  }

  /* The fields take the order of the list: the first ones have a rank, as many as there may be. */
  write() {
    this.items.forEach((item, index) => { item.querySelector("select").value = index < this.most ? index + 1 : ""; });
    this.show();
    this.list.dispatchEvent(new Event("input", { bubbles: true })); // for the draft and the progress bar
  }

  forget() {
    for (const item of this.items) item.querySelector("select").value = "";
    this.list.append(...this.first);
    this.show();
    this.say(this.list.dataset.cleared);
    this.list.dispatchEvent(new Event("input", { bubbles: true }));
    this.items[0].querySelector("button:not([disabled])").focus();
  }

  show() {
    const items = this.items;
    items.forEach((item, index) => {
      const [up, down] = item.querySelectorAll("button");
      item.querySelector(".rank").textContent = this.rank(item) || "–";
      up.disabled = index === 0 && this.answered; // before the first act the first one may be meant as it stands
      down.disabled = index === items.length - 1;
    });
    this.clear.hidden = !this.answered;
  }

  say(words) { this.said.textContent = words; }

  step(item, way, button) {
    const items = this.items;
    const place = Math.min(Math.max(items.indexOf(item) + way, 0), items.length - 1);
    this.put(item, place);
    if (button.disabled) item.querySelector("button:not([disabled])").focus();
    else button.focus();
  }

  put(item, place) {
    const others = this.items.filter((other) => other !== item);
    this.list.insertBefore(item, others[place] ?? null);
    this.write();
    const data = this.list.dataset;
    const told = this.rank(item) ? data.moved : data.out;
    this.say(told.replace("{option}", this.words(item)).replace("{rank}", this.rank(item)).replace("{count}", this.items.length));
  }

  drag(item, grip, event) {
    if (event.button) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    item.classList.add(DRAGGED);
    const middle = (other) => { const box = other.getBoundingClientRect(); return box.top + box.height / 2; };
    const move = ({ clientY }) => { // the others make room: what is moved itself would lose the pointer
      let other;
      while ((other = item.previousElementSibling) && clientY < middle(other)) item.after(other);
      while ((other = item.nextElementSibling) && clientY > middle(other)) item.before(other);
    };
    const end = () => {
      grip.removeEventListener("pointermove", move);
      item.classList.remove(DRAGGED);
      this.put(item, this.items.indexOf(item));
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", end, { once: true });
  }
}

for (const list of document.querySelectorAll(".ranks")) new Ranks(list);
