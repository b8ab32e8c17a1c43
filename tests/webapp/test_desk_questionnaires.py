"""The questionnaire editor, through HTTP and without a script."""

import re

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import audit, events
from surveys import KINDS, TEMPLATES
from surveys.questionnaires import Question, Questionnaire, Section, State
from webapp.forms.questionnaires import SETTING_WORDS


@pytest.fixture
def author(signed_in):
    return signed_in("analyst")


@pytest.fixture
def stored(saved):
    """`stored(Question)`: every row of a table, in the order in which people read it."""

    def read(table):
        with saved() as session:
            return list(session.scalars(sa.select(table).order_by(*([table.position] if table is Question else []), table.id)))

    return read


def errors(page):
    return dict(re.findall(r'<p class="error" id="([\w.-]+)-error">.*?<span>(.*?)</span>', page.text))


def test_a_questionnaire_is_built_opened_copied_and_deleted(author, stored, saved):
    assert author.post("/desk/questionnaires/new", data={"template": "", "title": "培训需求"}).location == "/desk/questionnaires/1"
    author.post("/desk/questionnaires/1/edit", data={"title": "培训需求问卷", "title_en": "Training needs", "anonymous": "y",
                                                      "closes_at": "2026-09-30T18:00"})
    author.post("/desk/questionnaires/1/sections/new", data={"title": "您的需求"})
    author.post("/desk/sections/1/questions/new?kind=single", data={"text": "您的身份", "options": "投标人 | Bidder\n代理机构", "required": "y"})
    author.post("/desk/sections/1/questions/new?kind=number", data={"text": "参加人数", "setting-min": "1", "setting-max": "2.5",
                                                                     "setting-unit": "人"})
    author.post("/desk/questions/2/up")
    assert author.post("/desk/questionnaires/1/open").status_code == 302

    made = stored(Questionnaire)[0]
    assert (made.title, made.title_en, made.anonymous, made.state) == ("培训需求问卷", "Training needs", True, State.OPEN)
    number, single = stored(Question)
    assert (number.text, number.settings) == ("参加人数", {"min": 1, "max": 2.5, "integer": False, "unit": "人", "unit_en": ""})
    assert (single.required, single.options) == (True, [
        {"code": "1", "label": "投标人", "label_en": "Bidder"}, {"code": "2", "label": "代理机构", "label_en": ""}])

    assert author.post("/desk/questionnaires/1/copy").location == "/desk/questionnaires/2"
    assert author.get("/desk/questionnaires/2/delete").status_code == 200
    assert author.post("/desk/questionnaires/2/delete").status_code == 302
    assert [each.id for each in stored(Questionnaire)] == [1]
    assert {each.questionnaire_id for each in stored(Question)} == {1}
    with saved() as session:
        actions = session.scalars(sa.select(audit.AuditEntry.action).order_by(audit.AuditEntry.id)).all()
    assert actions == [f"questionnaire.{each}" for each in (
        "create", "edit", "section.create", "question.create", "question.create", "question.move", "open", "copy", "delete")]


def test_an_option_that_keeps_its_wording_keeps_its_code(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=[{"kind": "single", "text": "印象", "options": ["甲", "乙", "丙"]}])
        question = made.sections[0].questions[0]
    author.post(f"/desk/questions/{question.id}/edit", data={"text": "印象最深的", "options": "丙\n丁｜Four\n甲"})
    assert [(each["label"], each["label_en"], each["code"]) for each in stored(Question)[0].options] == [
        ("丙", "", "3"), ("丁", "Four", "2"), ("甲", "", "1")]


def test_a_question_moves_into_the_next_section_and_is_removed_only_when_asked(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=[{"kind": "text", "text": "甲"}, {"kind": "text", "text": "乙"}])
        second = made.sections[0].questions[1]
    author.post(f"/desk/questionnaires/{made.id}/sections/new", data={"title": "其他"})
    assert author.post(f"/desk/questions/{second.id}/down").location.endswith(f"#question-{second.id}")
    sections = stored(Section)
    assert {each.text: each.section_id for each in stored(Question)} == {"甲": sections[0].id, "乙": sections[1].id}
    assert author.get(f"/desk/questions/{second.id}/remove").status_code == 200
    assert len(stored(Question)) == 2
    author.post(f"/desk/questions/{second.id}/remove")
    assert [(each.text, each.section_id) for each in stored(Question)] == [("甲", sections[0].id), ("乙", None)]
    author.post(f"/desk/sections/{sections[0].id}/remove")
    author.post(f"/desk/sections/{sections[1].id}/remove")
    assert [each.id for each in stored(Section)] == [sections[0].id]


