"""The tab of an event with what its registration form asks beyond name and contact: fields are added, changed, moved, removed."""

from collections.abc import Sequence
from typing import Literal

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import events, fields
from engage.errors import EngageError
from engage.events import Event, Visibility
from engage.field_kinds import KINDS
from engage.fields import EventField
from engage.people import Category
from engage.staff import Permission
from surveys.errors import SurveyError
from webapp.errors import form_refused, words
from webapp.forms.event_fields import SETTING, FieldForm, field_form
from webapp.forms.events import category_name
from webapp.guard import allowed
from webapp.openings import self_chosen
from webapp.views.desk import desk
from webapp.views.registration import form_for
from webapp.wiring import clock, db, saving

Answer = str | Response | tuple[str, int]


@desk.get("/events/<slug>/fields")
@allowed(Permission.SEE)
def event_fields(slug: str) -> str:
    """What the form asks, in order; below it what was taken off and has answers."""
    event, session = events.by_slug(db.session(), slug), db.session()
    listed = fields.all_of(session, event)
    return render_template(
        "desk/events/fields.html", event=event, live=[each for each in listed if not each.archived_at],
        archived=[each for each in listed if each.archived_at], answers=fields.answer_counts(session, event),
        by_id={each.id: each for each in listed},
        names={category.id: category_name(category) for category in session.scalars(sa.select(Category))}, FIELD_KINDS=KINDS,
    )


@desk.get("/events/<slug>/fields/preview")
@allowed(Permission.SEE)
def preview_fields(slug: str) -> str:
    """The form as a guest gets it: invited as the category whose code `?as=` names, or a stranger at a public event."""
    event, listed = events.by_slug(db.session(), slug), _categories()
    chosen = next((each for each in listed if each.code == request.args.get("as", "")), None)
    stranger = chosen is None and event.visibility is Visibility.PUBLIC
    categories = self_chosen(db.session()) if stranger else [chosen] if chosen else listed[:1]
    return render_template(
        "desk/events/preview_form.html", event=event, categories=categories, form=form_for(event, categories, refused=None),
        stranger=stranger, public=event.visibility is Visibility.PUBLIC,
        labelled=[(each.code, category_name(each)) for each in listed], chosen=chosen,
    )


@desk.route("/events/<slug>/fields/new", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def new_field(slug: str) -> Answer:
    """A new last field, of the kind that the address names."""
    event, kind = events.by_slug(db.session(), slug), _kind("text")
    form = field_form(kind, _categories(), fields.asked(db.session(), event))
    if form.validate_on_submit():
        try:
            with saving() as session:
                made = fields.add(session, event, form.definition(kind), by=current_user.by, now=clock())
        except (EngageError, SurveyError) as error:
            _refused(form, error)
        else:
            flash(gettext("“%(label)s”已添加。", label=made.label), "success")
            return _back(slug, made)
    return _form_page(form, event, kind, None)


@desk.route("/events/<slug>/fields/<int:field_id>/edit", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def edit_field(slug: str, field_id: int) -> Answer:
    """Change a field, its kind too while nobody has answered it."""
    event, changing = _found(slug, field_id)
    kind, live = _kind(changing.kind), fields.asked(db.session(), event)
    earlier = [each for each in live if each.position < changing.position]
    form = field_form(kind, _categories(changing.category_ids), earlier, changing)
    if form.validate_on_submit():
        try:
            with saving() as session:
                fields.edit(session, event, changing, form.definition(kind), by=current_user.by, now=clock())
        except (EngageError, SurveyError) as error:
            _refused(form, error)
        else:
            flash(gettext("修改已保存。"), "success")
            return _back(slug, changing)
    return _form_page(form, event, kind, changing)


@desk.post("/events/<slug>/fields/<int:field_id>/<any(up, down):way>")
@allowed(Permission.EVENTS)
def move_field(slug: str, field_id: int, way: Literal["up", "down"]) -> Response:
    """One place up or down."""
    event, moving = _found(slug, field_id)
    try:
        with saving() as session:
            fields.move(session, event, moving, way, by=current_user.by, now=clock())
    except EngageError as error:
        flash(words(error), "error")
    return _back(slug, moving)


@desk.route("/events/<slug>/fields/<int:field_id>/remove", methods=["GET", "POST"])
@allowed(Permission.EVENTS)
def remove_field(slug: str, field_id: int) -> Answer:
    """Take a field off the form, once it is confirmed; with answers it can be put back."""
    event, removing = _found(slug, field_id)
    if request.method == "GET":
        given = fields.answer_counts(db.session(), event).get(field_id, 0)
        return render_template("desk/events/remove_field.html", event=event, field=removing, answers=given)
    try:
        with saving() as session:
            archived = fields.remove(session, event, removing, by=current_user.by, now=clock())
    except EngageError as error:
        flash(words(error), "error")
    else:
        flash(gettext("已停用，原有回答保留，仍可导出。") if archived else gettext("已删除。"), "success")
    return _back(slug, None)


@desk.post("/events/<slug>/fields/<int:field_id>/restore")
@allowed(Permission.EVENTS)
def restore_field(slug: str, field_id: int) -> Response:
    """Ask again what was archived."""
    event, archived = _found(slug, field_id)
    try:
        with saving() as session:
            fields.restore(session, event, archived, by=current_user.by, now=clock())
    except EngageError as error:
        flash(words(error), "error")
    else:
        flash(gettext("已恢复，排在最后。"), "success")
    return _back(slug, archived)


def _found(slug: str, field_id: int) -> tuple[Event, EventField]:
    event = events.by_slug(db.session(), slug)
    return event, fields.get(db.session(), event, field_id)


def _categories(chosen: Sequence[int] = ()) -> Sequence[Category]:
    """Those in use, and those that the field names already, so that saving it drops none."""
    offered = sa.or_(~Category.retired, Category.id.in_(chosen))
    return db.session.scalars(sa.select(Category).where(offered).order_by(Category.position, Category.id)).all()


def _kind(default: str) -> str:
    kind = request.args.get("kind", default)
    if kind not in KINDS:
        abort(404)
    return kind


def _refused(form: FieldForm, error: EngageError | SurveyError) -> None:
    """A refused setting stands next to its own input, everything else where the error says."""
    if error.facts.get("setting"):
        error.field = f"{SETTING}{error.facts['setting']}"
    form_refused(form, error)


def _back(slug: str, field: EventField | None) -> Response:
    return redirect(url_for("desk.event_fields", slug=slug, _anchor=f"field-{field.id}" if field else None))


def _form_page(form: FieldForm, event: Event, kind: str, field: EventField | None) -> Answer:
    page = render_template("desk/events/field.html", form=form, event=event, kind=kind, field=field,
                           FIELD_KINDS=KINDS)
    return (page, 422) if form.errors or form.form_errors else page
