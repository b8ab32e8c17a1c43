"""Takes the pictures of the README from a fresh demo: `.venv/bin/python scripts/screenshots.py`. Needs Chromium and a CJK font.

With a folder as argument it leaves there one picture of each page of the demo as well, to look them all over.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
ENGAGE = [sys.executable, "-c", "from webapp.cli import main; main(prog_name='engage')"]
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
GAP, MIST = 24, "#dfe4ea"


@contextmanager
def served_demo() -> Iterator[tuple[str, dict]]:
    """A demo of this moment behind a real server: its address and what `engage demo --json` told."""
    with tempfile.TemporaryDirectory() as instance, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        url = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "ENGAGE_INSTANCE": instance, "ENGAGE_BASE_URL": url}
        subprocess.run([*ENGAGE, "init"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        told = subprocess.run([*ENGAGE, "demo", "--json"], env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
        server = subprocess.Popen([*ENGAGE, "serve", "--port", str(port)], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            wait_for(f"{url}/healthz")
            yield url, json.loads(told.stdout)
        finally:
            server.terminate()
            server.wait(20)


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    sys.exit("the server did not come up")


def opened(browser: Browser, url: str, **context: object) -> Page:
    page = browser.new_context(base_url=url, locale="zh-CN", timezone_id="Asia/Shanghai", **context).new_page()
    page.set_default_timeout(20_000)
    return page


def sign_in(page: Page, password: str) -> None:
    page.goto("/desk/sign-in")
    page.fill("input[name=username]", "organiser")
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/desk/")


def save(picture: Image.Image, name: str) -> None:
    """Few colours are enough for pages, and keep the file small."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)
    print(f"{IMAGES / name}: {(IMAGES / name).stat().st_size // 1000} kB")


def side_by_side(pictures: list[Path]) -> Image.Image:
    parts = [Image.open(path) for path in pictures]
    width = sum(part.width for part in parts) + GAP * (len(parts) + 1)
    whole = Image.new("RGB", (width, max(part.height for part in parts) + 2 * GAP), MIST)
    left = GAP
    for part in parts:
        whole.paste(part, (left, GAP))
        left += part.width + GAP
    return whole


def readme_pictures(browser: Browser, url: str, demo: dict, folder: Path) -> None:
    """Three pages of a guest on one picture, the summary of a past open day on the other."""
    phone, links, taken = opened(browser, url, **PHONE), demo["links"], []
    for name in ("public_event", "ticket", "questionnaire"):
        phone.goto(urlsplit(links[name]).path)
        taken.append(folder / f"phone-{name}.png")
        phone.screenshot(path=taken[-1])
    save(side_by_side(taken), "phone.png")
    desk = opened(browser, url, viewport={"width": 1440, "height": 1560})
    sign_in(desk, demo["password"])
    desk.goto(urlsplit(links["summary"]).path)
    desk.screenshot(path=folder / "desk-summary.png")
    save(Image.open(folder / "desk-summary.png"), "desk.png")


def every_page(browser: Browser, url: str, demo: dict, folder: Path) -> None:
    """Each page of the demo in full, as an organiser and as a guest see it."""
    links = {name: urlsplit(link).path for name, link in demo["links"].items()}
    phone = opened(browser, url, **PHONE)
    for name, path in {"home": "/", "privacy": "/privacy", **links}.items():
        if not path.startswith("/desk"):
            phone.goto(path)
            phone.screenshot(path=folder / f"phone-{name}.png", full_page=True)
    desk, door = opened(browser, url, **DESK), opened(browser, url, **PHONE)
    sign_in(desk, demo["password"])
    past, running, coming = (links[name].split("/events/")[1].split("/")[0] for name in ("summary", "door", "public_event"))
    paths = [
        "", "events", "people", "people/import", "questionnaires", "outbox", f"events/{past}/summary", f"events/{past}/answers",
        *(f"events/{running}{tab}" for tab in ("", "/invitations", "/registrations", "/questionnaire", "/summary")),
        f"events/{coming}", f"events/{coming}/invitations",
    ]
    for path in paths:
        answer = desk.goto(f"/desk/{path}")
        print(answer.status if answer else "-", f"/desk/{path}")
        desk.screenshot(path=folder / f"desk-{path.replace('/', '-') or 'today'}.png", full_page=True)
    sign_in(door, demo["password"])
    door.goto(links["door"])
    door.screenshot(path=folder / "phone-door.png")


def main() -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is missing (Debian: apt install chromium fonts-noto-cjk)")
    with tempfile.TemporaryDirectory() as scratch, served_demo() as (url, demo), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        readme_pictures(browser, url, demo, Path(scratch))
        for folder in map(Path, sys.argv[1:]):
            folder.mkdir(parents=True, exist_ok=True)
            every_page(browser, url, demo, folder)
        browser.close()


if __name__ == "__main__":
    main()
