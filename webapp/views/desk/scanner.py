"""The scanner as an app on a phone: what its browser keeps to open the door without a network.

The door's page is `webapp.views.desk.door`. Here are the app's first page, its manifest, its service worker, its scripts, and the
door's page as it is kept: without anybody's name on it. docs/decisions/020-scanner.md tells how they work together.
"""

import uuid
from datetime import timedelta

import sqlalchemy as sa
from flask import Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from engage import events, people, rosters
from engage.arrivals import DOOR_MARGIN
from engage.codes import digest
from engage.events import Event, State
from engage.parties import Attendee, TicketNotFound
from engage.presence import Direction
from engage.staff import Permission
from webapp import security, wiring
from webapp.forms.events import category_name
from webapp.guard import allowed, for_everyone
from webapp.scripts import Scripts
from webapp.views.desk import desk
from webapp.views.desk.door import Place
from webapp.wiring import clock, db

SCRIPTS = Scripts("door")
AHEAD = timedelta(days=14)
WIDER = {"script_src": "'self' 'wasm-unsafe-eval'", "worker_src": "'self'", "manifest_src": "'self'"}  # zxing reads codes in WebAssembly
STYLES = ("tokens.css", "engage.css", "print.css", "door.css")
PICTURES = ("icon.svg", "icons.svg")
READER = ("vendor/barcode-detector-3.2.2.js", "vendor/zxing_reader-3.1.3.wasm")
ICONS = (("192", "any"), ("512", "any"), ("512", "maskable"))


def script(name: str) -> str:
    """The address of one of the scanner's scripts."""
    return url_for("desk.scanner_file", of=SCRIPTS.version, name=name)


def kept_files() -> list[str]:
    """The addresses of all that the door's page needs besides itself."""
    bootstrap = url_for("bootstrap.static", filename="css/bootstrap.min.css", v=wiring.bootstrap.bootstrap_version)
    own = [url_for("static", filename=name) for name in (*STYLES, *PICTURES)]
    reader = [url_for("static", filename=name, v=None) for name in READER]  # their names tell their versions
    return [bootstrap, *own, *reader, *map(script, SCRIPTS.names)]


@desk.get("/scanner")
@allowed(Permission.DOOR)
def scanner() -> Response:
    """The app's first page: whose door shall it be?"""
    now = clock()
    found = events.find(state=State.PUBLISHED).where(Event.ends_at > now - DOOR_MARGIN, Event.starts_at < now + AHEAD)
    coming = db.session.scalars(found.order_by(Event.starts_at, Event.id)).all()  # all: without a network nobody could look for the rest
    return _page("desk/door_list.html", events=coming)


@desk.get("/events/<slug>/door/kept")
@allowed(Permission.DOOR)
def kept_door(slug: str) -> Response:
    """The door's page as a browser keeps it for later: nobody is named on it."""
    nothing = {"counts": [], "last": [], "shown": None, "code": "", "holder": None, "words": "", "guests": None, "doubts": 0,
               "place": Place(None, Direction.IN)}
    return _page("desk/door.html", event=events.by_slug(db.session(), slug), new_id=lambda: str(uuid.uuid4()), **nothing)


@desk.get("/events/<slug>/door/people/<sent>")
@allowed(Permission.DOOR)
def door_person(slug: str, sent: str) -> BaseResponse:
    """From what a roster knows of a guest, the ticket's digest, to the page that puts another name on the ticket."""
    code = rosters.codes(db.session(), slug, {sent}).get(sent)
    attendee_id = db.session.scalar(sa.select(Attendee.id).where(Attendee.ticket_code == code))
    if attendee_id is None:
        raise TicketNotFound
    return redirect(url_for("desk.door_stand_in", slug=slug, attendee_id=attendee_id))


@desk.get("/scanner/session")
@allowed(Permission.DOOR)
def scanner_session() -> Response:
    """Who is signed in, and the token that their changes carry."""
    return jsonify(csrf_token=generate_csrf(), name=current_user.display_name)


@desk.get("/scanner/files/<of>/<name>")
@for_everyone
def scanner_file(of: str, name: str) -> Response:
    """One of the scanner's scripts."""
    return SCRIPTS.send(of, name)


@desk.get("/scanner/worker.js")
@for_everyone
def scanner_worker() -> Response:
    """The service worker of all of the desk: it answers for the door's pages when the network does not."""
    answer = Response(f'import "{script("worker.js")}";\n', mimetype="text/javascript")
    answer.headers["Service-Worker-Allowed"] = url_for("desk.home")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@desk.get("/scanner/app.webmanifest")
@for_everyone
def scanner_manifest() -> Response:
    """What a phone needs to install the scanner."""
    icons = [{"src": url_for("static", filename=f"app-{size}{'' if purpose == 'any' else '-' + purpose}.png"), "sizes": f"{size}x{size}",
              "type": "image/png", "purpose": purpose} for size, purpose in ICONS]
    drawn = {"src": url_for("static", filename="app.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    start = url_for("desk.scanner")
    answer = jsonify(
        id=start, name=gettext("签到扫码"), short_name=gettext("签到"), description=gettext("活动签到：扫码、查找和现场登记，没有网络也能使用。"),
        lang=request.args.get("lang", "zh"), dir="ltr", start_url=start, scope=url_for("desk.home"), display="standalone",
        background_color="#f4f6f9", theme_color="#14508c", icons=[drawn, *icons],
    )
    answer.mimetype = "application/manifest+json"
    return answer


def _page(template: str, **parts: object) -> Response:
    page = make_response(render_template(template, category_name=category_name, **parts))
    page.headers["Content-Security-Policy"] = security.policy(**WIDER)
    return page


def _category_names() -> dict[str, str]:
    """Categories in the language of the page by the names that rosters have."""
    return {category.name: category_name(category) for category in db.session.scalars(sa.select(people.Category))}


@desk.context_processor
def door_facts() -> dict[str, object]:
    """For the door's template, whoever renders it."""
    return {"ticket_digest": digest, "scanner_script": script, "kept_files": kept_files, "category_names": _category_names, "time_zone": wiring.settings().timezone}
