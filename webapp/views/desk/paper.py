"""Questionnaires on paper: the sheet to print, and entering what came back on it."""

from collections.abc import Mapping
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engage import audit, events
from engage.events import Event
from engage.people import Category
from engage.staff import Permission
from surveys import forms, paper, questionnaires
from surveys.errors import SurveyError
from surveys.responses import InvalidAnswers
from webapp import formats
from webapp.asking import Asking, questionnaire_of
from webapp.errors import words
from webapp.forms.questionnaire import SEGMENT, Sheet
from webapp.guard import allowed
from webapp.views.desk import desk
from webapp.views.public import qr
from webapp.wiring import clock, db, link, saving

SHOWN = 20  # of the sheets that were entered, the last
NUMBER = "form.number"


class Entry(NamedTuple):
    """A sheet as it is being entered: what was typed, what is wrong with it as a whole; `corrects` an earlier entry, or 0."""

    sheet: Sheet
    refusal: SurveyError | None = None
    corrects: int = 0


@desk.get("/questionnaires/<int:questionnaire_id>/print")
@allowed(Permission.SEE, Permission.SURVEYS)
def print_questionnaire(questionnaire_id: int) -> str:
    """Sheets of A4 to be filled in by hand; of an event, with its name and the way to the same questions on a phone."""
    found = questionnaires.get(db.session(), questionnaire_id)
    event = events.by_slug(db.session(), request.args["event"]) if "event" in request.args else None
    groups = _groups(db.session(), event) if event and event.questionnaire is found else []
    return render_template(
        "desk/questionnaires/print.html", questionnaire=found, form=forms.form_of(db.session(), found), event=event, groups=groups,
        numbers=paper.numbers, qr=qr(link("questionnaire.answer", token=event.survey_code)) if event else "",
    )


@desk.get("/events/<slug>/paper")
@allowed(Permission.SURVEYS)
def paper_entry(slug: str) -> str:
    """A blank form, or with ?sheet= what was entered for a sheet, to be corrected."""
    event = events.by_slug(db.session(), slug)
    number = request.args.get("sheet", type=int)
    if event.questionnaire is None:
        return _page(event, Entry(Sheet()))
    if number is None:
        following = paper.next_number(db.session(), event.questionnaire, context=slug)
        return _page(event, Entry(Sheet({NUMBER: [str(following)]})))
    sheet = paper.get(db.session(), event.questionnaire, number, context=slug)
    places = {group.code: str(place) for place, group in enumerate(_groups(db.session(), event), start=1)}
    typed = {NUMBER: str(number), SEGMENT: places.get(sheet.response.segment, ""), **paper.answers(db.session(), event.questionnaire, sheet)}
    return _page(event, Entry(Sheet({name: [text] for name, text in typed.items()}), corrects=number))


@desk.post("/events/<slug>/paper")
@allowed(Permission.SURVEYS)
def enter_paper(slug: str) -> Response | tuple[str, int]:
    """Store a sheet, and on to the next one."""
    event = events.by_slug(db.session(), slug)
    corrects = request.form.get("form.corrects", 0, type=int)
    try:
        with saving() as session:
            number = _entered(session, event, request.form, corrects)
    except InvalidAnswers as refused:
        return _page(event, Entry(Sheet(request.form.to_dict(flat=False), refused.problems), corrects=corrects)), 422
    except SurveyError as refused:
        return _page(event, Entry(Sheet(request.form.to_dict(flat=False)), refused, corrects)), 422
    flash(gettext("第 %(number)s 号问卷已录入。", number=number), "success")
    return redirect(url_for("desk.paper_entry", slug=slug), 303)


@desk.post("/events/<slug>/paper/<int:number>/withdraw")
@allowed(Permission.SURVEYS)
def withdraw_paper(slug: str, number: int) -> Response:
    """Undo the entry of a sheet."""
    event = events.by_slug(db.session(), slug)
    with saving() as session:
        _withdraw(session, event, number, gettext("纸质问卷录入有误，已撤销"))
    flash(gettext("第 %(number)s 号问卷的录入已撤销，可以重新录入。", number=number), "success")
    return redirect(url_for("desk.paper_entry", slug=slug), 303)


def _entered(session: Session, event: Event, typed: Mapping[str, str], corrects: int) -> int:
    asked = questionnaire_of(event)
    number = typed.get(NUMBER, "").strip()
    sheet = int(number) if number.isdecimal() else 0
    groups = {str(place): group.code for place, group in enumerate(_groups(session, event), start=1)}
    if corrects:
        _withdraw(session, event, corrects, gettext("纸质问卷录入有误，已更正"))
    paper.enter(
        session, asked, sheet, paper.read(forms.form_of(session, asked), typed), now=formats.local(clock()), context=event.slug,
        segment=groups.get(typed.get(SEGMENT, "").strip(), ""),
    )
    audit.record(session, "paper.enter", asked, by=current_user.by, now=clock(), event=event.slug, sheet=sheet)
    return sheet


def _withdraw(session: Session, event: Event, number: int, reason: str) -> None:
    paper.withdraw(session, questionnaire_of(event), number, context=event.slug, reason=reason, now=clock())
    audit.record(session, "paper.withdraw", questionnaire_of(event), by=current_user.by, now=clock(), event=event.slug, sheet=number)


def _groups(session: Session, event: Event) -> list[Category]:
    return list(Asking(event, questionnaire_of(event), None).groups(session))


def _page(event: Event, entry: Entry) -> str:
    asked, session = event.questionnaire, db.session()
    if asked is None:
        return render_template("desk/events/paper.html", event=event, questionnaire=None)
    form = forms.form_of(session, asked)
    faults = [("number", words(entry.refusal))] if entry.refusal else entry.sheet.faults(form.questions)
    return render_template(
        "desk/events/paper.html", event=event, questionnaire=asked, form=form, entry=entry, sheet=entry.sheet, faults=faults,
        groups=_groups(session, event), numbers=paper.numbers, names=paper.names,
        entered=session.scalars(paper.find(asked, context=event.slug).limit(SHOWN)).all(),
    )
