"""Badges of an event: choose whose, look at the sheets, take the PDF; and a single one at the door."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from tempfile import TemporaryFile
from typing import TypeVar

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from engage import badge_sheets, badges, events, export_jobs, people
from engage.badge_sheets import SIZES
from engage.badges import Badge, Choice, NobodyChosen, Order, Printed
from engage.events import Event
from engage.export_jobs import Kind
from engage.staff import Permission
from webapp import exporting
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, language, saving

Answers = TypeVar("Answers", bound=StrEnum)
ON_A_PAGE = 50
AT_ONCE = 60  # badges drawn while one waits: half a second
SHEETS_SHOWN = 4
CARDS_SHOWN = 12
USUAL = "a4-2x5"
SINGLE = "90x54"
SIZE_WORDS: Mapping[str, LazyString] = {
    "a4-2x5": lazy_gettext("A4 卡片纸 2×5（90×54）"),
    "a4-2x4": lazy_gettext("A4 裁切 2×4（105×74）"),
    "a4-3x8": lazy_gettext("A4 标签 3×8（63.5×33.9）"),
    "90x54": lazy_gettext("单张（90×54）"),
    "cr80": lazy_gettext("单张证卡 CR80（86×54）"),
    "a7": lazy_gettext("单张 A7（105×74）"),
}
PRINTED_WORDS = {Printed.ALL: lazy_gettext("全部"), Printed.NOT_YET: lazy_gettext("尚未打印"), Printed.DONE: lazy_gettext("已打印")}
ORDER_WORDS = {Order.NAME: lazy_gettext("按姓名"), Order.ORGANISATION: lazy_gettext("按单位"), Order.CATEGORY: lazy_gettext("按类别")}


class Found(Pagination):
    """A page of badges that are all at hand already, because they are sorted as Chinese is."""

    def _query_items(self) -> list[Badge]:
        return self._query_args["found"][self._query_offset:self._query_offset + self.per_page]

    def _query_count(self) -> int:
        return len(self._query_args["found"])


@desk.get("/events/<slug>/badges", endpoint="badges")
@allowed(Permission.PEOPLE)
def badge_list(slug: str) -> str:
    """Whose badges there are to print."""
    event, choice = events.by_slug(db.session(), slug), _choice(request.args)
    found = badges.find(db.session(), event, choice)
    return render_template(
        "desk/events/badges.html", event=event, choice=choice, pages=Found(per_page=ON_A_PAGE, error_out=False, found=found),
        size=_size(request.args, USUAL), missing=badge_sheets.unprintable(found, event.title), sizes=SIZE_WORDS, orders=ORDER_WORDS,
        printed_words=PRINTED_WORDS,
        labelled=[(category.id, category_name(category)) for category in people.categories(db.session())],
    )


@desk.get("/events/<slug>/badges/preview")
@allowed(Permission.PEOPLE)
def preview_badges(slug: str) -> str:
    """The first sheets as they will be printed."""
    event, size = events.by_slug(db.session(), slug), _size(request.args, USUAL)
    found = badges.find(db.session(), event, _choice(request.args))
    shown = found[:CARDS_SHOWN if SIZES[size].per_page == 1 else SHEETS_SHOWN * SIZES[size].per_page]
    sheets = _pictures(event, shown, size)
    return render_template("desk/events/badge_preview.html", event=event, sheets=sheets, single=SIZES[size].per_page == 1,
                           shown=len(shown), total=len(found), size_words=SIZE_WORDS[size])


@desk.post("/events/<slug>/badges.pdf")
@allowed(Permission.PEOPLE)
def print_badges(slug: str) -> Response:
    """The chosen badges as a PDF; from now on they count as printed. Many are drawn by a job, and count when its file is fetched."""
    event = events.by_slug(db.session(), slug)
    found = badges.find(db.session(), event, _choice(request.form))
    if not found:
        flash(gettext("没有符合条件的人员，没有生成胸牌。"), "warning")
        return redirect(url_for("desk.badges", slug=slug))
    size = _size(request.form, USUAL)
    if len(found) > AT_ONCE:
        people, order = [badge.attendee_id for badge in found], _choice(request.form).order.value
        wanted = export_jobs.Order(Kind.BADGES, "pdf", Permission.PEOPLE, language(), {"size": size, "order": order, "people": people})
        exporting.order(slug, wanted, by=current_user.by)
        return redirect(url_for("desk.export_list", slug=slug), 303)
    return _pdf(event, found, size)


@desk.post("/events/<slug>/badges/spoilt")
@allowed(Permission.PEOPLE)
def spoilt_badges(slug: str) -> Response:
    """The chosen badges did not come out well and are to be printed again."""
    event = events.by_slug(db.session(), slug)
    try:
        with saving() as session:
            found = badges.find(session, event, _choice(request.form))
            badges.note_spoilt(session, event, found, by=current_user.by, now=clock())
    except NobodyChosen:
        flash(gettext("没有符合条件的人员。"), "warning")
    else:
        flash(gettext("已将 %(count)s 人记为尚未打印。", count=len(found)), "success")
    return redirect(url_for("desk.badges", slug=slug, printed=Printed.NOT_YET))


@desk.route("/events/<slug>/badges/<int:attendee_id>", methods=["GET", "POST"])
@allowed(Permission.DOOR, Permission.PEOPLE)
def badge(slug: str, attendee_id: int) -> str | Response:
    """One person's badge: look at it, choose the size, print."""
    event, size = events.by_slug(db.session(), slug), _size(request.values, SINGLE)
    found = badges.find(db.session(), event, Choice(attendee_ids=[attendee_id]))
    if not found:
        abort(404)
    if request.method == "POST":
        return _pdf(event, found, size)
    (picture,) = _pictures(event, found, size)
    return render_template("desk/events/badge.html", event=event, badge=found[0], picture=picture, size=size,
                           sizes={name: words for name, words in SIZE_WORDS.items() if SIZES[name].per_page == 1},
                           missing=badge_sheets.unprintable(found, event.title))


def _pdf(event: Event, found: Sequence[Badge], size: str) -> Response:
    """The file; it is written before anything is noted, so that a failure leaves nobody without a badge."""
    file = TemporaryFile()  # noqa: SIM115 -- closed when it has been sent
    badge_sheets.write_pdf(file, found, size=SIZES[size], title=event.title, address=exporting.ticket_address)
    with saving() as session:
        badges.note_printed(session, event, found, by=current_user.by, now=clock())
        name = f"{event.title}{gettext('胸牌')}.pdf"
    file.seek(0)
    return send_file(file, mimetype="application/pdf", as_attachment=True, download_name=name)


def _pictures(event: Event, found: Sequence[Badge], size: str) -> list[Markup]:
    pages = badge_sheets.write_svg(found, size=SIZES[size], title=event.title, address=exporting.ticket_address)
    return [Markup(page) for page in pages]  # noqa: S704 -- drawn by us, the texts of others escaped


def _choice(given: MultiDict[str, str]) -> Choice:
    """What an address or a form asks for; what it cannot mean is left out."""
    return Choice(
        printed=_one_of(Printed, given, "printed"), arrived="arrived" in given, words=given.get("q", "").strip(),
        category_ids=given.getlist("category", type=int), attendee_ids=given.getlist("pick", type=int),
        order=_one_of(Order, given, "order"),
    )


def _one_of(kind: type[Answers], given: MultiDict[str, str], name: str) -> Answers:
    wish = given.get(name, "")
    return kind(wish) if wish in set(kind) else next(iter(kind))


def _size(given: MultiDict[str, str], usual: str) -> str:
    wish = given.get("size", "")
    return wish if wish in SIZES else usual
