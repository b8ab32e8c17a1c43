"""What is shown of an anonymous questionnaire, seen again and again while people answer: nobody is told by the difference."""

import random
import threading
from datetime import timedelta
from itertools import combinations, pairwise

import make
import sqlalchemy as sa
from sqlalchemy.orm import Session

from surveys import doubts, questionnaires, releases, tallies
from surveys.crosstabs import crosstab
from surveys.questionnaires import Questionnaire, State
from surveys.raw import raw_rows
from surveys.responses import Response
from surveys.summaries import open_answers, summarise

NOW = make.NOW
ASKS = ({"kind": "scale", "text": "满意吗"}, {"kind": "text", "text": "意见"})


def shown(session, questionnaire):
    """Which responses all that leaves is made of, by group and by month, each by what was written in it."""
    rows = list(raw_rows(session, questionnaire))
    said = {answer.text for answer in session.scalars(open_answers(questionnaire))}
    summary = summarise(session, questionnaire)
    groups = {}
    for row in rows:
        groups.setdefault(row.segment, set()).add(row.answers["q2"])
        groups.setdefault(row.submitted_on, set()).add(row.answers["q2"])
    assert said == {row.answers["q2"] for row in rows}
    assert (summary.responses, summary.by_segment) == (len(rows), {key: len(own) for key, own in groups.items() if isinstance(key, str)})
    assert {row.code: row.count for row in summary.question("q1").tally.rows} == {
        level: sum(row.answers["q1"] == int(level) for row in rows) for level in "54321"}
    assert crosstab(session, questionnaire, "segment", "q1").base == len(rows)
    return groups


def changed(before, after):
    """How many responses have come or gone in all, and in each group and month."""
    return [len(set().union(*before.values()) ^ set().union(*after.values())),
            *(len(before.get(key, set()) ^ after.get(key, set())) for key in before.keys() | after.keys())]


def act(session, questionnaire, number, step):
    name, *how = step
    if name == "answer":
        if questionnaire.state is State.CLOSED:
            questionnaires.open_for_answers(session, questionnaire, now=NOW)
        make.response(session, questionnaire, {"q1": how[1], "q2": f"意见{number}"}, segment=how[0], now=NOW + timedelta(days=how[2]))
    elif name == "close" and questionnaire.state is State.OPEN:
        questionnaires.close(session, questionnaire, now=NOW)
    elif name == "judge":
        found = session.scalars(sa.select(Response).order_by(Response.id).offset(how[0]).limit(how[1])).all()
        for one in found:
            doubts.include(session, one, reason="看过") if one.excluded_at else doubts.exclude(session, one, reason="看过", now=NOW)
    tallies.fold(session, questionnaire, now=NOW, at_most=7)
    session.expire_all()


def walk(session, *names):
    """Results over time, beginning with none, while 80 things happen: now and then one of these kinds, else somebody answers."""
    dice, questionnaire, seen = random.Random(8), make.questionnaire(session, asks=ASKS, anonymous=True), [{}]
    for number in range(80):
        name = dice.choice(names) if dice.random() < 0.1 else "answer"
        how = (dice.choice(["", "deputy", "media"]), dice.choice("12345"), dice.randint(0, 40)) if name == "answer" else (dice.randint(0, 9), dice.randint(1, 6))
        act(session, questionnaire, number, (name, *how))
        if (now_shown := shown(session, questionnaire)) != seen[-1]:
            seen.append(now_shown)
    return seen


def test_any_two_results_differ_by_nobody_or_by_five_of_every_group_and_month(session):
    seen = walk(session, "close")
    assert len(seen) > 3
    assert [n for before, after in combinations(seen, 2) for n in changed(before, after) if 0 < n < releases.FEWEST] == []


def test_what_staff_leave_out_goes_in_groups_too(session):
    seen = walk(session, "close", "judge", "judge")
    assert len(seen) > 3
    assert [n for before, after in pairwise(seen) for n in changed(before, after) if 0 < n < releases.FEWEST] == []


def answer(session, questionnaire, number, *, segment="", **changes):
    for place in range(number):
        make.response(session, questionnaire, {"q1": "5", "q2": f"{segment}{place}"}, segment=segment, **changes)


