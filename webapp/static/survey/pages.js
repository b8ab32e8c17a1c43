/* Sections turned like pages, and how far one has come. All pages are in the document: turning needs no server and loses nothing. */

import { all, answered, asks, complete, control, shown } from "./questions.js";

const ONE = (id) => document.getElementById(id);

export class Pages {
  constructor(form) {
    this.form = form;
    this.paged = form.dataset.paged === "yes";
    this.pages = [...form.querySelectorAll(".survey-page")];
    this.current = 0;
    ONE("progress-row").hidden = false;
    if (!this.paged || this.pages.length < 2) return;
    ONE("next").addEventListener("click", () => this.next());
    ONE("back").addEventListener("click", () => this.back());
    addEventListener("popstate", ({ state }) => this.show(this.#nearest(state?.page ?? 0)));
    document.addEventListener("click", (event) => this.#follow(event));
    history.replaceState({ page: 0, depth: 0 }, "");
  }

  get #asked() { return this.pages.flatMap((page, number) => (all(page).some(shown) ? [number] : [])); } // the others are skipped
  #nearest(wanted) { return this.#asked.filter((number) => number <= wanted).at(-1) ?? this.#asked[0] ?? 0; }

  next() {
    if (!complete(this.form, all(this.pages[this.current]))) return;
    const page = this.#asked.find((number) => number > this.current);
    if (page === undefined) return;
    history.pushState({ page, depth: (history.state?.depth ?? 0) + 1 }, "");
    this.show(page);
  }

  back() {
    if (history.state?.depth > 0) history.back();
    else this.open(this.#nearest(this.current - 1));
  }

  /* Show a page as if it had been the first. */
  open(page) {
    history.replaceState({ page, depth: 0 }, "");
    this.show(page);
  }

  /* Of the page with this element, all is shown. */
  openFor(element) {
    const page = this.pages.findIndex((each) => each.contains(element));
    if (this.paged && page >= 0 && page !== this.current) this.open(page);
  }

  show(page, { quiet = false } = {}) {
    this.current = page;
    this.draw();
    if (quiet || !this.paged) return;
    scrollTo(0, 0);
    this.pages[page].querySelector(".pagehead").focus({ preventScroll: true });
  }

  draw() {
    const questions = all(this.form).filter((question) => shown(question) && asks(question));
    const done = questions.filter(answered).length;
    const bar = ONE("progress");
    bar.max = Math.max(questions.length, 1);
    bar.value = done;
    ONE("progress-text").textContent = bar.dataset.words.replace("{done}", done).replace("{all}", questions.length);
    if (!this.paged || this.pages.length < 2) return;
    const pages = this.#asked;
    if (!pages.includes(this.current)) this.current = this.#nearest(this.current);
    this.pages.forEach((page, number) => page.classList.toggle("away", number !== this.current));
    const place = pages.indexOf(this.current);
    const head = this.pages[this.current].querySelector(".pagehead");
    head.textContent = head.dataset.words.replace("{page}", place + 1).replace("{pages}", pages.length);
    head.hidden = false;
    ONE("survey-intro").classList.toggle("away", place > 0);
    ONE("back").hidden = place <= 0;
    ONE("next").hidden = place === pages.length - 1;
    ONE("send").hidden = place < pages.length - 1;
    ONE("final").hidden = place < pages.length - 1;
  }

  /* A fault on the summary leads to its question, on whatever page. */
  #follow(event) {
    const target = ONE(event.target.closest?.(".summary a")?.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    this.openFor(target);
    const field = control(target) ?? target;
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  }
}
