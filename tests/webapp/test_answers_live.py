"""The live figures of a questionnaire: how seldom the database is asked for them, and when they do not move."""

from datetime import timedelta

import make
import pytest
from database import count_queries

from engage.events import Event
from webapp import tallying
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
    """The figures a beat later."""
    with app.app_context():
        event = db.session.get_one(Event, event.id)
        counted, fresh = answers_live().counted(event, event.questionnaire)
        assert fresh
        return counted


def answer(saved, event, *levels):
    with saved() as session:
        event = session.get_one(Event, event.id)
        for level in levels:
            make.response(session, event.questionnaire, {"q3": level, "q1": "1"}, context=event.slug)


def test_the_figures_have_a_version_that_changes_with_them(app, saved, stands):
    with saved() as session:
        event = make.asking_event(session)
    answer(saved, event, *"54321")
    first = look(app, event)
    assert (first.summary.responses, first.summary.question("q3").tally.mean) == (5, 3)
    stands[0] += timedelta(seconds=BEAT)
    assert look(app, event) == first
    answer(saved, event, "5")
    stands[0] += timedelta(seconds=BEAT)
    assert (look(app, event).summary.responses, look(app, event).version == first.version) == (6, False)


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


def test_anonymous_figures_move_by_no_fewer_than_five_in_whatever_process(app, saved, stands):
    """Else whoever sees who is sending just now reads the answers off the change."""
    with saved() as session:
        event = make.asking_event(session, anonymous=True)
    seen = []
    for level in "5555543211123454":
        answer(saved, event, level)
        with app.app_context():
            tallying.work_off()
        stands[0] += timedelta(seconds=BEAT)
        app.extensions.pop("engage_answers_live", None)  # started anew
        seen.append(look(app, event).summary.responses)
    assert seen == [*[0] * 9, *[5] * 5, *[10] * 2]


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
