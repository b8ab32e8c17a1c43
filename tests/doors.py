"""Doors in browser tests: staff who are signed in, an event that is running, phones that can be killed, networks that can be cut."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import make
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect

from engage.events import Event
from engage.staff import Role

PASSWORD = "a long enough word"


def sign_in(browser: Browser, server: Any, *, role: Role = Role.DOOR) -> list[Any]:
    """The cookies of a member of staff, who may admit guests unless it is another role. Signing in is slowed down on purpose: once is enough."""
    with server.session() as session:
        name = make.user(session, role, password=PASSWORD).username
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/desk/sign-in")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    cookies = context.cookies()
    context.close()
    return cookies


def now() -> datetime:
    """The server's own time."""
    return datetime.now(UTC)  # noqa: TID251 -- the server's clock is the real one


def running(server: Any, **changes: Any) -> Event:
    """An open day that is going on now."""
    with server.session() as session:
        return make.event(session, **{"title": "平台开放日", "starts_at": now() - timedelta(minutes=5), "seats": 1000,
                                      "ends_at": now() + timedelta(hours=2), "registration_closes_at": now() + timedelta(hours=1), **changes})


def at_the_door(page: Page, event: Any) -> Page:
    """Open the event's door and wait until the device could do without a network."""
    page.goto(f"/desk/events/{event.slug}/door")
    page.wait_for_selector("body[data-kept=yes]")
    return page


def wedge(page: Page, code: str) -> None:
    """A keyboard-wedge scanner types and presses Enter, wherever the focus is; by its own clock, so that a busy machine does not matter."""
    keyboard, begun = page.context.new_cdp_session(page), now().timestamp()
    for place, key in enumerate([*code, "Enter"]):
        text = {"text": "\r" if key == "Enter" else key}
        for kind in ("keyDown", "keyUp"):
            keyboard.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "timestamp": begun + place / 1000,
                                                     **(text if kind == "keyDown" else {})})


def says(page: Page, kind: str, word: str, name: str = "") -> None:
    """Wait until the band says this."""
    expect(page.locator(f".band .result-{kind} .word")).to_have_text(word)
    expect(page.locator(".band .name")).to_have_text(name)


def waiting(page: Page, count: int) -> None:
    """Wait until so many entries are still to be sent."""
    expect(page.locator("#state")).to_have_attribute("data-waiting", str(count), timeout=30_000)


class Line:
    """The network between one device and the server: a port that leads there while nobody has cut it.

    Unlike a browser's own "offline" it is gone for its service worker too.
    """

    def __init__(self, server: str) -> None:
        self._server = (urlsplit(server).hostname or "", urlsplit(server).port or 80)
        self._up = True
        self._open: set[socket.socket] = set()
        self._port = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._port.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """Every connection ends, and none is made."""
        self._up = False
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """The network is back."""
        self._up = True

    def close(self) -> None:
        """For good."""
        self.cut()
        self._port.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                device, _ = self._port.accept()
                threading.Thread(target=self._join, args=(device,), daemon=True).start()

    def _join(self, device: socket.socket) -> None:
        if not self._up:
            device.close()
            return
        with device, socket.create_connection(self._server) as server:
            self._open |= {device, server}
            back = threading.Thread(target=_pump, args=(server, device), daemon=True)
            back.start()
            _pump(device, server)
            back.join()
            self._open -= {device, server}


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Phone:
    """A phone that keeps what it has stored, whose browser can be killed and started again, on a network of its own."""

    def __init__(self, playwright: Playwright, folder: Path, line: Line, cookies: list[Any], **launch: Any) -> None:
        self._playwright, self._folder, self._cookies, self._launch = playwright, folder, cookies, launch
        self.line = line
        self._context: BrowserContext | None = None

    def start(self) -> Page:
        """Open the browser."""
        context = self._playwright.chromium.launch_persistent_context(
            self._folder, base_url=self.line.url, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True,
            locale="zh-CN", timezone_id="Asia/Shanghai", permissions=["camera"], **self._launch,
        )
        context.set_default_timeout(30_000)
        context.add_cookies(self._cookies)  # a browser writes its cookies to the disk only now and then
        self._context = context
        return context.new_page()

    def kill(self) -> None:
        """The browser is gone at once, without a chance to write anything."""
        for folder in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                told = (folder / "cmdline").read_bytes()
                if str(self._folder).encode() in told and b"--type=" not in told:
                    os.kill(int(folder.name), signal.SIGKILL)
        time.sleep(0.5)
        self.close()

    def close(self) -> None:
        """Close the browser."""
        if self._context:
            with suppress(Error):  # it may be dead
                self._context.close()


@contextmanager
def phone(playwright: Playwright, folder: Path, server: Any, cookies: list[Any], **launch: Any) -> Iterator[Phone]:
    """A phone on a line of its own."""
    line = Line(server.url)
    made = Phone(playwright, folder, line, cookies, **launch)
    yield made
    made.close()
    line.close()
