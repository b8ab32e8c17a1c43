/* A line to draw a number along, beside the field that holds it: an empty field is no answer, wherever the thumb stands. */

for (const unit of document.querySelectorAll("[data-slider]")) {
  const number = unit.querySelector("input");
  const { min, max, step, label, none, unit: measure } = unit.dataset;
  const range = Object.assign(document.createElement("input"), { type: "range", min, max, step, className: "form-range" });
  range.setAttribute("aria-label", label);
  const draw = () => {
    const written = number.value.trim();
    const given = written !== "" && Number.isFinite(Number(written));
    range.value = given ? written : (Number(min) + Number(max)) / 2;
    range.classList.toggle("unset", !given);
    range.setAttribute("aria-valuetext", given ? `${written} ${measure}`.trim() : none);
  };
  const take = () => {
    number.value = step === "1" ? range.value : String(Math.round(range.value * 100) / 100);
    number.dispatchEvent(new Event("input", { bubbles: true }));
  };
  range.addEventListener("input", take);
  range.addEventListener("click", () => { if (number.value.trim() === "") take(); }); // the middle, where the thumb already stands
  for (const what of ["input", "change"]) number.addEventListener(what, draw);
  unit.before(range);
  draw();
}
