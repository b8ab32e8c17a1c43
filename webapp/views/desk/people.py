"""The desk's pages of people: the list and its export, one person, add, edit, remove."""

from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import contains_eager
from werkzeug.wrappers import Response

from engage import people, tables
from engage.errors import EngageError
from engage.events import Event
from engage.invitations import Invitation
from engage.parties import Attendee, Registration
from engage.parties import State as SeatState
from engage.people import Category, Invitee, SamePerson
from engage.staff import Permission
from webapp.errors import form_refused, status_of, words
from webapp.formats import local
from webapp.forms.events import category_name
from webapp.forms.people import PersonForm, person_form
from webapp.forms.staff import EmptyForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

ON_A_PAGE = 50
PUBLIC_SORTS = {"organisation", "district", "category", "created_at"}  # these tell nothing of what is masked
MEDIA = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}
Answer = str | Response | tuple[str, int]


@desk.get("/people", endpoint="people")
@allowed(Permission.SEE, Permission.PEOPLE)
def people_list() -> str:
    """Everybody who may be invited."""
    pages = db.paginate(found_people(), per_page=ON_A_PAGE, error_out=False)
    return render_template("desk/people/list.html", pages=pages, personal=current_user.may(Permission.PEOPLE),
                           chosen=chosen_filters(), labelled=category_choices(), districts=[(name, name) for name in people.districts(db.session())])


@desk.get("/people.<any(xlsx, csv):kind>")
@allowed(Permission.PEOPLE)
def export_people(kind: str) -> Response:
    """The list as it is shown, all its pages, as a file that the import understands."""
    with saving() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(found_people().order_by(None).subquery())) or 0
        people.note_export(session, count=count, by=current_user.by, now=clock())
    columns = [(gettext("姓名"), 12), (gettext("类别"), 18), (gettext("工作单位"), 30), (gettext("职务"), 14), (gettext("手机"), 16),
               (gettext("邮箱"), 28), (gettext("区县"), 12), (gettext("统一社会信用代码"), 22), (gettext("备注"), 30)]
    rows = ((one.name, category_name(one.category), one.organisation, one.position, one.phone, one.email, one.district, one.uscc,
             one.note) for one in db.session.scalars(found_people().execution_options(yield_per=500)))
    file = BytesIO()
    if kind == "csv":
        tables.write_csv(file, [heading for heading, _ in columns], rows)
    else:
        tables.write_xlsx(file, gettext("人员"), columns, rows)
    file.seek(0)
    return send_file(file, mimetype=MEDIA[kind], as_attachment=True,
                     download_name=f"{gettext('人员名单')}{local(clock()):%Y%m%d}.{kind}")


@desk.get("/people/<int:person_id>")
@allowed(Permission.PEOPLE)
def person(person_id: int) -> str:
    """One person: what is known, which invitations there were and what came of them."""
    invitee = _person(person_id)
    return _person_page(invitee)


@desk.route("/people/new", methods=["GET", "POST"])
@allowed(Permission.PEOPLE)
def new_person() -> Answer:
    """Add a person."""
    categories = people.categories(db.session())
    form = person_form(categories)
    if form.validate_on_submit():
        try:
            with saving() as session:
                person_id = people.add_invitee(session, form.details(categories), by=current_user.by, now=clock()).id
        except EngageError as error:
            return _form_page(form, None, error)
        flash(gettext("人员已添加。"), "success")
        return redirect(url_for("desk.person", person_id=person_id))
    return _form_page(form, None)


@desk.route("/people/<int:person_id>/edit", methods=["GET", "POST"])
@allowed(Permission.PEOPLE)
def edit_person(person_id: int) -> Answer:
    """Change what is known of a person, who may keep a category that is out of use."""
    invitee = _person(person_id)
    categories = people.categories(db.session())
    if invitee.category not in categories:
        categories.append(invitee.category)
    form = person_form(categories, invitee)
    if form.validate_on_submit():
        try:
            with saving() as session:
                people.edit_invitee(session, invitee, form.details(categories), by=current_user.by, now=clock())
        except EngageError as error:
            return _form_page(form, invitee, error)
        flash(gettext("修改已保存。"), "success")
        return redirect(url_for("desk.person", person_id=person_id))
    return _form_page(form, invitee)


@desk.route("/people/<int:person_id>/remove", methods=["GET", "POST"])
@allowed(Permission.PEOPLE)
def remove_person(person_id: int) -> Answer:
    """Forget a person, once it is confirmed."""
    invitee = _person(person_id)
    if not EmptyForm().validate_on_submit():
        return render_template("desk/people/remove.html", person=invitee)
    try:
        with saving() as session:
            people.remove_invitee(session, invitee, by=current_user.by, now=clock())
    except EngageError as error:
        return _person_page(_person(person_id), refusal=words(error)), status_of(error)
    flash(gettext("人员已删除。"), "success")
    return redirect(url_for("desk.people"))


def found_people() -> sa.Select[Invitee]:
    """The people that this request's search, filters and order ask for: the table, and its export, show the same.

    Whoever may not see personal data cannot find out by searching or sorting either: then only organisations are searched.
    """
    typed, sort = request.args.get("q", "").strip(), request.args.get("sort", "")
    category_id = request.args.get("category", type=int)
    category = db.session.get(Category, category_id) if category_id else None
    district = request.args.get("district", "")
    if current_user.may(Permission.PEOPLE):
        return people.find_invitees(text=typed, category=category, district=district, sort=sort)
    sort = sort if sort.removeprefix("-") in PUBLIC_SORTS else "organisation"
    found = people.find_invitees(category=category, district=district, sort=sort)
    return found.where(Invitee.organisation.icontains(typed, autoescape=True)) if typed else found


def chosen_filters() -> dict[str, str]:
    """The filters of this request, for links to the same rows."""
    return {name: value for name, value in request.args.items() if name in {"q", "category", "district", "sort"} and value}


def category_choices() -> list[tuple[int, str]]:
    """All categories for a filter, those out of use too: people may still have them."""
    everything = db.session.scalars(sa.select(Category).order_by(Category.position, Category.id))
    return [(category.id, category_name(category)) for category in everything]


def _person(person_id: int) -> Invitee:
    return db.session.get(Invitee, person_id) or abort(404)


def _person_page(invitee: Invitee, refusal: str = "") -> str:
    standing = sa.and_(Registration.invitation_id == Invitation.id, Registration.state == SeatState.CONFIRMED)
    leader = sa.and_(Attendee.registration_id == Registration.id, Attendee.place == 0)
    asked = (
        sa.select(Invitation, Registration, Attendee).join(Invitation.event).options(contains_eager(Invitation.event))
        .outerjoin(Registration, standing).outerjoin(Attendee, leader)
        .where(Invitation.invitee_id == invitee.id).order_by(sa.nulls_last(Event.starts_at.desc()), Event.id.desc())
    )
    rows: Any = db.session.execute(asked).all()
    return render_template("desk/people/person.html", person=invitee, rows=rows, refusal=refusal)


def _form_page(form: PersonForm, invitee: Invitee | None, refusal: EngageError | None = None) -> Answer:
    known = None
    if refusal:
        form_refused(form, refusal)
        if isinstance(refusal, SamePerson):
            known = refusal.facts.get("invitee_id")
    page = render_template("desk/people/form.html", form=form, person=invitee, known=known)
    return (page, status_of(refusal) if refusal else 422) if form.errors or form.form_errors else page
