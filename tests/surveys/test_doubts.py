"""What looks sent by a program, or sent again and again, is shown to people and never dropped; what they leave out does not count."""

import make
import pytest

from surveys import doubts, raw, summaries, tallies
from surveys.doubts import ReasonMissing
from surveys.responses import fingerprint

NOW = make.NOW
WORDS = "希望多举办这样的活动，让企业当面了解"


@pytest.fixture
def questionnaire(session):
    return make.questionnaire(session)


def listed(session, questionnaire, **which):
    return {one.id for one in session.scalars(doubts.find(questionnaire, **which))}


def test_the_same_words_sent_twice_are_shown_side_by_side_however_they_are_spaced(session, questionnaire):
    alike = [make.response(session, questionnaire, {"q3": "5", "q6": words}) for words in (WORDS, f" {WORDS}！", WORDS.replace("，", ", "))]
    make.response(session, questionnaire, {"q3": "5", "q6": "完全不同的意见，写得也很长"})
    for _ in range(3):
        make.response(session, questionnaire, {"q3": "5", "q6": "很好"})  # what many rightly say
    found = session.scalars(doubts.find(questionnaire)).all()
    assert {one.id for one in found} == {one.id for one in alike}
    assert doubts.alike(session, found) == {one.id: 2 for one in alike}
    assert doubts.texts(session, found)[alike[0].id] == [WORDS]


def test_a_filled_in_trap_is_shown(session, questionnaire):
    trapped = make.response(session, questionnaire, trapped=True)
    make.response(session, questionnaire)
    assert listed(session, questionnaire) == {trapped.id}


def test_who_is_known_may_say_what_others_say(session, questionnaire):
    for respondent in "ab":
        make.response(session, questionnaire, {"q3": "5", "q6": WORDS}, respondent=respondent)
    assert listed(session, questionnaire) == set()


def test_the_same_words_on_another_occasion_are_no_repetition(session, questionnaire):
    spring, autumn = (make.response(session, questionnaire, {"q3": "5", "q6": WORDS}, context=context) for context in ("spring", "autumn"))
    assert listed(session, questionnaire) == set()
    again = make.response(session, questionnaire, {"q3": "5", "q6": WORDS}, context="autumn")
    make.response(session, questionnaire, trapped=True)
    assert doubts.alike(session, [spring, autumn, again]) == {autumn.id: 1, again.id: 1}
    assert listed(session, questionnaire, like=again) == {autumn.id, again.id}


@pytest.mark.parametrize("folded", [False, True])
def test_what_is_left_out_does_not_count_until_it_is_taken_back_in(session, questionnaire, folded):
    kept, spam = make.response(session, questionnaire, {"q3": "5"}), make.response(session, questionnaire, {"q3": "1", "q6": WORDS}, trapped=True)

    def counted():
        if folded:
            tallies.fold(session, questionnaire, now=NOW)
        summary = summaries.summarise(session, questionnaire)
        texts = session.scalars(summaries.open_answers(questionnaire)).all()
        return summary.responses, summary.question("q3").tally.mean, len(texts), len(list(raw.raw_rows(session, questionnaire)))

    assert counted() == (2, 3, 1, 2)
    with pytest.raises(ReasonMissing):
        doubts.exclude(session, spam, reason="  ", now=NOW)
    doubts.exclude(session, spam, reason="广告", now=NOW)
    assert counted() == (1, 5, 0, 1)
    doubts.exclude(session, spam, reason="又一次", now=NOW)
    assert (spam.excluded_for, counted()) == ("广告", (1, 5, 0, 1))
    assert (listed(session, questionnaire, excluded=True), listed(session, questionnaire, excluded=False)) == ({spam.id}, set())
    doubts.include(session, spam, reason="看错了")
    assert (spam.excluded_at, spam.excluded_for, counted()) == (None, "", (2, 3, 1, 2))
    assert kept.excluded_at is None


def test_nothing_but_ticks_has_no_fingerprint():
    assert fingerprint([]) is None
