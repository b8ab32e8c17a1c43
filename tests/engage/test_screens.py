"""The hall's screen of a questionnaire: its address, its slides, and what staff let it show."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from engage import screens
from engage.audit import AuditEntry
from engage.screens import COVER, BadInterval, NotOnScreen, ScreenNotFound
from surveys import form_of


@pytest.fixture
def hall(session, now):
    """An event that asks one question of each kind, its screen, and the form."""
    event = make.asking_event(session, asks=[
        {"kind": "single", "text": "身份", "options": make.OPTIONS}, {"kind": "email", "text": "邮箱"}, {"kind": "date", "text": "哪一天"},
        {"kind": "number", "text": "几次"}, {"kind": "long_text", "text": "意见"}, {"kind": "matrix", "text": "各项", "options": make.OPTIONS},
    ])
    return event, screens.renew(session, event, by=make.BY, now=now), form_of(session, event.questionnaire)


def codes(asked):
    return [one.code for one in asked]


def test_it_opens_on_the_cover_with_every_question_that_makes_something_to_look_at_and_no_results(session, hall, now):
    _, screen, form = hall
    assert codes(screens.chosen(screen, form)) == ["q1", "q3", "q4", "q5", "q6"]
    assert (screens.current(screen, form, now=now), screen.revealed, screen.every) == (None, [], 0)


def test_its_address_is_renewed_and_withdrawn_and_its_settings_stay(session, hall, now):
    event, screen, form = hall
    first = screen.code
    screens.choose(session, screen, [form.question("q4").id], every=10, by=make.BY, now=now)
    again = screens.renew(session, event, by=make.BY, now=now)
    assert (screens.event_of(session, again.code), codes(screens.chosen(again, form)), again.every) == (event, ["q4"], 10)
    with pytest.raises(ScreenNotFound):
        screens.event_of(session, first)
    screens.withdraw(session, event, by=make.BY, now=now)
    screens.withdraw(session, event, by=make.BY, now=now)
    with pytest.raises(ScreenNotFound):
        screens.of(session, event)


def test_slides_go_round_in_the_order_of_the_form(session, hall, now):
    _, screen, form = hall
    seen = []
    for steps in (1, 1, 1, 1, 1, 1, -1):
        screens.step(session, screen, form, steps, now=now)
        asked = screens.current(screen, form, now=now)
        seen.append(asked and asked.code)
    assert seen == ["q1", "q3", "q4", "q5", "q6", None, "q6"]
    screens.turn(session, screen, form, form.question("q4").id, now=now)
    assert screens.current(screen, form, now=now).code == "q4"
    with pytest.raises(NotOnScreen):
        screens.turn(session, screen, form, form.question("q2").id, now=now)
    screens.turn(session, screen, form, COVER, now=now)
    assert screens.current(screen, form, now=now) is None


def test_slides_that_turn_by_the_clock_turn_on_from_where_staff_have_turned_them(session, hall, now):
    _, screen, form = hall
    screens.choose(session, screen, [form.question(code).id for code in ("q1", "q4")], every=20, by=make.BY, now=now)

    def at(seconds):
        asked = screens.current(screen, form, now=now + timedelta(seconds=seconds))
        return asked and asked.code

    assert [at(seconds) for seconds in (0, 19, 20, 40, 60)] == [None, None, "q1", "q4", None]
    screens.step(session, screen, form, 1, now=now + timedelta(seconds=45))
    assert [at(seconds) for seconds in (45, 64, 65)] == [None, None, "q1"]
    with pytest.raises(BadInterval):
        screens.choose(session, screen, [], every=1, by=make.BY, now=now)


def test_a_question_that_is_not_chosen_any_more_gives_way_to_the_cover(session, hall, now):
    _, screen, form = hall
    screens.turn(session, screen, form, form.question("q4").id, now=now)
    screens.choose(session, screen, [form.question("q1").id], every=0, by=make.BY, now=now)
    assert screens.current(screen, form, now=now) is None


def test_with_another_questionnaire_all_its_questions_are_shown_and_no_results(session, hall, now):
    _, screen, form = hall
    screens.reveal(session, screen, screen.questions, shown=True, by=make.BY, now=now)
    other = form_of(session, make.questionnaire(session))
    assert (codes(screens.chosen(screen, other)), {one.id for one in other.questions} & set(screen.revealed)) == ([f"q{n}" for n in range(1, 7)], set())
    screens.choose(session, screen, [], every=0, by=make.BY, now=now)
    assert [screens.chosen(screen, each) for each in (form, other)] == [[], []]


def test_results_are_shown_and_hidden_and_the_trail_says_by_whom(session, hall, now):
    event, screen, form = hall
    one, two, words = (form.question(code) for code in ("q1", "q4", "q5"))
    screens.reveal(session, screen, [one.id, two.id], shown=True, by=make.BY, now=now)
    screens.reveal(session, screen, [one.id], shown=False, by=make.BY, now=now)
    assert screen.revealed == [two.id]
    screens.decide(session, event, words, ["讲解", "引导"], approved=True, by=make.BY, now=now)
    screens.decide(session, event, words, ["张三"], approved=False, by=make.BY, now=now)
    told = session.execute(sa.select(AuditEntry.action, AuditEntry.by, AuditEntry.detail).order_by(AuditEntry.id)).all()[-5:]
    assert [tuple(each) for each in told] == [
        ("screen.renew", make.BY, {}), ("screen.show", make.BY, {"questions": [one.id, two.id]}), ("screen.hide", make.BY, {"questions": [one.id]}),
        ("screen.approve_words", make.BY, {"question": words.id, "words": ["引导", "讲解"]}),
        ("screen.hide_words", make.BY, {"question": words.id, "count": 1}),
    ]
