// While an export is being written its bar moves by itself; without this script the page has a link that loads it again.
const PACE = 2000; // milliseconds

async function look() {
  const jobs = document.getElementById("jobs");
  if (!jobs.querySelector("[data-running]")) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("jobs");
      if (fresh && !jobs.contains(document.activeElement)) jobs.replaceWith(fresh);
    }
  } catch {
    // no network for a moment: asked again
  }
  setTimeout(look, PACE);
}

setTimeout(look, PACE);
