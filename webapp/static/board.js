/* The live board: writes what has changed into the page. live.js asks for it. */

const board = document.getElementById("board");
const language = document.documentElement.lang;

const spell = (number) => number.toLocaleString(language);

/* Only what differs is touched, so that nothing flickers and no reader is disturbed. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function sums({ arrived, expected }) {
  write(board.querySelector("[data-sum=arrived]"), spell(arrived));
  write(board.querySelector("[data-sum=expected]"), spell(expected));
  write(board.querySelector("[data-sum=share]"), expected ? `${Math.round((arrived / expected) * 100)}%` : "–");
}

function rows(counts) {
  for (const [name, [arrived, expected]] of Object.entries(counts)) {
    const row = board.querySelector(`[data-row="${name}"]`);
    if (!row) return location.reload(); // the first guest of a category or an activity
    write(row.querySelector(".num"), board.dataset.of.replace("{arrived}", spell(arrived)).replace("{expected}", spell(expected)));
    row.querySelector("rect").setAttribute("width", `${((arrived / expected) * 100).toFixed(2)}%`);
  }
}

function pace(steps) {
  const list = board.querySelector(".live-pace ol");
  const peak = Math.max(Number(list.dataset.peak), ...steps.map(([, count]) => count));
  steps.forEach(([time, count], place) => {
    const step = list.children[place];
    const height = (100 * count) / peak;
    const bar = step.querySelector("rect");
    const words = step.querySelector("text");
    bar.setAttribute("height", `${height.toFixed(1)}%`);
    for (const part of [bar, words]) part.setAttribute("y", `${(100 - height).toFixed(1)}%`);
    write(words, count ? String(count) : "");
    write(step.querySelector("time"), time);
    step.querySelector("time").classList.toggle("tick", /[03]0$/.test(time));
  });
}

function last(arrivals) {
  const list = board.querySelector(".live-last ol");
  const before = new Set([...list.children].map((each) => each.textContent.trim()));
  const fresh = arrivals.map(([name, category, time]) => {
    const came = document.getElementById("came").content.cloneNode(true).firstElementChild;
    const [who, of, when] = came.children;
    who.textContent = name;
    if (/[^\x00-\x7f]/.test(name)) who.lang = "zh-CN";
    if (category) of.textContent = board.querySelector(`[data-row="category-${category}"] .words`)?.textContent ?? "";
    else of.remove();
    when.textContent = time;
    came.classList.toggle("new", !before.has(came.textContent.trim()));
    return came;
  });
  list.replaceChildren(...fresh);
  board.querySelector("[data-nobody]").hidden = fresh.length > 0;
}

board.addEventListener("figures", ({ detail }) => {
  sums(detail);
  rows(detail.rows);
  pace(detail.pace);
  last(detail.last);
});
