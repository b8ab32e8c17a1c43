/* A filled-in sheet goes to the server. Each has its own id, so that sending it again does no harm. Used by the page and by the
   service worker. */

const PATIENCE = 20_000; // milliseconds until an unanswered call counts as lost
const UPLOADING = 300_000; // the same with files, which take long on a weak network
const OURS = /<body class="public survey-(\w+)/; // what the server's page says: form, done, closed, thanks
const REFUSED = { form: "wrong", done: "answered", closed: "closed" };
const GONE = { 404: "gone", 410: "gone", 413: "large" };
const hasFiles = (fields) => fields.some(([, value]) => typeof value !== "string");

function body(fields) {
  const made = hasFiles(fields) ? new FormData() : new URLSearchParams();
  for (const [name, value] of fields) made.append(name, value);
  return made;
}

/* What became of it: `{taken: address of the thanks}`, `{refused: why}`, or `{}` where nobody who matters has answered. */
export async function post({ address, fields }) {
  try {
    const patience = hasFiles(fields) ? UPLOADING : PATIENCE;
    const options = { method: "POST", body: body(fields), credentials: "same-origin", signal: AbortSignal.timeout(patience) };
    const answer = await fetch(address, options);
    const [, page] = OURS.exec(await answer.text()) ?? []; // a hotel's sign-in page is not ours
    if (page === "thanks") return { taken: answer.url };
    if (page) return { refused: REFUSED[page] };
    return GONE[answer.status] ? { refused: GONE[answer.status] } : {};
  } catch {
    return {};
  }
}

/* Send the sheets that wait; `onAnswer(sheet, answer)` follows each one that was answered. Only one page or worker sends at a time. */
export async function sendWaiting(store, onAnswer = () => {}) {
  const run = async () => {
    for (const sheet of await store.all("sheets")) {
      if (sheet.refused) continue;
      const answer = await post(sheet);
      if (answer.taken) await store.drop("sheets", sheet.id);
      else if (answer.refused) await store.put("sheets", { ...sheet, refused: answer.refused });
      else return;
      onAnswer(sheet, answer);
    }
  };
  await (navigator.locks ? navigator.locks.request("engage-survey-send", run) : run());
}
