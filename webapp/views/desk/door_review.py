"""What the doors decided without a network and a person should look at: the list, and one thing to settle."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, missing, settling
from engage.doubts import Doubt, Kind
from engage.errors import EngageError
from engage.events import Event
from engage.staff import Permission
from webapp.errors import form_refused, status_of
from webapp.forms.door import DOUBT_WORDS, RESULT_WORDS, SETTLEMENT_WORDS, WALK_IN_WORDS, SettleForm, settle_form
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

ON_A_PAGE = 30
Answer = str | Response | tuple[str, int]
WORDS = {"doubts": DOUBT_WORDS, "results": RESULT_WORDS, "settlements": SETTLEMENT_WORDS, "walk_ins": WALK_IN_WORDS}


@desk.get("/events/<slug>/door/review")
@allowed(Permission.DOOR)
def door_review(slug: str) -> str:
    """What waits to be settled, or with `?settled=` what was."""
    event, kind = events.by_slug(db.session(), slug), request.args.get("kind", "")
    found = settling.find(event, settled=bool(request.args.get("settled")), kind=Kind(kind) if kind in set(Kind) else None,
                          words=request.args.get("q", "").strip())
    pages = db.paginate(found, per_page=ON_A_PAGE, error_out=False)
    lacking = missing.count(db.session(), event)
    return render_template("desk/door_review.html", event=event, pages=pages, lacking=lacking, **WORDS)


@desk.route("/events/<slug>/door/review/<int:doubt_id>", methods=["GET", "POST"])
@allowed(Permission.DOOR)
def door_settle(slug: str, doubt_id: int) -> Answer:
    """One thing: what was told, what counts, and what shall count."""
    event = events.by_slug(db.session(), slug)
    doubt = settling.doubt_with_id(db.session(), event, doubt_id)
    form = settle_form(doubt)
    if not form.validate_on_submit():
        return _settle_page(event, doubt, form)
    try:
        with saving() as session:
            settling.settle(session, doubt, form.settlement.data, reason=form.reason.data or "", by=current_user.by, now=clock())
    except EngageError as error:
        form_refused(form, error)
        return _settle_page(event, doubt, form)[0], status_of(error)
    flash(gettext("已处理。"), "success")
    return redirect(url_for("desk.door_review", slug=slug))


def _settle_page(event: Event, doubt: Doubt, form: SettleForm) -> tuple[str, int]:
    page = render_template("desk/door_settle.html", event=event, doubt=doubt, form=form, **WORDS)
    return page, 422 if form.errors else 200
