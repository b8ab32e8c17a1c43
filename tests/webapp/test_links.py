"""A link or a button that a role is shown leads somewhere, and where it may go."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
import stage

from engage.staff import MAY, Role
from webapp.wiring import clock


class Links(HTMLParser):
    """The addresses of a page's links and of its forms."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.forms: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.add(given["href"] or "")
        if tag == "form" and given.get("method") == "post" and given.get("action"):
            self.forms.add(given["action"] or "")


def shape(address: str) -> str:
    """Pages of one kind are looked at once or twice, not for each of a hundred people."""
    return re.sub(r"/\d+", "/0", urlsplit(address).path)


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_is_shown_leads_to_no_refusal(app, saved, signed_in, role):
    with saved() as session:
        stage.fill(session, clock())
    browser = signed_in(role)
    waiting, seen, shapes, refused, forms = ["/desk/"], {"/desk/"}, {}, [], {}
    while waiting:
        page = waiting.pop(0)
        with browser.get(page) as answer:
            if answer.status_code >= 400:
                refused.append((page, answer.status_code))
            if answer.mimetype != "text/html":
                continue
            found = Links(answer.text)
        forms |= {urlsplit(urljoin(page, form)).path: page for form in found.forms}
        for link in sorted(found.links):
            address = urljoin(page, link).partition("#")[0]
            if urlsplit(address).netloc or urlsplit(address).scheme or address in seen:
                continue
            seen.add(address)
            shapes[shape(address)] = shapes.get(shape(address), 0) + 1
            if shapes[shape(address)] <= 2:
                waiting.append(address)
    unreachable = {form: page for form, page in forms.items() if _refuses(app, role, form)}
    assert (refused, unreachable) == ([], {})
    assert len(seen) > 3


def _refuses(app, role, form):
    """Whether the view behind a form would refuse the role; nothing is sent."""
    adapter = app.url_map.bind("localhost")
    endpoint, _ = adapter.match(form, method="POST")
    wanted = getattr(app.view_functions[endpoint], "allowed", None)
    return bool(wanted) and not MAY[role] & set(wanted)
