"""What was answered stays readable under the version it was answered in, and staff go on changing."""

from datetime import timedelta

import make
import pytest
import sqlalchemy as sa

from surveys import (
    bank,
    draft_of,
    form_of,
    form_of_version,
    questionnaires,
    questions,
    raw_rows,
    summarise,
    versions,
    whole_form,
    wordings,
)
from surveys.differences import WHAT, Difference, differences
from surveys.questionnaires import Question
from surveys.responses import Response, submit


@pytest.fixture
def asked(session):
    """An open questionnaire: q1 single (甲 1, 乙 2), q2 number in 次, q3 text; answered once."""
    made = make.questionnaire(session, asks=[
        {"kind": "single", "text": "印象", "options": ["甲", "乙"]},
        {"kind": "number", "text": "次数", "settings": {"unit": "次"}},
        {"kind": "text", "text": "建议"},
    ])
    submit(session, made, {"q1": "1", "q2": "3", "q3": "好"}, now=make.NOW)
    return made


def one(questionnaire, code):
    return next(each for section in questionnaire.sections for each in section.questions if each.code == code)


def texts(form):
    return [each.text for each in form.questions]


def labels(form, code):
    return [option.label_zh for option in form.question(code).options]


def test_a_change_reaches_people_only_once_it_is_published(session, asked, now):
    questions.edit_question(session, one(asked, "q3"), text="意见建议", now=now)
    questions.remove_question(session, one(asked, "q2"), now=now)
    assert (texts(form_of(session, asked)), texts(draft_of(asked))) == (["印象", "次数", "建议"], ["印象", "意见建议"])
    assert versions.unpublished(session, asked)
    assert questionnaires.publish(session, asked, now=now + timedelta(hours=1), by="user:wang")
    assert (asked.version, texts(form_of(session, asked)), texts(form_of_version(session, asked, 1))) == (
        2, ["印象", "意见建议"], ["印象", "次数", "建议"])
    assert [(each.number, each.made_at, each.by) for each in versions.versions(session, asked)] == [
        (1, make.NOW, ""), (2, now + timedelta(hours=1), "user:wang")]
    assert not versions.unpublished(session, asked)
    assert not questionnaires.publish(session, asked, now=now)


def test_a_response_names_the_version_of_the_sheet_that_was_filled_in(session, asked, now):
    questions.remove_question(session, one(asked, "q2"), now=now)
    questionnaires.publish(session, asked, now=now)
    submit(session, asked, {"q1": "2", "q2": "7"}, version=1, now=now)
    submit(session, asked, {"q1": "2", "q2": "7"}, now=now)
    with pytest.raises(versions.NoSuchVersion):
        submit(session, asked, {}, version=9, now=now)
    assert sorted(session.scalars(sa.select(Response.version))) == [1, 1, 2]
    answered = sa.text("SELECT count(*) FROM answer WHERE question_id = :id")
    removed = session.scalars(sa.select(Question).where(Question.code == "q2")).one()
    assert session.scalar(answered, {"id": removed.id}) == 2


def test_what_was_removed_stands_after_the_rest_with_the_version_that_removed_it(session, asked, now):
    questions.edit_question(session, one(asked, "q1"), options=[{"code": "2", "label": "乙组"}, "丙"], now=now)
    questions.remove_question(session, one(asked, "q2"), now=now)
    questionnaires.publish(session, asked, now=now)
    whole = whole_form(session, asked)
    assert texts(whole) == ["印象", "建议", "次数（已删除，第 2 版）"]
    assert labels(whole, "q1") == ["乙组", "丙", "甲（已删除，第 2 版）"]
    assert [option.code for option in whole.question("q1").options] == ["2", "3", "1"]
    assert labels(form_of(session, asked), "q1") == ["乙组", "丙"]


def test_a_new_option_never_gets_the_code_of_one_that_was_removed(session, asked, now):
    questions.edit_question(session, one(asked, "q1"), options=[{"code": "1", "label": "甲"}, "丙"], now=now)
    questionnaires.publish(session, asked, now=now)
    questions.edit_question(session, one(asked, "q1"), options=[{"code": "1", "label": "甲"}, "丁"], now=now)
    assert [option["code"] for option in one(asked, "q1").options] == ["1", "4"]


@pytest.mark.parametrize("code, change, same", [
    ("q2", {"settings": {"unit": "次", "min": 1}}, True),
    ("q2", {"settings": {"unit": "小时"}}, False),
    ("q3", {"kind": "long_text"}, False),
    ("q3", {"text": "您的建议", "hint": "一句话", "required": True}, True),
])
def test_a_question_keeps_its_id_and_code_while_it_means_the_same(session, asked, now, code, change, same):
    before = one(asked, code)
    after = questions.edit_question(session, before, now=now, **change)
    assert ((after.id, after.code) == (before.id, before.code), before.section_id is not None) == (same, same)
    place = {"q2": 1, "q3": 2}[code]
    assert [each.id for each in asked.sections[0].questions].index(after.id) == place


