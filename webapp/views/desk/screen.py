"""The desk's control of the hall's screen: open it, choose and turn its slides, show results, and decide which words may appear."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from engage import events, screens
from engage.errors import EngageError
from engage.events import Event
from engage.screens import Screen, ScreenNotFound
from engage.staff import Permission
from surveys import clouds
from surveys.asked import Asked
from surveys.forms import Form, form_of
from surveys.questionnaires import Questionnaire
from surveys.questions import NoSuchQuestion
from webapp.asking import questionnaire_of
from webapp.errors import words as refusal_words
from webapp.guard import allowed
from webapp.screens import hall_screens
from webapp.tallying import fewest
from webapp.views.desk import desk
from webapp.wiring import clock, db, link, saving

WORDS_ON_A_PAGE = 100
CONTROL = Permission.EVENTS, Permission.SURVEYS
STATES = {"waiting": None, "approved": True, "hidden": False}  # by what was decided of a word


@desk.get("/events/<slug>/screen")
@allowed(*CONTROL)
def screen(slug: str) -> str:
    """What is on the screen now, and everything that can be done about it."""
    event, session = events.by_slug(db.session(), slug), db.session()
    try:
        there = screens.of(session, event)
    except ScreenNotFound:
        there = None
    if there is None or event.questionnaire is None:
        return render_template("desk/screen/control.html", event=event, screen=None)
    form = form_of(session, event.questionnaire)
    asked = screens.offered(form)
    waiting = {key: len(words["waiting"]) for key, words in _words(event, event.questionnaire).items()}
    return render_template(
        "desk/screen/control.html", event=event, screen=there, offered=asked, waiting=waiting, below=fewest(),
        current=screens.current(there, form, now=clock()), chosen=screens.chosen(there, form),
        slide=hall_screens().look(session, there, event, event.questionnaire), EVERY=screens.EVERY, COVER=screens.COVER,
        address=link("screen.shown", code=there.code))


@desk.post("/events/<slug>/screen")
@allowed(Permission.EVENTS)
def renew_screen(slug: str) -> Response:
    """Open the screen, or give it another address."""
    with saving() as session:
        screens.renew(session, events.by_slug(session, slug), by=current_user.by, now=clock())
    flash(gettext("问卷大屏的地址已生成，之前的地址不再可用。"), "success")
    return redirect(url_for("desk.screen", slug=slug), 303)


@desk.post("/events/<slug>/screen/withdraw")
@allowed(Permission.EVENTS)
def withdraw_screen(slug: str) -> Response:
    """Close the screen."""
    with saving() as session:
        screens.withdraw(session, events.by_slug(session, slug), by=current_user.by, now=clock())
    flash(gettext("问卷大屏已停用。"), "success")
    return redirect(url_for("desk.screen", slug=slug), 303)


@desk.post("/events/<slug>/screen/turn")
@allowed(*CONTROL)
def turn_screen(slug: str) -> Response:
    """The next slide or the one before (`step`), or a question by its id (`to`)."""
    step, to = request.form.get("step", type=int), request.form.get("to", type=int, default=screens.COVER)
    with saving() as session:
        there, form = _there(session, slug)
        try:
            screens.step(session, there, form, step, now=clock()) if step else screens.turn(session, there, form, to, now=clock())
        except EngageError as error:
            flash(str(refusal_words(error)), "error")
    return redirect(url_for("desk.screen", slug=slug), 303)


@desk.post("/events/<slug>/screen/results")
@allowed(*CONTROL)
def reveal_results(slug: str) -> Response:
    """Show or hide the results of the questions named, of all where none is."""
    shown = request.form.get("shown") == "1"
    with saving() as session:
        there, form = _there(session, slug)
        named = request.form.getlist("question", type=int) or [asked.id for asked in screens.chosen(there, form)]
        screens.reveal(session, there, named, shown=shown, by=current_user.by, now=clock())
    flash(gettext("大屏已显示结果。") if shown else gettext("大屏已隐藏结果，作答照常进行。"), "success")
    return redirect(url_for("desk.screen", slug=slug), 303)


@desk.post("/events/<slug>/screen/choose")
@allowed(*CONTROL)
def choose_slides(slug: str) -> Response:
    """Which questions are shown, and how often the slide changes."""
    try:
        with saving() as session:
            there, form = _there(session, slug)
            wanted = {asked.id for asked in screens.offered(form)}.intersection(request.form.getlist("question", type=int))
            screens.choose(session, there, wanted, every=request.form.get("every", 0, type=int), by=current_user.by, now=clock())
    except EngageError as error:
        flash(str(refusal_words(error)), "error")
    else:
        flash(gettext("展示设置已保存。"), "success")
    return redirect(url_for("desk.screen", slug=slug), 303)


@desk.get("/events/<slug>/screen/words/<code>")
@allowed(Permission.ANALYSE)
def screen_words(slug: str, code: str) -> str:
    """The words of an open question that wait, are shown or are hidden, most frequent first."""
    event = events.by_slug(db.session(), slug)
    asked, state = _open_question(event, code), _state()
    words = _words(event, questionnaire_of(event))[asked.id]
    found = [(word, count) for word, count in words[state] if request.args.get("q", "").strip().lower() in word]
    if request.args.get("order") == "word":
        found.sort()
    pages = WordPages(per_page=WORDS_ON_A_PAGE, error_out=False, found=found)
    return render_template("desk/screen/words.html", event=event, asked=asked, state=state, pages=pages, counts={each: len(those) for each, those in words.items()})


@desk.post("/events/<slug>/screen/words/<code>")
@allowed(Permission.ANALYSE)
def decide_words(slug: str, code: str) -> Response:
    """Approve or hide the words that were ticked, or all that were on the page: never one that nobody has seen."""
    event, approved = events.by_slug(db.session(), slug), request.form.get("approved") == "1"
    asked, wanted = _open_question(event, code), request.form.getlist("listed" if "all" in request.form else "word")
    if wanted:
        with saving() as session:
            screens.decide(session, event, asked, wanted, approved=approved, by=current_user.by, now=clock())
        flash(gettext("%(count)s 个词语可以显示。", count=len(wanted)) if approved else gettext("%(count)s 个词语已隐藏。", count=len(wanted)), "success")
    else:
        flash(gettext("请先勾选词语。"), "error")
    return redirect(url_for("desk.screen_words", slug=slug, code=code, show=_state()), 303)


class WordPages(Pagination):
    """Pages of words that were counted already."""

    def _query_items(self) -> list[Any]:
        return self._query_args["found"][self._query_offset : self._query_offset + self.per_page]

    def _query_count(self) -> int:
        return len(self._query_args["found"])


def _state() -> str:
    return state if (state := request.args.get("show", "")) in STATES else "waiting"


def _words(event: Event, questionnaire: Questionnaire) -> dict[int, dict[str, list[tuple[str, int]]]]:
    """Of each open question the words by what was decided of them, with the numbers of answers that have them."""
    counted = hall_screens().words(event, questionnaire)
    decided = clouds.decisions(db.session(), counted, context=event.slug)
    return {
        key: {state: [each for each in words.items() if decided[key].get(each[0]) is wanted] for state, wanted in STATES.items()}
        for key, words in counted.items()
    }


def _open_question(event: Event, code: str) -> Asked:
    asked = form_of(db.session(), questionnaire_of(event)).question(code)
    if asked is None or not screens.has_words(asked):
        raise NoSuchQuestion(question=code)
    return asked


def _there(session: Session, slug: str) -> tuple[Screen, Form]:
    event = events.by_slug(session, slug)
    return screens.of(session, event), form_of(session, questionnaire_of(event))