def test_five_stay_behind_until_the_questionnaire_is_over_and_then_nobody(session):
    asked, counts = make.questionnaire(session, asks=ASKS, anonymous=True), []
    for _ in range(13):
        answer(session, asked, 1)
        assert tallies.due(session, now=NOW) == ([asked.id] if len(counts) == 9 else [])
        tallies.fold(session, asked, now=NOW)
        counts.append((summarise(session, asked).responses, releases.waiting(session, asked, context="")))
    assert counts == [*((0, n) for n in range(1, 10)), *((5, n) for n in range(5, 9))]
    questionnaires.close(session, asked, now=NOW)
    assert tallies.due(session, now=NOW) == [asked.id]
    tallies.fold(session, asked, now=NOW)
    assert (summarise(session, asked).responses, releases.waiting(session, asked, context=""), tallies.due(session, now=NOW)) == (13, 0, [])


def test_small_groups_are_told_of_no_more_when_it_is_over_but_counted(session):
    asked = make.questionnaire(session, asks=ASKS, anonymous=True, closes_at=NOW + timedelta(days=1))
    for segment, number in (("deputy", 2), ("village", 6), ("enterprise", 12)):
        answer(session, asked, number, segment=segment)
    tallies.fold(session, asked, now=NOW)
    assert summarise(session, asked).by_segment == {"enterprise": 7}
    tallies.fold(session, asked, now=NOW + timedelta(days=1))
    assert summarise(session, asked).by_segment == {"": 8, "enterprise": 12}


def test_few_who_come_when_it_was_opened_again_are_never_shown_alone(session):
    asked = make.questionnaire(session, asks=ASKS, anonymous=True)
    answer(session, asked, 6)
    for more in (0, 4):
        answer(session, asked, more)
        questionnaires.close(session, asked, now=NOW)
        tallies.fold(session, asked, now=NOW)
        assert (summarise(session, asked).responses, releases.waiting(session, asked, context="")) == (6, more)
        questionnaires.open_for_answers(session, asked, now=NOW)


def test_however_many_wait_no_step_leaves_too_few_for_the_next(session):
    asked, seen = make.questionnaire(session, asks=ASKS, anonymous=True), []
    answer(session, asked, 23)
    questionnaires.close(session, asked, now=NOW)
    while step := tallies.fold(session, asked, now=NOW, at_most=7):
        seen.append(step)
    assert seen == [7, 7, 9]


def test_a_response_left_out_before_it_was_shown_never_is_and_afterwards_goes_with_the_next_group(session):
    asked = make.questionnaire(session, asks=ASKS, anonymous=True)
    answer(session, asked, 11)
    waits = session.scalars(sa.select(Response)).first()
    doubts.exclude(session, waits, reason="机器提交", now=NOW)
    tallies.fold(session, asked, now=NOW)
    out = session.scalars(sa.select(Response).where(Response.folded)).first()
    doubts.exclude(session, out, reason="机器提交", now=NOW)
    assert tallies.fold(session, asked, now=NOW) == 0
    assert summarise(session, asked).responses == 5
    answer(session, asked, 5)
    assert tallies.fold(session, asked, now=NOW) == 6
    assert summarise(session, asked).responses == 9


def test_staff_judge_no_doubtful_response_before_it_is_released(session):
    asked, listed = make.questionnaire(session, asks=ASKS, anonymous=True), []
    for _ in range(5):
        make.response(session, asked, {"q2": "希望能多举办几次这样的开放日活动"}, trapped=True)
    listed.append(len(session.scalars(doubts.find(asked)).all()))
    questionnaires.close(session, asked, now=NOW)
    tallies.fold(session, asked, now=NOW)
    found = session.scalars(doubts.find(asked)).all()
    listed.append(len(found))
    doubts.exclude(session, found[0], reason="机器提交", now=NOW)
    assert [*listed, len(session.scalars(doubts.find(asked, excluded=True)).all())] == [0, 5, 1]


def test_two_who_release_at_the_same_moment_release_the_same(fresh_engine):
    with Session(fresh_engine) as session, session.begin():
        asked = make.questionnaire(session, asks=ASKS, anonymous=True)
        answer(session, asked, 12)
        key = asked.id
    steps, together = [], threading.Barrier(2)

    def release():
        with Session(fresh_engine) as session, session.begin():
            together.wait()
            steps.append(tallies.fold(session, session.get_one(Questionnaire, key), now=NOW))

    threads = [threading.Thread(target=release) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(steps) == [0, 7]
