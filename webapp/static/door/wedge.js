/* Keyboard-wedge and USB scanners type a code faster than any hand and press Enter. It is taken wherever the focus is, except in
   a field that somebody is filling in. */

const HAND = 80; // milliseconds between two keys: slower than that is a person
const SHORTEST = 6; // characters; fewer are no ticket

export function listen(onCode) {
  let typed = "";
  let last = 0;

  /* Under a Chinese input method a browser tells "Process" instead of the character; the key itself is still known. */
  function character(event) {
    if (event.key.length === 1) return event.key;
    const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(event.code) ?? [];
    return event.key === "Process" ? (letter?.toLowerCase() ?? digit ?? "") : "";
  }

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
    if (field || event.ctrlKey || event.metaKey || event.altKey) {
      typed = "";
      return;
    }
    const slow = event.timeStamp - last > HAND;
    last = event.timeStamp;
    if (event.key === "Enter") {
      const code = slow ? "" : typed;
      typed = "";
      if (code.length < SHORTEST) return;
      event.preventDefault(); // or it would press the button that has the focus
      onCode(code);
    } else {
      typed = (slow ? "" : typed) + character(event);
    }
  }, true);
}
