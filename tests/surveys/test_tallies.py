"""Whatever was folded, and whenever, the counts are those of the responses themselves."""

import threading
import time
from datetime import timedelta

import make
import pandas as pd
import sqlalchemy as sa
from database import count_queries, undone
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from surveys import releases, tallies
from surveys.questionnaires import Questionnaire
from surveys.responses import Answer, Response
from surveys.tallies import Tallied, Which, count, due, fold, unfold

TODAY = make.NOW


def plain(session, questionnaire):
    """Every count as pandas finds it: (segment, question, option or number) → rows; and the responses by segment."""
    counts = Response.questionnaire_id == questionnaire.id, releases.counted(questionnaire)
    rows = session.execute(
        sa.select(Response.segment, Answer.question_id, Answer.choice, Answer.number)
        .join(Answer, Answer.response_id == Response.id).where(*counts)
    ).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["segment", "question", "choice", "number"])
    frame["value"] = frame.choice.where(frame.choice.notna(), frame.number.astype("object"))
    found = frame.dropna(subset=["value"]).groupby(["segment", "question", "value"]).size()
    sheets = session.execute(
        sa.select(Response.segment, sa.func.count()).where(*counts).group_by(Response.segment)
    ).all()
    return {key: int(n) for key, n in found.items()}, {row[0]: row[1] for row in sheets}


def counted(session, questionnaire, **which):
    """The same from the tallies."""
    found = count(session, questionnaire, Which(**which))
    values = {
        (segment, question, value): n
        for segment, group in found.items() for question, counts in group.questions.items()
        for value, n in {**counts.choices, **counts.numbers}.items() if n
    }
    return values, {segment: group.responses for segment, group in found.items() if group.responses}


RAW = st.fixed_dictionaries({"q3": st.sampled_from("12345")}, optional={
    "q1": st.sampled_from(["1", "2", "3"]), "q2": st.lists(st.sampled_from(["1", "2", "3"]), unique=True, min_size=1),
    "q4": st.sampled_from([0, -1, 2.5]), "q5": st.just("停车"),
})
STEPS = st.lists(st.one_of(
    st.tuples(st.just("submit"), st.sampled_from(["", "deputy", "media"]), RAW, st.sampled_from([-40, -1, 0])),
    st.tuples(st.just("fold"), st.integers(1, 4)),
    st.tuples(st.just("unfold"), st.integers(0, 3)),
    st.tuples(st.just("read")),
), max_size=14)


@settings(max_examples=20)
@given(steps=STEPS, anonymous=st.booleans())
def test_any_order_of_answering_folding_and_reading_gives_a_plain_count(session, steps, anonymous):
    with undone(session):
        asked = make.questionnaire(session, anonymous=anonymous)
        for name, *how in [*steps, ("fold", 100), ("read",)]:
            if name == "submit":
                make.response(session, asked, how[1], segment=how[0], now=TODAY + timedelta(days=how[2]))
            elif name == "fold":
                fold(session, asked, now=TODAY, at_most=how[0], fewest=2)
            elif name == "unfold":
                unfold(session, asked, session.scalars(sa.select(Response.id).order_by(Response.id).limit(how[0])).all())
            else:
                assert counted(session, asked) == plain(session, asked)


def test_what_is_folded_is_counted_from_the_kept_figures_alone(session):
    asked = make.questionnaire(session)
    for level in "5543":
        make.response(session, asked, {"q3": level, "q1": "1"}, context="spring")
    assert fold(session, asked, now=TODAY, at_most=3) == 3
    assert fold(session, asked, now=TODAY, at_most=3) == 1
    assert fold(session, asked, now=TODAY, at_most=3) == 0
    before = counted(session, asked, context="spring")
    session.execute(sa.delete(Answer))
    session.expire_all()
    assert counted(session, asked, context="spring") == before
    assert counted(session, asked, context="autumn") == ({}, {})
    assert due(session, now=TODAY) == []


def test_days_and_given_answers_narrow_what_is_counted(session):
    asked = make.questionnaire(session)
    for days, level, option in ((0, "5", "1"), (1, "5", "2"), (2, "1", "2")):
        make.response(session, asked, {"q3": level, "q1": option}, now=TODAY + timedelta(days=days))
    ids = {one.code: one.id for section in asked.sections for one in section.questions}
    fold(session, asked, now=TODAY, at_most=2)
    day = TODAY.date()

    def responses(**which):
        return count(session, asked, Which(**which)).get("", tallies.Counted(0, {})).responses

    assert responses(since=day + timedelta(days=1)) == 2
    assert responses(until=day) == 1
    assert responses(given=((ids["q3"], "", "5"),)) == 2
    assert responses(given=((ids["q3"], "", "5"), (ids["q1"], "", "2"))) == 1
    assert responses(given=((ids["q1"], "", "3"),)) == 0


def test_what_staff_leave_out_is_not_counted(session):
    asked = make.questionnaire(session)
    out, stays = (make.response(session, asked, {"q3": level}) for level in "15")
    fold(session, asked, now=TODAY)
    unfold(session, asked, [out.id])
    out.excluded_at = TODAY
    session.flush()
    fold(session, asked, now=TODAY)
    assert count(session, asked, Which())[""].responses == 1
    assert {n: times for n, times in count(session, asked, Which())[""].question(ask_id(asked, "q3")).numbers.items() if times} == {5.0: 1}
    assert stays.id != out.id


def ask_id(asked, code):
    return next(one.id for section in asked.sections for one in section.questions if one.code == code)


def test_a_reading_is_one_statement(session):
    asked = make.questionnaire(session)
    make.response(session, asked)
    with count_queries(session) as seen:
        count(session, asked, Which(context="spring"))
    assert len(seen) == 1


def test_several_who_fold_while_people_answer_and_read_lose_and_double_nothing(fresh_engine):
    with Session(fresh_engine) as session, session.begin():
        key = make.questionnaire(session).id
    people, readings, failures = 40, [], []
    done = threading.Event()

    def work(job):
        try:
            while not done.is_set():
                with Session(fresh_engine) as session, session.begin():
                    job(session, session.get_one(Questionnaire, key))
                time.sleep(0.005)  # room for the others
        except Exception as error:  # noqa: BLE001 -- told below
            failures.append(error)

    def reading(session, asked):
        values, sheets = counted(session, asked)
        readings.append((sheets.get("", 0), sum(n for (_, question, _), n in values.items() if question == ask_id(asked, "q3"))))

    threads = [threading.Thread(target=work, args=(lambda s, q: fold(s, q, now=TODAY, at_most=7),)) for _ in range(3)]
    threads.append(threading.Thread(target=work, args=(reading,)))
    for thread in threads:
        thread.start()
    for number in range(people):
        with Session(fresh_engine) as session, session.begin():
            make.response(session, session.get_one(Questionnaire, key), {"q3": str(number % 5 + 1), "q1": "1"})
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert all(sheets == levels for sheets, levels in readings)
    assert [sheets for sheets, _ in readings] == sorted(sheets for sheets, _ in readings)
    with Session(fresh_engine) as session, session.begin():
        asked = session.get_one(Questionnaire, key)
        while fold(session, asked, now=TODAY, at_most=9):
            pass
        kept = session.scalar(sa.select(sa.func.sum(Tallied.count)).where(Tallied.question_id == tallies.SHEETS))
        assert (kept, counted(session, asked)) == (people, plain(session, asked))
