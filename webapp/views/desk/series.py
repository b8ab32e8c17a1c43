"""Series on the desk: the list, one series with its attendance over time, and the next date from a form of one field."""

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from engage import events, series
from engage.errors import EngageError
from engage.events import Event
from engage.series import Series, SeriesDetails
from engage.staff import Permission
from webapp.errors import form_refused
from webapp.formats import zone
from webapp.forms.series import INTERVAL_WORDS, NewSeriesForm, NextForm, SeriesForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, link, saving

OFFERED = 100  # of the events that can be added, the latest
Answer = str | Response | tuple[str, int]


@desk.get("/series")
@allowed(Permission.SEE)
def series_list() -> str:
    """All series with how many dates each has had and when the last is."""
    counted = (sa.select(Series, sa.func.count(Event.id), sa.func.max(Event.starts_at)).outerjoin(Event, Event.series_id == Series.id)
               .group_by(Series.id).order_by(Series.title, Series.id))
    return render_template("desk/series/list.html", rows=db.session.execute(counted).all(), interval_words=INTERVAL_WORDS)


@desk.get("/series/<slug>", endpoint="series")
@allowed(Permission.SEE)
def one_series(slug: str) -> str:
    """Its dates with the attendance of each."""
    found = series.by_slug(db.session(), slug)
    dates = series.held(db.session(), found)
    may = current_user.may(Permission.EVENTS)
    return render_template(
        "desk/series/series.html", series=found, dates=dates, source=series.latest(dates), interval_words=INTERVAL_WORDS,
        feed=link("calendar.of_series", slug=slug), offered=db.session.scalars(series.free_events().limit(OFFERED)).all() if may else [],
    )


@desk.route("/events/<slug>/series", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def start_series(slug: str) -> Answer:
    """Make an event the first of a series."""
    event = events.by_slug(db.session(), slug)
    if (present := series.of_event(db.session(), event)) is not None:
        return redirect(url_for("desk.series", slug=present.slug))
    form = NewSeriesForm(title=event.title, slug=event.kind.replace("_", "-"))
    if form.validate_on_submit():
        details = SeriesDetails(title=form.title.data or "", slug=form.slug.data or "", interval=form.interval.data)
        try:
            with saving() as session:
                made = series.start(session, event, details, by=current_user.by, now=clock()).slug
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("系列已建立。"), "success")
            return redirect(url_for("desk.series", slug=made))
    return _page("form", form, event=event, back=url_for("desk.event", slug=slug))


@desk.route("/series/<slug>/edit", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def edit_series(slug: str) -> Answer:
    """Call it otherwise, or hold it at another interval."""
    found = series.by_slug(db.session(), slug)
    form = SeriesForm(obj=found)
    if form.validate_on_submit():
        with saving() as session:
            series.edit(session, found, title=form.title.data or "", interval=form.interval.data, by=current_user.by, now=clock())
        flash(gettext("修改已保存。"), "success")
        return redirect(url_for("desk.series", slug=slug))
    return _page("form", form, event=None, back=url_for("desk.series", slug=slug))


@desk.route("/events/<slug>/next", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def next_event(slug: str) -> Answer:
    """A draft for the next date with this one's set-up."""
    event = events.by_slug(db.session(), slug)
    of = series.of_event(db.session(), event)
    proposed = series.next_start(event.starts_at, of.interval, zone=zone()) if of and event.starts_at else None
    form = NextForm(starts_at=proposed)
    if form.validate_on_submit() and form.starts_at.data:
        try:
            with saving() as session:
                made = series.follow(session, event, starts_at=form.starts_at.data, by=current_user.by, now=clock()).slug
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("下一期草稿已建好。请核对各项时间，然后发布。"), "success")
            return redirect(url_for("desk.event", slug=made))
    return _page("next", form, event=event, of=of)


@desk.post("/series/<slug>/events")
@allowed(Permission.EVENTS)
def add_to_series(slug: str) -> Response:
    """Count an existing event among the series."""
    with saving() as session:
        event = events.by_slug(session, request.form.get("event", ""))
        series.add(session, series.by_slug(session, slug), event, by=current_user.by, now=clock())
    flash(gettext("活动已归入系列。"), "success")
    return redirect(url_for("desk.series", slug=slug))


@desk.post("/events/<slug>/series/leave")
@allowed(Permission.EVENTS)
def leave_series(slug: str) -> Response:
    """Take an event out of its series; it can be added again."""
    with saving() as session:
        event = events.by_slug(session, slug)
        left = series.of_event(session, event)
        series.take_out(session, event, by=current_user.by, now=clock())
    flash(gettext("活动已移出系列，活动本身不受影响。"), "success")
    return redirect(url_for("desk.series", slug=left.slug) if left else url_for("desk.event", slug=slug))


def _page(name: str, form: FlaskForm, **shown: object) -> Answer:
    page = render_template(f"desk/series/{name}.html", form=form, **shown)
    return (page, 422) if form.errors or form.form_errors else page
