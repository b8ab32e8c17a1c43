"""The scanner in a browser with 50,000 tickets: the roster on the wire, until it can be scanned against, and a scan's decision."""

import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench import servers
from bench.report import Figure

TICKETS, SCANS = 50_000, 300
NAME, PASSWORD = "bench", "lives as long as it measures"
CHROMIUM = "/usr/bin/chromium"
# The page's own modules, in the page: what is measured is what staff use.
FETCH = """async ([slug]) => {
    const facts = JSON.parse(document.getElementById("facts").textContent);
    const module = (name) => import(facts.files.find((file) => file.endsWith(`/${name}.js`)));
    const [{ fetchRoster, Roster }, { openStore }] = [await module("roster"), await module("store")];
    const store = await openStore();
    performance.clearResourceTimings();
    const begun = performance.now();
    const { kept, body } = await fetchRoster(slug);
    const fetched = performance.now();
    const roster = new Roster(kept, [], body);
    const ready = performance.now();
    await store.keep(kept);
    const wire = performance.getEntriesByType("resource").find((entry) => entry.name.endsWith("/roster"));
    return { wire: wire.encodedBodySize, answered: wire.responseEnd - wire.startTime, fetched: fetched - begun, ready: ready - begun,
             kept: performance.now() - begun, size: roster.size };
}"""
SCAN = """async ([slug, codes]) => {
    const facts = JSON.parse(document.getElementById("facts").textContent);
    const { Doorway } = await import(facts.files.find((file) => file.endsWith("/doorway.js")));
    const told = [];
    const begun = performance.now();
    const door = await Doorway.open(slug, { asking() {}, answer: ({ result }) => told.push(result), differs() {}, refused() {}, changed() {} });
    const opened = performance.now() - begun;
    door.online = false; // decided here alone
    const asked = (request) => new Promise((done, failed) => { request.onsuccess = () => done(request.result); request.onerror = failed; });
    const opening = indexedDB.open("floor");
    opening.onupgradeneeded = () => opening.result.createObjectStore("rows", { autoIncrement: true });
    const floor = await asked(opening);
    const took = [], bare = [];
    for (const code of codes) {
        const held = performance.now();
        await door.take(code, { direction: "in" });
        const decided = performance.now();
        const writing = floor.transaction("rows", "readwrite", { durability: "strict" });
        writing.objectStore("rows").add({ code });
        await new Promise((done) => { writing.oncomplete = done; });
        took.push(decided - held);
        bare.push(performance.now() - decided);
    }
    return { opened, took, bare, told };
}"""


def scanner() -> Iterator[Figure]:
    """Measured in Chromium on this machine, which serves as well."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only this benchmark needs a browser

    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        installation = servers.install(Path(folder))
        subprocess.run([*servers.ENGAGE, "user", "add", NAME, "--role", "door", "--password-stdin"], input=PASSWORD.encode(),
                       env=installation.environment, cwd=servers.ROOT, check=True, capture_output=True)
        slug = installation.engage("rehearse", "--guests", str(TICKETS))["slug"]
        with sqlite3.connect(Path(folder) / "engage.sqlite") as database:
            codes = [code for (code,) in database.execute("SELECT ticket_code FROM attendee ORDER BY random() LIMIT ?", (SCANS,))]
        with servers.serving(installation) as port, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(base_url=f"http://127.0.0.1:{port}")
            page.goto(f"/desk/sign-in?next=/desk/events/{slug}/door")
            page.locator("[name=username]").fill(NAME)
            page.locator("[name=password]").fill(PASSWORD)
            page.locator("main button").click()
            page.wait_for_selector("body[data-kept=yes]", timeout=60_000)
            rosters: list[dict[str, Any]] = [page.evaluate(FETCH, [slug]) for _ in range(5)]
            scans: dict[str, Any] = page.evaluate(SCAN, [slug, codes])
            browser.close()
    if {each["size"] for each in rosters} != {TICKETS} or set(scans["told"]) != {"admitted"}:
        raise RuntimeError("the scanner has not admitted everybody")
    yield from _figures(rosters, scans)


def _figures(rosters: list[dict[str, Any]], scans: dict[str, Any]) -> Iterator[Figure]:
    wire = max(each["wire"] for each in rosters) / 1e6
    yield Figure(f"roster of {TICKETS:,} tickets on the wire", f"{wire:.1f} MB", "gzip; below 5 MB", met=wire < 5)
    own = max(each["ready"] - each["answered"] for each in rosters)
    whole = max(each["ready"] for each in rosters)
    yield Figure("roster ready to scan, browser's side", f"{own:.0f} ms",
                 f"slowest of {len(rosters)}; at most 3,000 ms; {whole:,.0f} ms with the server's", met=own <= 3000)
    yield Figure("scanner opened again from what it keeps", f"{scans['opened']:.0f} ms", "at most 3,000 ms", met=scans["opened"] <= 3000)
    took, bare = sorted(scans["took"]), sorted(scans["bare"])
    slow = SCANS * 99 // 100
    yield Figure("scan decided in the browser, on its disk", f"{median(took):.1f} ms",
                 f"p99 {took[slow]:.0f} ms of {SCANS}; at most 50 ms; a bare row on that disk {median(bare):.1f} ms, p99 {bare[slow]:.0f} ms",
                 met=took[slow] <= 50)
