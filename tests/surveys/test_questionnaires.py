"""Questionnaires are built, opened, closed, copied and found."""

from datetime import timedelta

import pytest

import surveys
from surveys import questionnaires, questions
from surveys.forms import form_of
from surveys.questionnaires import NEXT, State
from surveys.responses import submit
from surveys.templates import TEMPLATES, NoSuchTemplate, create_from_template


@pytest.fixture
def questionnaire(session, now):
    """Two sections with q1, q2 and q3."""
    made = questionnaires.create(session, title="问卷", now=now)
    first = questions.add_section(session, made, title="一", title_en="One", now=now)
    second = questions.add_section(session, made, title="二", now=now)
    questions.add_question(session, first, kind="single", text="甲？", text_en="A?", options=["是", "否"], now=now)
    questions.add_question(session, first, kind="text", text="乙？", now=now)
    questions.add_question(session, second, kind="number", text="丙？", settings={"max": 5}, now=now)
    return made


def outline(session, questionnaire):
    session.expire_all()
    return {section.title: [question.code for question in section.questions] for section in form_of(session, questionnaire).sections}


def asked(session, questionnaire, code):
    return next(question for section in questionnaire.sections for question in section.questions if question.code == code)


def answer(session, questionnaire, now):
    questionnaires.open_for_answers(session, questionnaire, now=now)
    submit(session, questionnaire, {"q1": "1"}, now=now)


def test_the_door_exports_what_it_says():
    assert [name for name in surveys.__all__ if not hasattr(surveys, name)] == []


def test_a_form_holds_questions_in_order_with_complete_settings_and_falls_back_to_chinese(session, questionnaire):
    form = form_of(session, questionnaire)
    assert [(one.number, one.code, one.kind, one.label("en")) for one in form.questions] == [
        (1, "q1", "single", "A?"), (2, "q2", "text", "乙？"), (3, "q3", "number", "丙？"),
    ]
    assert form.question("q3").settings.items() >= {"min": None, "max": 5, "integer": False, "unit": "", "unit_en": "", "slider": False}.items()
    assert [section.label("en") for section in form.sections] == ["One", "二"]
    assert form.question("q9") is None


def test_every_change_gives_another_form_and_no_change_the_same(session, questionnaire, now):
    form = form_of(session, questionnaire)
    assert form_of(session, questionnaire) is form
    questions.edit_question(session, asked(session, questionnaire, "q2"), text="改？", required=True, now=now)
    assert form_of(session, questionnaire).question("q2").text == "改？"
    assert form.question("q2").text == "乙？"


def test_questions_move_within_and_across_sections_and_stop_at_the_ends(session, questionnaire, now):
    def move(code, way):
        questions.move_question(session, asked(session, questionnaire, code), way, now=now)
        return outline(session, questionnaire)

    assert move("q2", "up") == {"一": ["q2", "q1"], "二": ["q3"]}
    assert move("q1", "down") == {"一": ["q2"], "二": ["q1", "q3"]}
    assert move("q1", "down") == {"一": ["q2"], "二": ["q3", "q1"]}
    assert move("q1", "down") == {"一": ["q2"], "二": ["q3", "q1"]}
    assert move("q3", "up") == {"一": ["q2", "q3"], "二": ["q1"]}
    assert move("q2", "up") == {"一": ["q2", "q3"], "二": ["q1"]}


def test_a_removed_question_keeps_its_code_and_an_empty_section_can_go(session, questionnaire, now):
    first, second = questionnaire.sections
    with pytest.raises(questions.SectionNotEmpty):
        questions.remove_section(session, second, now=now)
    questions.remove_question(session, asked(session, questionnaire, "q3"), now=now)
    questions.remove_section(session, second, now=now)
    questions.remove_question(session, asked(session, questionnaire, "q1"), now=now)
    assert questions.add_question(session, first, kind="scale", text="丁？", now=now).code == "q4"
    assert outline(session, questionnaire) == {"一": ["q2", "q4"]}


def test_another_kind_starts_from_its_own_settings_and_the_same_kind_keeps_them(session, questionnaire, now):
    question = asked(session, questionnaire, "q3")
    questions.edit_question(session, question, text="丙丙？", now=now)
    assert question.settings["max"] == 5
    questions.edit_question(session, question, kind="scale", now=now)
    assert "max" not in question.settings


@pytest.mark.parametrize("fields, refusal, field", [
    ({"kind": "text", "text": " "}, "text_missing", "text"),
    ({"kind": "text", "text": "字" * 501}, "text_too_long", "text"),
    ({"kind": "text", "text": "问", "code": "q1"}, "code_taken", "code"),
    ({"kind": "text", "text": "问", "code": "q1.other"}, "bad_code", "code"),
    ({"kind": "magic", "text": "问"}, "unknown_kind", "kind"),
    ({"text": "问"}, "unknown_kind", "kind"),
    ({"kind": "single", "text": "问"}, "options_missing", "options"),
    ({"kind": "text", "text": "问", "settings": {"min": 1}}, "bad_setting", "settings"),
])
def test_a_question_that_cannot_be_asked_is_refused_at_its_field(session, questionnaire, now, fields, refusal, field):
    before = outline(session, questionnaire)
    with pytest.raises(surveys.SurveyError) as caught:
        questions.add_question(session, questionnaire.sections[0], now=now, **fields)
    assert (caught.value.code, caught.value.field, outline(session, questionnaire)) == (refusal, field, before)


