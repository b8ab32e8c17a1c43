// Buttons that copy the text of the field they name; without this script the field can be copied by hand.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // the clipboard is for https only
    }
    document.getElementById(button.dataset.says).textContent = button.dataset.done;
  });
}
