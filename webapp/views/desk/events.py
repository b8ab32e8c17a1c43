"""The desk's pages of events: the list, one event's overview, its form, and its way from draft to published to closed."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from engage import events, outbox, people, settling, waiting
from engage.errors import EngageError, Invalid
from engage.events import Event, IllegalMove, Kind, State
from engage.outbox import Purpose
from engage.parties import Registration
from engage.people import Category
from engage.staff import Permission
from webapp.errors import form_refused, status_of, words
from webapp.forms import events as forms
from webapp.forms.events import STATE_WORDS, EventForm, event_form
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.desk.waiting import say_promoted
from webapp.views.public import qr
from webapp.wiring import clock, db, link, saving

ON_A_PAGE = 30
SORTS: Mapping[str, sa.ColumnElement[Any]] = {
    "date": Event.starts_at.expression, "title": Event.title.expression, "state": Event.state.expression,
}
Answer = str | Response | tuple[str, int]


@desk.context_processor
def event_words() -> dict[str, Any]:
    """The words for kinds and states, for every template of the desk."""
    return {name: getattr(forms, name) for name in (
        "KIND_WORDS", "STATE_WORDS", "STATE_LOOKS", "VISIBILITY_WORDS", "TOPIC_WORDS", "ACTIVITY_WORDS",
        "category_name",
    )}


@desk.get("/events")
@allowed(Permission.SEE)
def event_list() -> str:
    """All events: search, filter, sort, page."""
    kind, state = _choice(Kind, "kind"), _choice(State, "state")
    found = events.find(words=request.args.get("q", "").strip(), kind=kind, state=state)
    wish = request.args.get("sort", "")
    column = SORTS.get(wish.removeprefix("-"), Event.starts_at)
    ordered = sa.nulls_first(column.desc()) if wish.startswith("-") or not wish else sa.nulls_last(column.asc())
    found = found.options(selectinload(Event.quotas)).order_by(ordered, Event.id.desc())
    return render_template("desk/events/list.html", pages=db.paginate(found, per_page=ON_A_PAGE, error_out=False))


@desk.route("/events/new", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def new_event() -> Answer:
    """A new draft."""
    form = event_form(people.categories(db.session()))
    if form.validate_on_submit():
        try:
            with saving() as session:
                event = events.create(session, form.details(), seats=form.seats.data, by=current_user.by, now=clock())
                _set_quotas(event, form)
                slug = event.slug
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("草稿已保存。补全信息后即可发布。"), "success")
            return redirect(url_for("desk.event", slug=slug))
    return _form_page(form, None)


@desk.route("/events/<slug>/edit", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def edit_event(slug: str) -> Answer:
    """State anew what an event is."""
    event = events.by_slug(db.session(), slug)
    form = event_form(people.categories(db.session()), event)
    if form.validate_on_submit():
        try:
            with saving() as session:
                events.edit(session, event, form.details(), by=current_user.by, now=clock())
                promoted = _set_quotas(event, form)
                slug = event.slug
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("修改已保存。"), "success")
            say_promoted(promoted)
            return redirect(url_for("desk.event", slug=slug))
    return _form_page(form, event)


@desk.get("/events/<slug>")
@allowed(Permission.SEE)
def event(slug: str) -> str:
    """The overview: facts, seats, agenda, what is missing, links."""
    return _overview(events.by_slug(db.session(), slug))


@desk.post("/events/<slug>/publish")
@allowed(Permission.EVENTS)
def publish_event(slug: str) -> Answer:
    """Open the event's page; what is missing is shown in the form, next to its fields."""
    event = events.by_slug(db.session(), slug)
    try:
        with saving() as session:
            events.publish(session, event, by=current_user.by, now=clock())
    except Invalid:
        form = event_form(people.categories(db.session()), event)
        for problem in events.problems(event):
            form_refused(form, problem)
        return _form_page(form, event)
    except EngageError as error:
        return _overview(event, refusal=error), status_of(error)
    flash(gettext("活动已发布。"), "success")
    return redirect(url_for("desk.event", slug=slug))


@desk.route("/events/<slug>/<any(close, cancel):move>", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def end_event(slug: str, move: str) -> Answer:
    """Close or cancel the event, once it is confirmed."""
    event = events.by_slug(db.session(), slug)
    if request.method == "GET":
        waiting = outbox.find(event_id=event.id, state=outbox.State.QUEUED).order_by(None).subquery()
        return render_template("desk/events/end.html", event=event, move=move,
                               queued=db.session.scalar(sa.select(sa.func.count()).select_from(waiting)))
    try:
        with saving() as session:
            if move == "close":
                events.close(session, event, by=current_user.by, now=clock())
                done = gettext("活动已结束。")
            else:
                withdrawn = events.cancel(session, event, by=current_user.by, now=clock())
                done = gettext("活动已取消，撤回未发出的消息 %(count)s 条。", count=withdrawn)
    except EngageError as error:
        return _overview(event, refusal=error), status_of(error)
    flash(done, "success")
    if move == "cancel" and event.quota.taken and current_user.may(Permission.INVITE):
        return redirect(url_for("desk.tell_guests", slug=slug, purpose=Purpose.CALLED_OFF))
    return redirect(url_for("desk.event", slug=slug))


def _choice(kind: type[StrEnum], name: str) -> Any:
    value = request.args.get(name)
    return kind(value) if value in set(kind) else None


def _set_quotas(event: Event, form: EventForm) -> Sequence[Registration]:
    """Set the limits if the form changes any, and give what is free to those who wait."""
    limits = form.quotas()
    present = {id_: quota.seats if (quota := event.category_quota(id_)) else None for id_ in limits}
    if limits != present or form.seats.data != event.capacity:
        events.set_quotas(db.session(), event, form.seats.data, limits, by=current_user.by, now=clock())
    return waiting.promote(db.session(), event, now=clock())


def _form_page(form: EventForm, event: Event | None) -> Answer:
    page = render_template("desk/events/form.html", form=form, event=event)
    return (page, 422) if form.errors else page


def _overview(event: Event, refusal: EngageError | None = None) -> str:
    names = {category.id: category for category in db.session.scalars(sa.select(Category).order_by(Category.position))}
    limited = {quota.category_id: quota for quota in event.quotas if quota.category_id and (quota.seats or quota.taken)}
    address = link("public.event", slug=event.slug)
    if isinstance(refusal, IllegalMove):
        reason = gettext("活动当前为“%(state)s”，不能进行这项操作。", state=STATE_WORDS[event.state])
    else:
        reason = refusal and words(refusal)
    return render_template(
        "desk/events/overview.html", event=event, refusal=reason, address=address, qr=qr(address),
        doubts=settling.open_count(db.session(), event),
        problems=[(problem.field, words(problem)) for problem in events.problems(event)],
        category_seats=[(category, limited[id_]) for id_, category in names.items() if id_ in limited],
    )
