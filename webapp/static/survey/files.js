/* Files and photos: what was picked is shown and can be taken back, several picks add up, and a phone's camera is one tap away. What
   would be refused is not taken in. Without this script the browser's own field does it all. */

const MEGA = 1_000_000;
const PICTURE = /^image\/(jpeg|png|webp)$/;
const sizeOf = ({ size }) => (size >= MEGA ? `${(size / MEGA).toFixed(1)} MB` : `${Math.max(Math.round(size / 1000), 1)} kB`);
const same = (one, other) => one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

/* The files of a field become these. */
export function hold(input, files) {
  const held = new DataTransfer();
  for (const file of files) held.items.add(file);
  input.files = held.files;
}

class Picked {
  #held = [];
  #urls = [];

  constructor(box) {
    this.box = box;
    this.input = box.querySelector("input[type=file]");
    this.most = Number(box.dataset.most);
    this.input.addEventListener("change", () => this.#take([...this.input.files]));
    this.input.form.addEventListener("reset", () => this.#keep([]));
    this.#offerCamera();
  }

  #offerCamera() {
    const way = this.box.querySelector(".camera");
    if (!way || !matchMedia("(pointer: coarse)").matches) return;
    way.hidden = false;
    let camera = false;
    way.firstElementChild.addEventListener("click", () => {
      camera = true;
      this.input.setAttribute("capture", "environment");
      this.input.click();
    });
    this.input.addEventListener("click", () => {
      if (!camera) this.input.removeAttribute("capture");
      camera = false;
    });
  }

  #take(files) {
    const wanted = this.most > 1 ? [...this.#held] : [];
    const refused = [];
    for (const file of files) {
      if (wanted.some((other) => same(file, other))) continue;
      const [why, limit] = this.#fault(file, wanted);
      if (why) refused.push(this.box.dataset[why].replace("{name}", file.name).replace("{limit}", Math.floor(limit / MEGA)).replace("{most}", this.most));
      else wanted.push(file);
    }
    this.#keep(files.length && (wanted.length || !this.#held.length) ? wanted : this.#held); // nothing picked: as it was
    const said = this.box.querySelector(".refused");
    said.hidden = !refused.length;
    said.lastElementChild.textContent = refused.join(" ");
  }

  /* Why a file cannot be sent, with the limit. */
  #fault(file, others) {
    const { bytes, total } = this.box.dataset;
    const kinds = this.input.accept.split(",");
    const elsewhere = [...this.input.form.querySelectorAll("input[type=file]")].filter((input) => input !== this.input).flatMap((input) => [...input.files]);
    const all = [...elsewhere, ...others, file].reduce((sum, each) => sum + each.size, 0);
    if (!kinds.some((kind) => (kind.startsWith(".") ? file.name.toLowerCase().endsWith(kind) : file.type === kind))) return ["other", 0];
    if (file.size > bytes) return ["large", bytes];
    if (all > total) return ["all", total];
    return others.length >= this.most ? ["many", 0] : ["", 0];
  }

  #keep(files) {
    this.#held = files;
    hold(this.input, files);
    this.#draw();
    if (files.length) this.box.querySelector(".again")?.remove();
  }

  #draw() {
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
    const list = this.box.querySelector(".picked");
    list.replaceChildren(...this.#held.map((file) => this.#shown(file)));
  }

  #shown(file) {
    const item = this.box.querySelector("template").content.firstElementChild.cloneNode(true);
    item.querySelector(".what").textContent = `${file.name} (${sizeOf(file)})`;
    if (PICTURE.test(file.type)) {
      const picture = new Image();
      picture.src = URL.createObjectURL(file);
      picture.alt = "";
      this.#urls.push(picture.src);
      item.querySelector(".thumb").replaceChildren(picture);
    }
    const button = item.querySelector("button");
    button.setAttribute("aria-label", button.dataset.label.replace("{name}", file.name));
    button.addEventListener("click", () => {
      this.#keep(this.#held.filter((other) => other !== file));
      this.box.querySelector("[role=status]").textContent = this.box.dataset.removed.replace("{name}", file.name);
      this.input.dispatchEvent(new Event("change", { bubbles: true })); // for whatever counts answers
      this.input.focus();
    });
    return item;
  }
}

for (const box of document.querySelectorAll(".files")) new Picked(box);
