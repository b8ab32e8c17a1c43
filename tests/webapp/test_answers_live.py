"""The live figures of a questionnaire: what a screen is sent, how seldom the database is asked, and what does not move."""

import json
from datetime import timedelta

import make
import pytest
from database import count_queries

from engage.events import Event
from webapp.answers_live import answers_live
from webapp.beats import BEAT
from webapp.live import body_of
from webapp.wiring import db


@pytest.fixture
def stands(monkeypatch):
    """The clock of the figures, at the begin of a beat."""
    at = [make.NOW]
    monkeypatch.setattr("webapp.answers_live.clock", lambda: at[0])
    return at


def look(app, event):
    """What a screen is sent a beat later, and the version of it."""
    with app.app_context():
        event = db.session.get_one(Event, event.id)
        counted, fresh = answers_live().counted(event, event.questionnaire)
        assert fresh
        return json.loads(counted.sent.json), counted.sent.etag


def answer(saved, event, *levels):
    with saved() as session:
        event = session.get_one(Event, event.id)
        for level in levels:
            make.response(session, event.questionnaire, {"q3": level, "q1": "1"}, context=event.slug)


def test_a_screen_is_sent_the_counts_of_each_question_and_a_version(app, saved, stands):
    with saved() as session:
        event = make.asking_event(session)
    answer(saved, event, *"54321")
    told, version = look(app, event)
    assert told["responses"] == 5
    assert told["questions"]["q1"] == {"answered": 5, "rows": {"1": 5, "2": 0, "3": 0, "other": 0}}
    assert told["questions"]["q3"] == {
        "answered": 5, "mean": 3, "median": 3, "satisfied": 0.6, "rows": {"5": 1, "4": 1, "3": 1, "2": 1, "1": 1},
    }
    stands[0] += timedelta(seconds=BEAT)
    assert look(app, event) == (told, version)
    answer(saved, event, "5")
    stands[0] += timedelta(seconds=BEAT)
    assert (look(app, event)[0]["responses"], look(app, event)[1] == version) == (6, False)


def test_whoever_looks_within_a_beat_asks_the_database_for_nothing(app, saved, stands):
    with saved() as session:
        event = make.asking_event(session)
    with app.app_context():
        event = db.session.get_one(Event, event.id)
        answers_live().counted(event, event.questionnaire)
        with count_queries(db.engine) as seen:
            for _ in range(30):
                answers_live().counted(event, event.questionnaire)
    assert len(seen) == 0


def test_too_few_answers_are_not_on_a_screen(app, saved, stands):
    with saved() as session:
        event = make.asking_event(session)
    answer(saved, event, *"5432")
    assert look(app, event)[0]["questions"]["q1"] == {"answered": None, "rows": {"1": None, "2": None, "3": None, "other": None}}


def test_anonymous_figures_move_by_no_fewer_than_five(app, saved, stands):
    """Else whoever sees who is sending just now reads the answers off the change."""
    with saved() as session:
        event = make.asking_event(session, anonymous=True)
    seen = []
    for level in "55555432111":
        answer(saved, event, level)
        stands[0] += timedelta(seconds=BEAT)
        seen.append(look(app, event)[0]["responses"])
    assert seen == [1, 1, 1, 1, 1, 6, 6, 6, 6, 6, 11]


def test_an_open_page_is_drawn_anew_only_when_what_it_shows_has_changed(app, stands):
    drawn = []

    def draw(counted):
        drawn.append(counted)
        return body_of(counted)

    sent = []
    with app.app_context():
        for counted in (1, 1, 2, 2, 1):
            stands[0] += timedelta(seconds=BEAT)
            sent.append(answers_live().page("a", lambda counted=counted: counted, draw)[0].json)
    assert (sent, drawn) == ([b"1", b"1", b"2", b"2", b"1"], [1, 2, 1])