def test_once_answered_a_questionnaire_stays_and_so_does_what_was_promised(session, questionnaire, now):
    answer(session, questionnaire, now)
    for refused in (
        lambda: questionnaires.remove(session, questionnaire, now=now),
        lambda: questionnaires.edit(session, questionnaire, anonymous=True, now=now),
    ):
        with pytest.raises(questionnaires.Frozen):
            refused()
    questionnaires.edit(session, questionnaire, title="新", closes_at=now + timedelta(days=1), now=now)
    assert (questionnaire.title, questionnaire.anonymous) == ("新", False)


def test_a_copy_is_a_draft_with_the_same_questions_that_can_be_changed(session, questionnaire, now):
    answer(session, questionnaire, now)
    twin = questionnaires.copy(session, questionnaire, title="第二版", now=now)
    questions.remove_question(session, asked(session, twin, "q1"), now=now)
    assert (twin.state, twin.title, outline(session, twin)) == (State.DRAFT, "第二版", {"一": ["q2"], "二": ["q3"]})
    assert outline(session, questionnaire) == {"一": ["q1", "q2"], "二": ["q3"]}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("way, wanted", [("open_for_answers", State.OPEN), ("close", State.CLOSED)])
def test_a_questionnaire_goes_only_where_the_table_says(session, questionnaire, now, state, way, wanted):
    questionnaire.state = state
    go = getattr(questionnaires, way)
    if wanted in NEXT[state]:
        go(session, questionnaire, now=now)
        assert questionnaire.state is wanted
    else:
        with pytest.raises(questionnaires.WrongState) as caught:
            go(session, questionnaire, now=now)
        assert (caught.value.facts, questionnaire.state) == ({"state": state.value, "wanted": wanted.value}, state)


def test_an_empty_questionnaire_cannot_be_opened(session, now):
    empty = questionnaires.create(session, title="空", now=now)
    with pytest.raises(questionnaires.NothingToAsk):
        questionnaires.open_for_answers(session, empty, now=now)


def test_it_accepts_answers_while_open_from_its_opening_to_before_its_closing(session, questionnaire, now):
    hour = timedelta(hours=1)
    questionnaires.edit(session, questionnaire, opens_at=now, closes_at=now + hour, now=now)
    assert not questionnaires.accepts(questionnaire, now=now)
    questionnaires.open_for_answers(session, questionnaire, now=now)
    assert [questionnaires.accepts(questionnaire, now=now + hour * n / 2) for n in (-1, 0, 1, 2)] == [False, True, True, False]


def test_a_title_is_needed_and_it_closes_after_it_opens(session, questionnaire, now):
    with pytest.raises(questionnaires.TitleMissing):
        questionnaires.create(session, title=" ", now=now)
    with pytest.raises(questionnaires.ClosesBeforeOpens) as caught:
        questionnaires.edit(session, questionnaire, opens_at=now, closes_at=now, title="改", now=now)
    assert (caught.value.field, questionnaire.title) == ("closes_at", "问卷")


def test_questionnaires_are_found_by_words_and_state_in_the_wanted_order(session, now):
    for minutes, title in enumerate(["开放日 100%", "培训评价", "开放日二"]):
        questionnaires.create(session, title=title, title_en=f"T{minutes}", now=now + timedelta(minutes=minutes))

    def titles(**wanted):
        return [found.title for found in session.scalars(questionnaires.find(**wanted))]

    assert titles() == ["开放日二", "培训评价", "开放日 100%"]
    assert titles(words="开放日", sort="updated") == ["开放日 100%", "开放日二"]
    assert titles(words="t1") == ["培训评价"]
    assert titles(words="0%") == ["开放日 100%"]
    assert titles(state=State.OPEN) == []
    assert titles(sort="nonsense") == titles()


def test_what_is_not_there_is_not_found(session):
    for get in (questionnaires.get, questions.get_section, questions.get_question):
        with pytest.raises(surveys.NotFound):
            get(session, 4711)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_makes_a_bilingual_draft(session, now, name):
    made = create_from_template(session, name, now=now)
    form = form_of(session, made)
    assert 8 <= len(form.questions) <= 12
    texts = [made.title_en, made.intro_en, made.thanks_en, *(section.title_en for section in form.sections)]
    texts += [text for one in form.questions for text in (one.text_en, *(option.label("en") for option in one.options))]
    assert all(text.isascii() and text for text in texts)
    assert all(bool(one.hint) == bool(one.hint_en) for one in form.questions)


def test_a_template_takes_another_title_and_an_unknown_one_is_refused(session, now):
    assert create_from_template(session, "open_day", title="第三季度开放日问卷", now=now).title == "第三季度开放日问卷"
    with pytest.raises(NoSuchTemplate):
        create_from_template(session, "closed_day", now=now)
