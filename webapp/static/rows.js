// The rows of a condition: of the answers only those to the question that was picked, or a field to write one in. Without this script
// both are there; the server takes what fits the question in either case.

for (const row of document.querySelectorAll(".condition-row")) {
  const [question, sign, value] = row.querySelectorAll("select");
  const typed = row.querySelector("input");
  const every = [...value.children].map((child) => child.cloneNode(true));
  const update = () => {
    const answers = every.filter((child) => child.querySelector?.(`option[value^="${CSS.escape(question.value)}:"]`));
    const open = question.value && !["answered", "unanswered"].includes(sign.value);
    const now = value.value;
    value.replaceChildren(...every.filter((child) => child.value === "" || answers.includes(child)).map((child) => child.cloneNode(true)));
    value.value = [...value.options].some((option) => option.value === now) ? now : "";
    value.closest(".field").hidden = !open || !answers.length;
    typed.closest(".field").hidden = !open || answers.length > 0;
    sign.closest(".field").hidden = !question.value;
  };
  question.addEventListener("change", update);
  sign.addEventListener("change", update);
  update();
}