@pytest.mark.parametrize("kind, data, field, words", [
    ("text", {"text": ""}, "text", "请填写此项。"),
    ("text", {"text": " "}, "text", "请填写问题。"),
    ("single", {"text": "甲", "options": ""}, "options", "请填写此项。"),
    ("single", {"text": "甲", "options": "只有一个"}, "options", "请至少填写两个选项，每行一个。"),
    ("multiple", {"text": "甲", "options": "乙\n丙", "setting-min": "0"}, "setting-min", "“至少选几项”的值不合适，请检查。"),
    ("multiple", {"text": "甲", "options": "乙\n丙", "setting-min": "2", "setting-max": "1"}, "setting-max",
     "“最多选几项”的值不合适，请检查。"),
    ("number", {"text": "甲", "setting-min": "五"}, "setting-min", "请填写数字，例如 2.5。"),
    ("scale", {"text": "甲", "setting-labels": "好\n坏", "setting-labels_en": "a\nb\nc\nd\ne"}, "setting-labels",
     "“五级名称，从好到差，每行一个”的值不合适，请检查。"),
    ("text", {"text": "甲", "setting-max_length": "501"}, "setting-max_length", "“最多字数”的值不合适，请检查。"),
])
def test_what_is_wrong_with_a_question_is_said_at_its_field(author, saved, stored, kind, data, field, words):
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=[])
        section = made.sections[0]
    page = author.post(f"/desk/sections/{section.id}/questions/new?kind={kind}", data=data)
    assert (page.status_code, errors(page)) == (422, {field: words})
    assert stored(Question) == []


def test_every_kind_and_every_setting_has_a_form_with_words(author, saved):
    with saved() as session:
        section = make.questionnaire(session, state="draft", asks=[]).sections[0]
    for code, kind in KINDS.items():
        page = author.get(f"/desk/sections/{section.id}/questions/new?kind={code}")
        fields = set(re.findall(r'name="setting-(\w+)"', page.text))
        assert (page.status_code, fields) == (200, set(kind.SETTINGS))
        assert all(name in SETTING_WORDS or f"{code}.{name}" in SETTING_WORDS for name in kind.SETTINGS)
    assert author.get(f"/desk/sections/{section.id}/questions/new?kind=riddle").status_code == 404


def test_a_scale_and_a_text_are_made_with_their_defaults_from_the_form(author, saved, stored):
    with saved() as session:
        section = make.questionnaire(session, state="draft", asks=[]).sections[0]
    for kind in ("scale", "long_text"):
        address = f"/desk/sections/{section.id}/questions/new?kind={kind}"
        form = author.get(address).text
        sent = {f"setting-{name}": text.strip() for name, text in re.findall(r'name="setting-(\w+)">([^<]*)</textarea>', form)}
        sent |= {f"setting-{name}": value for name, value in re.findall(r'name="setting-(\w+)"[^>]* value="([^"]*)"', form)}
        assert author.post(address, data=sent | {"text": kind}).status_code == 302
    assert [each.settings for each in stored(Question)] == [
        {name: default for name, (default, _) in KINDS[kind].SETTINGS.items()} for kind in ("scale", "long_text")]


def test_an_answered_questionnaire_is_not_deleted_and_stays_as_anonymous_as_it_was(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, asks=[{"kind": "text", "text": "甲"}])
        make.response(session, made, {"q1": "好"})
    refused = author.post(f"/desk/questionnaires/{made.id}/delete")
    assert (refused.status_code, "已有人作答，答案需要保留" in refused.text) == (409, True)
    anonymous = author.post(f"/desk/questionnaires/{made.id}/edit", data={"title": made.title, "anonymous": "y"})
    assert errors(anonymous) == {"anonymous": "已有人作答，问卷不能删除，是否匿名也不能再改。需要时请复制一份。"}
    assert [(each.text, each.questionnaire_id) for each in stored(Question)] == [("甲", made.id)]