def test_before_the_first_version_anything_may_change(session, now):
    draft = make.questionnaire(session, state="draft", asks=[{"kind": "text", "text": "建议"}])
    before = one(draft, "q1")
    after = questions.edit_question(session, before, kind="long_text", now=now)
    assert (after is before, after.kind, versions.versions(session, draft), versions.unpublished(session, draft)) == (True, "long_text", [], False)


def test_a_removed_question_can_be_brought_back_to_its_place(session, asked, now):
    question, section = one(asked, "q2"), asked.sections[0]
    questions.remove_question(session, question, now=now)
    questions.place_question(session, questions.get_removed(session, question.id), section, 1, now=now)
    assert (texts(draft_of(asked)), versions.unpublished(session, asked)) == (["印象", "次数", "建议"], False)
    with pytest.raises(questions.NoSuchQuestion):
        questions.get_removed(session, question.id)


def test_publishing_forgets_what_nobody_was_asked_and_keeps_what_somebody_was(session, asked, now):
    never = questions.add_question(session, asked.sections[0], kind="text", text="问", now=now)
    for question in (never, one(asked, "q3")):
        questions.remove_question(session, question, now=now)
    questionnaires.publish(session, asked, now=now)
    assert sorted(session.scalars(sa.select(Question.code).where(Question.questionnaire_id == asked.id))) == ["q1", "q2", "q3"]


def test_other_texts_are_a_version_at_once_without_the_questions_that_wait(session, asked, now):
    questions.edit_question(session, one(asked, "q3"), text="意见", now=now)
    questionnaires.edit(session, asked, intro="三分钟", now=now, by="user:li")
    last = versions.versions(session, asked)[-1]
    assert (last.number, last.by, last.content["intro"], texts(form_of(session, asked))) == (2, "user:li", "三分钟", ["印象", "次数", "建议"])
    questionnaires.edit(session, asked, closes_at=now + timedelta(days=1), now=now)
    assert asked.version == 2


def test_closing_and_opening_again_publishes_what_was_changed(session, asked, now):
    questionnaires.close(session, asked, now=now)
    questions.add_question(session, asked.sections[0], kind="text", text="新", now=now)
    questionnaires.open_for_answers(session, asked, now=now)
    assert (asked.version, texts(form_of(session, asked))) == (2, ["印象", "次数", "建议", "新"])


def test_differences_are_told_one_by_one(session, asked, now):
    before = versions.content_of(asked)
    questions.edit_question(session, one(asked, "q1"), text="印象最深", options=[{"code": "2", "label": "乙组"}, {"code": "1", "label": "甲"}, "丙"], now=now)
    questions.move_question(session, one(asked, "q3"), "up", now=now)
    questions.remove_question(session, one(asked, "q2"), now=now)
    second = questions.add_section(session, asked, title="其他", now=now)
    questions.add_question(session, second, kind="text", text="新", now=now)
    assert differences(before, versions.content_of(asked)) == [
        Difference("section_added", "其他"),
        Difference("text", "印象最深", 1, "印象", "印象最深"),
        Difference("option_added", "印象最深", 1, after="丙"),
        Difference("option_label", "印象最深", 1, "乙", "乙组"),
        Difference("options_moved", "印象最深", 1),
        Difference("added", "新", 3),
        Difference("removed", "次数", 2),
    ]
    assert {change.what for change in differences(before, versions.content_of(asked))} <= set(WHAT)
    assert differences(before, before) == []


def test_sections_move_and_are_doubled_with_their_questions(session, asked, now):
    first = asked.sections[0]
    questions.edit_section(session, first, title="一", now=now)
    questions.add_section(session, asked, title="二", now=now)
    twin = questions.duplicate_section(session, first, now=now)
    assert [(section.title, len(section.questions)) for section in asked.sections] == [("一", 3), ("一", 3), ("二", 0)]
    questions.place_section(session, twin, 9, now=now)
    assert [section.title for section in asked.sections] == ["一", "二", "一"]
    copied = questions.duplicate_question(session, one(asked, "q1"), now=now)
    assert [each.code for each in first.questions] == ["q1", copied.code, "q2", "q3"]


