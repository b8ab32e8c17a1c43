"""The desk's pages of categories: rows that staff can add to, change, and take out of use."""

from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from engage import people
from engage.errors import EngageError
from engage.people import Category, Invitee
from engage.staff import Permission
from webapp.errors import form_refused
from webapp.forms.people import CategoryForm, EditCategoryForm, NewCategoryForm
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.wiring import clock, db, saving

Answer = str | Response | tuple[str, int]


@desk.get("/categories", endpoint="categories")
@allowed(Permission.SEE, Permission.PEOPLE)
def category_list() -> str:
    """All categories with the number of people in each."""
    counted = (
        sa.select(Category, sa.func.count(Invitee.id)).outerjoin(Invitee, Invitee.category_id == Category.id)
        .group_by(Category.id).order_by(Category.retired, Category.position, Category.id)
    )
    return render_template("desk/categories/list.html", rows=db.session.execute(counted).all())


@desk.route("/categories/new", methods=["GET", "POST"])
@allowed(Permission.ADMIN)
def new_category() -> Answer:
    """Add a category."""
    form = NewCategoryForm()
    if form.validate_on_submit():
        try:
            with saving() as session:
                people.add_category(session, **_stated(form), by=current_user.by, now=clock())
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("类别已添加。"), "success")
            return redirect(url_for("desk.categories"))
    return _form_page(form, None)


@desk.route("/categories/<int:category_id>/edit", methods=["GET", "POST"])
@allowed(Permission.ADMIN)
def edit_category(category_id: int) -> Answer:
    """Change a category; its code stays, because figures are filed under it."""
    category = _category(category_id)
    form = EditCategoryForm(obj=category)
    if form.validate_on_submit():
        try:
            with saving() as session:
                people.edit_category(session, category, **_stated(form), by=current_user.by, now=clock())
        except EngageError as error:
            form_refused(form, error)
        else:
            flash(gettext("修改已保存。"), "success")
            return redirect(url_for("desk.categories"))
    return _form_page(form, category)


@desk.post("/categories/<int:category_id>/<any(retire, restore):move>")
@allowed(Permission.ADMIN)
def move_category(category_id: int, move: str) -> Response:
    """Take a category out of use, or into use again; neither loses anything."""
    category = _category(category_id)
    with saving() as session:
        {"retire": people.retire_category, "restore": people.restore_category}[move](
            session, category, by=current_user.by, now=clock())
    flash(gettext("类别已停用，已有人员不受影响。") if move == "retire" else gettext("类别已恢复使用。"), "success")
    return redirect(url_for("desk.categories"))


def _category(category_id: int) -> Category:
    return db.session.get(Category, category_id) or abort(404)


def _stated(form: CategoryForm) -> dict[str, Any]:
    return {name: value for name, value in form.data.items() if name != "csrf_token"}


def _form_page(form: CategoryForm, category: Category | None) -> Answer:
    page = render_template("desk/categories/form.html", form=form, category=category)
    return (page, 422) if form.errors or form.form_errors else page
