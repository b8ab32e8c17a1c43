"""A real browser before a real `engage serve`, both on this machine and with nothing from outside."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

import doors
import pytest
import qrcode
import sqlalchemy as sa
import stage
from database import open_engine, sqlite_file
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from sqlalchemy.orm import Session

ROOT = Path(__file__).parent.parent.parent
# To be read when it is wanted only, and by each document of a page without being sent anew, which takes longer than many a look.
AXE = f'if (top === window) window.readAxe = () => {{{(Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")}}}'
# Only what is wrong comes back: to hand over what was found right takes longer than to look for it.
LOOK = """() => (window.axe || readAxe(), axe.run)(document, {resultTypes: ["violations"], runOnly: {type: "tag", values:
    ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}).then(found =>
    found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)}`)))"""
# What Chromium would do besides: load two pages for its address bar's suggestions with each window, which nobody sees, and start a
# process for the next site. Either takes longer than most pages of ours. Of such lists the last counts, so the others are Playwright's.
UNWANTED = [
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "LensOverlay",
    "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
    "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
]
FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-quic", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    f"--disable-features={','.join(UNWANTED)}",
]
PATIENCE = 30_000  # milliseconds: what is waited for comes, also where the tests share the machine with others
expect.set_options(timeout=PATIENCE)
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}


@dataclass(frozen=True)
class LiveServer:
    """`engage serve` on a free port with an instance of its own; `session()` writes to the database behind it."""

    url: str
    engine: sa.Engine
    log: Path  # what the server printed

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session


@pytest.fixture(scope="session")
def live_server(serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The server of all tests; a module that wants an empty one has a fixture of this name for itself."""
    with serve(tmp_path_factory.mktemp("instance")) as server:
        yield server


@pytest.fixture(scope="session")
def places(live_server: LiveServer) -> dict[str, object]:
    """What stands for the names in the addresses of a filled office, which is on the server of all tests: to be looked at, not to be changed."""
    with live_server.session() as session:
        return stage.fill(session, doors.now())


@pytest.fixture(scope="session")
def serve(templates: Path) -> Callable[[Path], AbstractContextManager[LiveServer]]:
    """`with serve(folder) as server:` starts a server on an empty instance, but for its templates, which are compiled already."""

    def start(folder: Path) -> AbstractContextManager[LiveServer]:
        (folder / "templates").symlink_to(templates)
        return serving(folder)

    return start


@contextmanager
def serving(instance: Path) -> Iterator[LiveServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ENGAGE_")}
    environment = {**outside, "ENGAGE_INSTANCE": str(instance), "ENGAGE_BASE_URL": url, "ENGAGE_SECRET_KEY": "only for tests"}
    engage = [sys.executable, "-c", "from webapp.cli import main; main(prog_name='engage')"]
    subprocess.run([*engage, "init"], env=environment, cwd=ROOT, check=True)
    log = instance / "serve.log"
    with log.open("wb") as written:
        server = subprocess.Popen(
            [*engage, "serve", "--host", "127.0.0.1", "--port", str(port)],
            env=environment, cwd=ROOT, stdout=written, stderr=subprocess.STDOUT,
        )
    engine = open_engine(sqlite_file(instance))
    try:
        wait_for(f"{url}/healthz", server, log)
        yield LiveServer(url, engine, log)
    finally:
        engine.dispose()
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not come up:\n{log.read_text(errors='replace')}")


def chromium() -> str:
    """The path of Chromium; without it browser tests are skipped, except in CI, where that would hide what they find."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("Chromium is missing, and in CI the browser tests must run")
    return found or pytest.skip("no Chromium here (Debian: apt install chromium fonts-noto-cjk)")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    chromium()  # skip before anything starts
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield browser
    browser.close()


@contextmanager
def open_page(browser: Browser, home: str, **context: Any) -> Iterator[Page]:
    """A page in a context of its own. At its end nothing may have failed in a script, broken the policy or gone outside."""
    opened = browser.new_context(base_url=home, locale="zh-CN", timezone_id="Asia/Shanghai", **context)
    opened.set_default_timeout(PATIENCE)
    page = opened.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("console", lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith((home, "data:", "blob:")) else troubles.append(asked.url))
    yield page
    opened.close()
    assert troubles == []


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A phone's page, 390×844, in Chinese. Paths are relative: `phone.goto("/")`."""
    with open_page(browser, live_server.url, **PHONE) as page:
        yield page


@pytest.fixture
def desk(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """An office screen's page, 1440×900."""
    with open_page(browser, live_server.url, **DESK) as page:
        yield page


@pytest.fixture
def camera(playwright: Playwright, live_server: LiveServer, tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """`camera(text)` opens a phone's page whose camera sees a QR code of the text."""
    with ExitStack() as opened:

        def look_at(text: str) -> Page:
            film = tmp_path / "cam.mjpeg"
            film.write_bytes(frame(text) * 30)
            seeing = playwright.chromium.launch(
                executable_path=chromium(), args=[*FLAGS, f"--use-file-for-fake-video-capture={film}"],
            )
            opened.callback(seeing.close)
            return opened.enter_context(open_page(seeing, live_server.url, permissions=["camera"], **PHONE))

        yield look_at


@pytest.fixture(scope="session")
def doorkeeper(live_server: LiveServer, browser: Browser) -> list[Any]:
    """The cookies of a member of staff who may admit guests."""
    return doors.sign_in(browser, live_server)


@pytest.fixture
def phones(playwright: Playwright, live_server: LiveServer, doorkeeper: list[Any], tmp_path: Path) -> Iterator[Callable[..., doors.Phone]]:
    """`phones("a")` is a phone on a network of its own, staff signed in; `sees` is the text that its camera sees."""
    with ExitStack() as opened:

        def made(name: str, *, sees: str = "") -> doors.Phone:
            film = tmp_path / f"{name}.mjpeg"
            film.write_bytes(frame(sees) * 30)
            args = [*FLAGS, f"--use-file-for-fake-video-capture={film}"] if sees else FLAGS
            return opened.enter_context(
                doors.phone(playwright, tmp_path / name, live_server, doorkeeper, executable_path=chromium(), args=args)
            )

        yield made


def frame(text: str) -> bytes:
    """One JPEG of 640×480 with the QR code in its middle."""
    code = qrcode.make(text, border=2).get_image().convert("RGB").resize((360, 360), Image.Resampling.NEAREST)
    picture = Image.new("RGB", (640, 480), "white")
    picture.paste(code, (140, 60))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=92)
    return written.getvalue()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """`axe(page)` lists what breaks WCAG 2.2 AA there, as `rule: element`; an accessible page gives []."""

    ready: WeakSet[Page] = WeakSet()

    def check(page: Page) -> list[str]:
        if page not in ready:
            page.add_init_script(AXE)
            page.evaluate(AXE)
            ready.add(page)
        return page.evaluate(LOOK)

    return check
