// Shows what a registration form asks only to whom it is asked. Without this script everything is shown, with a line that
// says when to fill it in; the server judges anew in either case.
const form = document.querySelector(".asked")?.closest("form");

function picked(name) {
  const inputs = [...form.elements].filter((input) => input.name === name && !input.disabled);
  return inputs.flatMap((input) => {
    if (input.selectedOptions) return [input.selectedOptions[0]?.dataset.category]; // at the door a category is a line of a list
    return input.checked ? [input.value] : [];
  });
}

function isAsked({ categories, depends, values }) {
  const ofThem = !categories || picked("category").some((category) => categories.split(" ").includes(category));
  return ofThem && (!depends || picked(depends).some((value) => values.split(" ").includes(value)));
}

function update() {
  for (const part of form.querySelectorAll(".asked")) { // in the form's order: what a field depends on stands before it
    const asked = isAsked(part.dataset) && !part.parentElement.closest(".asked[hidden]");
    part.hidden = !asked;
    for (const input of part.querySelectorAll("input, textarea")) input.disabled = !asked;
  }
}

if (form) {
  for (const line of form.querySelectorAll(".when")) line.hidden = true;
  form.addEventListener("change", update);
  update();
}