def test_what_is_taken_from_the_bank_is_a_copy(session, asked, now):
    item = bank.keep_question(session, one(asked, "q1"), now=now)
    assert bank.keep_question(session, one(asked, "q1"), now=now) is item
    whole = bank.keep_section(session, asked.sections[0], now=now)
    other = make.questionnaire(session, state="draft", asks=[])
    (copied,) = bank.take(session, item, other, None, now=now)
    questions.edit_question(session, copied, text="改了", now=now)
    assert (one(asked, "q1").text, item.content[0]["text"], one(other, "q1").options) == ("印象", "印象", one(asked, "q1").options)
    assert len(bank.take(session, whole, other, None, now=now)) == 3
    assert [found.id for found in session.scalars(bank.find(words="乙"))] == [item.id, whole.id]
    assert [found.id for found in session.scalars(bank.find(words="乙", kinds=[bank.SECTION]))] == [whole.id]
    bank.remove(session, item)
    assert len(other.sections[0].questions) == 1


def test_the_bank_is_filled_with_the_templates_once(session, now):
    made = bank.fill(session, now=now)
    assert (made > 20, bank.fill(session, now=now)) == (True, made)


def test_english_is_put_in_beside_the_chinese(session, now):
    made = make.questionnaire(session, state="draft", title="问卷", asks=[
        {"kind": "single", "text": "印象", "hint": "选一项", "options": [{"label": "甲", "label_en": "A"}, "乙"]},
        {"kind": "number", "text": "重量", "text_en": "Weight", "settings": {"unit": "kg"}},
        {"kind": "scale", "text": "评价", "text_en": "Rating"},
    ])
    first, number, scale = (each.id for each in made.sections[0].questions)
    missing = {one.key: one.chinese for one in wordings.wordings(made) if one.missing}
    assert missing == {"title": "问卷", f"question.{first}.text": "印象", f"question.{first}.hint": "选一项", f"question.{first}.option.2": "乙"}
    given = dict.fromkeys(missing, "In English") | {f"question.{scale}.setting.labels.0": "Great", "question.0.text": "nowhere"}
    assert wordings.translate(session, made, given, now=now) == 5
    assert (made.title_en, [one.key for one in wordings.wordings(made) if one.missing]) == ("In English", [])
    assert [option["label_en"] for option in made.sections[0].questions[0].options] == ["A", "In English"]
    assert made.sections[0].questions[2].settings["labels_en"][:2] == ["Great", "Satisfied"]
    assert session.get(Question, number).settings["unit_en"] == ""


def test_removed_rows_of_a_matrix_and_options_of_a_ranking_stay_readable(session, now):
    made = make.questionnaire(session, asks=[
        {"kind": kind, "text": "各厅", "options": ["一号厅", "二号厅", "三号厅"]} for kind in ("matrix", "grid", "ranking")])
    submit(session, made, {"q1.1": "5", "q1.2": "4", "q2.1": ["1", "2"], "q3.1": "1", "q3.2": "2"}, now=now)
    for question in made.sections[0].questions:
        questions.edit_question(session, question, options=question.options[1:], now=now)
    questionnaires.publish(session, made, now=now)
    gone = "一号厅（已删除，第 2 版）"
    for one, parts in zip(summarise(session, made).questions, (["二号厅", "三号厅", gone],) * 3, strict=True):
        assert [part.label_zh for part in one.tally.parts] == parts
        assert one.tally.parts[2].tally.answered == 1
    (row,) = raw_rows(session, made)
    assert row.answers == {"q1.2": 4, "q1.3": None, "q1.1": 5, "q2.2": None, "q2.3": None, "q2.1": "已经使用、希望使用",
                           "q3.2": 2, "q3.3": None, "q3.1": 1}
    assert [option.label_zh for option in form_of_version(session, made, 1).question("q1").parts] == ["一号厅", "二号厅", "三号厅"]


def test_a_summary_shows_what_was_removed_as_long_as_it_has_answers(session, asked, now):
    questions.edit_question(session, one(asked, "q1"), options=[{"code": "3", "label": "丙"}, {"code": "4", "label": "丁"}], now=now)
    questions.remove_question(session, one(asked, "q2"), now=now)
    never = questions.add_question(session, asked.sections[0], kind="text", text="没有人答", now=now)
    questionnaires.publish(session, asked, now=now)
    questions.remove_question(session, never, now=now)
    questionnaires.publish(session, asked, now=now)
    summary = summarise(session, asked)
    assert [one.question.text for one in summary.questions] == ["印象", "建议", "次数（已删除，第 2 版）"]
    assert [(row.label_zh, row.count) for row in summary.question("q1").tally.rows] == [("丙", 0), ("丁", 0), ("甲（已删除，第 2 版）", 1)]
    assert [(row.version, row.answers["q2"]) for row in raw_rows(session, asked)] == [(1, 3)]
