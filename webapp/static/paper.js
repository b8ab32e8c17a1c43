/* Entering sheets of paper with the keyboard alone: Enter goes to the next line and saves after the last; what a number stands for
   is shown beside it while it is typed. */

const form = document.getElementById("paper");

const numbers = (input) => input.value.split(/[\s,，、;；./]+/).filter(Boolean);

function echo(input) {
  const legend = document.getElementById(input.getAttribute("aria-describedby"));
  if (!legend) return;
  const typed = numbers(input);
  const options = [...legend.querySelectorAll("[data-number]")];
  for (const option of options) option.classList.toggle("picked", typed.includes(option.dataset.number));
  const known = options.map((option) => option.dataset.number);
  input.classList.toggle("unknown", typed.some((number) => known.length && !known.includes(number)));
}

for (const what of ["input", "focusin"]) form?.addEventListener(what, ({ target }) => target.matches("input") && echo(target));
form?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("input, textarea")) return;
  event.preventDefault();
  const inputs = [...form.querySelectorAll("input:not([type=hidden]), textarea")];
  const place = inputs.indexOf(event.target);
  const next = inputs.find((input, at) => at > place && (!input.dataset.after || numbers(inputs[at - 1]).includes(input.dataset.after))); // no "other", no text
  if (!next) form.requestSubmit();
  else {
    next.focus();
    next.select();
  }
});
for (const input of form?.querySelectorAll("input:not([type=hidden])") ?? []) echo(input);
document.querySelector("#paper [autofocus]")?.select();
