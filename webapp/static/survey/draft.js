/* What somebody has begun stays on this device until it is sent, so that closing the page loses nothing. */

import { fill, written } from "./questions.js";

const PAUSE = 400; // milliseconds after the last key
const ONE = (id) => document.getElementById(id);

/* Whether this is a shared device is remembered: it is the same one tomorrow. */
const SHARED = "engage-shared-device";
export function isShared() {
  try {
    return localStorage.getItem(SHARED) === "yes";
  } catch {
    return true; // a browser that keeps nothing
  }
}

export class Draft {
  #timer = 0;
  #done = false;

  constructor(store, form, pages, { link }) {
    Object.assign(this, { store, form, pages, link });
  }

  get #fields() { return written(this.form).filter(([, value]) => typeof value === "string"); }

  /* Keep what is written from now on. */
  begin() {
    const soon = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.keep(), PAUSE);
    };
    this.form.addEventListener("input", soon);
    this.form.addEventListener("change", soon);
    this.form.addEventListener("change", ({ target }) => target.type === "file" && this.keepFiles());
    addEventListener("pagehide", () => this.keep());
    document.addEventListener("visibilitychange", () => document.hidden && this.keep());
    const box = ONE("shared");
    box.checked = isShared();
    ONE("draft-note").hidden = false;
    box.addEventListener("change", async () => {
      localStorage.setItem(SHARED, box.checked ? "yes" : "no");
      if (box.checked) await this.drop();
      this.#done = false;
      await this.keep();
    });
  }

  async keep() {
    const fields = this.#fields;
    if (this.#done || isShared() || !written(this.form).some(([, value]) => value)) return;
    const id = this.form.elements["form.submission"].value;
    await this.store.put("drafts", { link: this.link, id, fields, page: this.pages.current, at: Date.now() });
    sessionStorage.setItem(this.link, "filling"); // a page that is only loaded anew need not ask
  }

  /* Files are large: they are written down only when they change. */
  async keepFiles() {
    const fields = written(this.form).filter(([, value]) => typeof value !== "string");
    if (this.#done || isShared()) return;
    if (fields.length) await this.store.put("drafts", { link: this.#ofFiles, fields, at: Date.now() });
    else await this.store.drop("drafts", this.#ofFiles);
  }

  get #ofFiles() { return `${this.link} files`; }

  /* The server gives back what was written, but no files. */
  async restoreFiles() {
    const fields = (await this.store.get("drafts", this.#ofFiles))?.fields ?? [];
    if (fields.length) fill(this.form, [...this.#fields, ...fields]);
  }

  async drop() {
    clearTimeout(this.#timer);
    this.#done = true;
    sessionStorage.removeItem(this.link);
    await this.store.drop("drafts", this.link);
    await this.store.drop("drafts", this.#ofFiles);
  }

  /* Offer what was begun before, and wait for the choice; whether there was a choice to make. */
  async offer() {
    const draft = await this.store.get("drafts", this.link);
    if (!draft) return;
    const again = sessionStorage.getItem(this.link) === "filling" || await this.#asked(draft);
    if (!again) {
      await this.store.drop("drafts", this.link);
      await this.store.drop("drafts", this.#ofFiles);
      return;
    }
    this.form.elements["form.submission"].value = draft.id;
    fill(this.form, [...draft.fields, ...(await this.store.get("drafts", this.#ofFiles))?.fields ?? []]);
    if (draft.page) this.pages.open(draft.page);
  }

  #asked(draft) {
    const at = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }).format(draft.at);
    ONE("resume-at").textContent = at;
    document.body.classList.add("asking");
    ONE("resume").hidden = false;
    ONE("resume-title").focus();
    return new Promise((resolve) => {
      const choose = (again) => {
        ONE("resume").hidden = true;
        document.body.classList.remove("asking");
        ONE("main").focus();
        resolve(again);
      };
      ONE("resume-yes").addEventListener("click", () => choose(true));
      ONE("resume-no").addEventListener("click", () => choose(false));
    });
  }
}