def test_a_questionnaire_that_an_event_asks_is_not_deleted(author, saved, stored):
    with saved() as session:
        made, event = make.questionnaire(session), make.event(session, title="开放日")
        events.attach(session, event, made, by=make.BY, now=make.NOW)
    refused = author.post(f"/desk/questionnaires/{made.id}/delete")
    assert (refused.status_code, "开放日" in refused.text) == (409, True)
    assert [each.id for each in stored(Questionnaire)] == [made.id]


def test_without_a_question_nothing_opens_and_closing_twice_is_refused(author, saved, stored):
    with saved() as session:
        empty, closed = make.questionnaire(session, state="draft", asks=[]), make.questionnaire(session, state="closed")
    refused = author.post(f"/desk/questionnaires/{empty.id}/open")
    assert (refused.status_code, "问卷还没有问题" in refused.text) == (409, True)
    assert author.post(f"/desk/questionnaires/{closed.id}/close").status_code == 409
    assert [each.state for each in stored(Questionnaire)] == [State.DRAFT, State.CLOSED]


def test_a_new_questionnaire_needs_a_title_or_a_template(author, stored):
    assert errors(author.post("/desk/questionnaires/new", data={"template": "", "title": ""})) == {"title": "请填写名称。"}
    for name in TEMPLATES:
        assert author.post("/desk/questionnaires/new", data={"template": name, "title": ""}).status_code == 302
    assert [each.title for each in stored(Questionnaire)] == [template.label() for template in TEMPLATES.values()]


def test_the_preview_shows_every_question_as_participants_see_it(author, saved):
    with saved() as session:
        made = make.questionnaire(session, state="draft")
    page = author.get(f"/desk/questionnaires/{made.id}/preview").text
    assert sorted(set(re.findall(r'name="(q\d(?:\.other)?)"', page))) == ["q1", "q1.other", "q2", "q2.other", "q3", "q4", "q5", "q6"]
    assert '<form method="post" novalidate' not in page


@pytest.mark.parametrize("role, sees, changes", [("admin", 200, 200), ("organiser", 200, 200), ("analyst", 200, 200),
                                                 ("viewer", 200, 403), ("door", 403, 403)])
def test_each_role_sees_and_changes_what_it_may(signed_in, saved, role, sees, changes):
    with saved() as session:
        made = make.questionnaire(session, state="draft")
        section = made.sections[0]
        question = section.questions[0]
    browser = signed_in(role)
    looking = ["", f"/{made.id}", f"/{made.id}/preview"]
    changing = ["questionnaires/new", f"questionnaires/{made.id}/edit", f"questionnaires/{made.id}/delete",
                f"questionnaires/{made.id}/sections/new", f"sections/{section.id}/edit", f"sections/{section.id}/questions/new",
                f"questions/{question.id}/edit", f"questions/{question.id}/remove"]
    assert {browser.get(f"/desk/questionnaires{each}").status_code for each in looking} == {sees}
    assert {browser.get(f"/desk/{each}").status_code for each in changing} == {changes}


def test_the_list_and_the_editor_cost_the_same_for_one_and_for_thirty(app, author, saved):
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=[{"kind": "text", "text": "甲"}])

    def cost(address):
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        with count_queries(engine) as seen:
            assert author.get(address).status_code == 200
        return len(seen)

    pages = ["/desk/questionnaires", f"/desk/questionnaires/{made.id}"]
    first = [cost(address) for address in pages]
    with saved() as session:
        for _ in range(29):
            make.response(session, make.questionnaire(session))
    for number in range(29):
        author.post(f"/desk/sections/{made.sections[0].id}/questions/new?kind=text", data={"text": f"第{number}题", "setting-max_length": "100"})
    assert [cost(address) for address in pages] == first


def test_the_list_searches_filters_and_counts(author, saved):
    with saved() as session:
        for title, state in (("甲问卷", "open"), ("乙问卷", "draft")):
            made = make.questionnaire(session, title=title, state=state)
            if state == "open":
                make.response(session, made)

    def rows(query):
        page = author.get(f"/desk/questionnaires?{query}").text
        return list(zip(re.findall(r'<th scope="row"><a href="[^"]+">(.*?)</a>', page), re.findall(r'class="num">(\d+)<', page), strict=True))

    assert rows("sort=-title") == [("甲问卷", "1"), ("乙问卷", "0")]
    assert rows("state=draft") == [("乙问卷", "0")]
    assert rows("q=甲") == [("甲问卷", "1")]
