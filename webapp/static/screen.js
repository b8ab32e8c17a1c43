/* The hall's screen of a questionnaire: writes new figures into the page, and fetches the page anew when it shows another slide.
   live.js asks for the figures. On the desk the page of control shows the same. */

const SAID = 15_000; // milliseconds between two things said to a screen reader
const STEPS = 4; // by which type becomes smaller where a slide is too much for the screen: see screen.css
const SVG = "http://www.w3.org/2000/svg";

const shows = document.querySelector("[data-from]");
const language = document.documentElement.lang;
let saidAt = -SAID;
let fetching = false;

const spell = (number) => number.toLocaleString(language);

/* Only what differs is touched, so that nothing flickers and no reader is disturbed. */
function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/* Nobody scrolls in a hall. */
function fit() {
  const page = document.documentElement;
  const slide = document.getElementById("slide");
  if (!document.body.classList.contains("boardscreen") || innerWidth < innerHeight) return;
  for (let step = 0; step <= STEPS; step += 1) {
    slide.classList.toggle(`fit-${step - 1}`, false);
    slide.classList.toggle(`fit-${step}`, step > 0);
    if (page.scrollHeight <= innerHeight) return;
  }
}

/* The parts of the page that are another slide's now. The focus stays within them; bars rise from nothing. */
async function turn() {
  const response = await fetch(location.href, { cache: "no-store", redirect: "error" });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of document.querySelectorAll("[data-swap]")) {
    const next = page.getElementById(part.id);
    if (!next || next.outerHTML === part.outerHTML) continue;
    const focused = part.contains(document.activeElement);
    const another = part.querySelector("h2")?.textContent !== next.querySelector("h2")?.textContent;
    part.replaceWith(next);
    if (focused) next.querySelector("button")?.focus();
    if (another) rise(next);
  }
  fit();
}

function rise(part) {
  const bars = [...part.querySelectorAll(".rising rect")].map((bar) => [bar, bar.getAttribute("width")]);
  for (const [bar] of bars) bar.setAttribute("width", "0%");
  part.getBoundingClientRect(); // laid out at nothing first
  for (const [bar, width] of bars) bar.setAttribute("width", width);
}

function bars(rows) {
  const drawn = document.querySelectorAll(".rising tbody tr");
  rows.forEach(([part, figure, people], place) => {
    const [plot, number, count] = drawn[place].querySelectorAll("td");
    set(plot.querySelector("rect"), "width", `${part.toFixed(2)}%`);
    write(number, figure);
    write(count, people);
  });
}

function cloud(words, box) {
  const drawing = document.querySelector(".cloud");
  set(drawing, "viewBox", box.join(" "));
  const there = new Map([...drawing.children].map((text) => [text.textContent, text]));
  for (const [word, , x, y, size, tone] of words) {
    const text = there.get(word) ?? drawing.appendChild(document.createElementNS(SVG, "text"));
    there.delete(word);
    write(text, word);
    set(text, "class", `tone-${tone}`);
    set(text, "transform", `translate(${x} ${y})`);
    set(text, "font-size", String(size));
  }
  for (const gone of there.values()) gone.remove();
  const list = document.getElementById("words");
  const lines = words.map(([word, count]) => list.dataset.says.replace("{word}", word).replace("{count}", spell(count)));
  if ([...list.children].map((line) => line.textContent).join("\n") === lines.join("\n")) return;
  list.replaceChildren(...lines.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
}

function say(answers) {
  const told = document.getElementById("told");
  if (performance.now() - saidAt < SAID) return;
  saidAt = performance.now();
  write(told, told.dataset.says.replace("{count}", spell(answers)));
}

shows.addEventListener("figures", async ({ detail }) => {
  if (fetching) return;
  if (document.getElementById("slide").dataset.drawn !== detail.drawn) {
    fetching = true;
    await turn().catch(() => {}); // no network: the next time
    fetching = false;
    return;
  }
  write(document.querySelector("[data-answers]"), spell(detail.answers));
  write(document.querySelector("[data-answered]"), spell(detail.answered));
  for (const [name, words] of Object.entries(detail.figures)) write(document.querySelector(`[data-figure="${name}"]`), words);
  bars(detail.bars);
  if (detail.cloud) cloud(...detail.cloud);
  say(detail.answers);
});
addEventListener("resize", fit);
fit();
