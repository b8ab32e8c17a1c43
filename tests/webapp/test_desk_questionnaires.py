"""The questionnaire editor, through HTTP and without a script."""

import html
import re

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import audit, events
from surveys import KINDS, TEMPLATES, bank, form_of, questionnaires, raw_rows, versions
from surveys.questionnaires import Question, Questionnaire, Section, State
from webapp import robots
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
    assert (number.text, number.settings) == ("参加人数", {"min": 1, "max": 2.5, "integer": False, "unit": "人", "unit_en": "", "slider": False})
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


def test_a_question_moves_into_the_next_section_and_is_removed_and_brought_back(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=[{"kind": "text", "text": "甲"}, {"kind": "text", "text": "乙"}])
        second = made.sections[0].questions[1]
    author.post(f"/desk/questionnaires/{made.id}/sections/new", data={"title": "其他"})
    assert author.post(f"/desk/questions/{second.id}/down").location.endswith(f"?at=question-{second.id}-down")
    sections = stored(Section)
    assert {each.text: each.section_id for each in stored(Question)} == {"甲": sections[0].id, "乙": sections[1].id}
    back = author.post(f"/desk/questions/{second.id}/remove").location
    assert [(each.text, each.section_id) for each in stored(Question)] == [("甲", sections[0].id), ("乙", None)]
    page = author.get(back).text
    address, = re.findall(rf'action="(/desk/questions/{second.id}/restore)"', page)
    undo = dict(re.findall(r'<input type="hidden" name="(section|place)" value="(\d+)">', page))
    assert undo == {"section": str(sections[1].id), "place": "0"}
    author.post(address, data=undo)
    assert {each.text: each.section_id for each in stored(Question)} == {"甲": sections[0].id, "乙": sections[1].id}
    assert author.post(address, data=undo).status_code == 404
    author.post(f"/desk/questions/{second.id}/remove")
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
    looking = ["", f"/{made.id}", f"/{made.id}/preview", f"/{made.id}/versions"]
    changing = ["questionnaires/new", f"questionnaires/{made.id}/edit", f"questionnaires/{made.id}/delete",
                f"questionnaires/{made.id}/sections/new", f"sections/{section.id}/edit", f"sections/{section.id}/questions/new",
                f"questions/{question.id}/edit", f"questions/{question.id}/place", f"questionnaires/{made.id}/english", "bank"]
    assert {browser.get(f"/desk/questionnaires{each}").status_code for each in looking} == {sees}
    assert {browser.get(f"/desk/{each}").status_code for each in changing} == {changes}


def test_every_page_costs_the_same_for_one_and_for_thirty(app, author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=[{"kind": "text", "text": "甲"}])
        questionnaires.open_for_answers(session, made, now=make.NOW)
        question = made.sections[0].questions[0]
        bank.keep_question(session, question, now=make.NOW)

    def cost(address):
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
        with count_queries(engine) as seen:
            assert author.get(address).status_code == 200
        return len(seen)

    own = f"/desk/questionnaires/{made.id}"
    pages = ["/desk/questionnaires", own, f"{own}/versions", f"{own}/english", f"{own}/preview", "/desk/bank", f"/desk/bank?questionnaire={made.id}",
             f"/desk/questions/{question.id}/place"]
    first = [cost(address) for address in pages]
    with saved() as session:
        for _ in range(29):
            make.response(session, make.questionnaire(session))
    for number in range(29):
        author.post(f"/desk/sections/{made.sections[0].id}/questions/new?kind=text", data={"text": f"第{number}题", "setting-max_length": "100"})
        author.post(f"/desk/questionnaires/{made.id}/publish")
    for each in stored(Question)[1:]:
        author.post(f"/desk/questions/{each.id}/keep")
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


def test_what_is_changed_after_answers_waits_until_it_is_published_and_both_versions_can_be_read(author, saved):
    with saved() as session:
        made = make.questionnaire(session, asks=[{"kind": "text", "text": "意见"}])
        make.response(session, made, {"q1": "好"})
        question = made.sections[0].questions[0].id
    own = f"/desk/questionnaires/{made.id}"
    author.post(f"/desk/questions/{question}/edit", data={"text": "意见建议", "setting-max_length": "100"})
    assert "有修改还没有发布" in author.get(own).text
    assert "第 1 题由“意见”改为“意见建议”" in author.get(f"{own}/versions").text
    with saved() as session:
        assert [each.text for each in form_of(session, questionnaires.get(session, made.id)).questions] == ["意见"]
    assert author.post(f"{own}/publish").location == own
    assert "有修改还没有发布" not in author.get(own).text
    with saved() as session:
        listed = versions.versions(session, questionnaires.get(session, made.id))
        assert [(each.number, each.by.startswith("user:")) for each in listed] == [(1, False), (2, True)]
        noted = session.scalars(sa.select(audit.AuditEntry.action).order_by(audit.AuditEntry.id.desc()).limit(1)).one()
    assert noted == "questionnaire.publish"
    shown = {number: re.findall(r'name="q1"', author.get(f"{own}/preview?version={number}").text) for number in (1, 2)}
    assert shown == {1: ['name="q1"'], 2: ['name="q1"']}
    assert ["意见建议" in author.get(f"{own}/preview?version={number}").text for number in (1, 2)] == [False, True]
    assert author.get(f"{own}/preview?version=3").status_code == 404


def test_another_kind_after_answers_is_a_new_question_and_says_so(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, asks=[{"kind": "text", "text": "意见"}])
        question = made.sections[0].questions[0].id
    author.post(f"/desk/questions/{question}/edit?kind=long_text", data={"text": "意见", "setting-max_length": "100"})
    assert "已另成一题" in author.get(f"/desk/questionnaires/{made.id}").text
    assert [(each.code, each.kind, each.section_id is None) for each in sorted(stored(Question), key=lambda each: each.id)] == [
        ("q1", "text", True), ("q2", "long_text", False)]


def test_a_reworded_option_of_an_answered_question_keeps_its_code_and_another_one_does_not(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, asks=[{"kind": "single", "text": "印象", "options": ["现场参观讲解", "座谈交流"]}])
        question = made.sections[0].questions[0].id
    author.post(f"/desk/questions/{question}/edit", data={"text": "印象", "options": "现场参观和讲解 | Guided visit\n互动体验"})
    assert [(each["code"], each["label"]) for each in stored(Question)[0].options] == [("1", "现场参观和讲解"), ("3", "互动体验")]


def test_a_question_is_placed_doubled_kept_in_the_bank_and_taken_from_it(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=[{"kind": "text", "text": text} for text in "甲乙丙"])
        section = made.sections[0].id
        first = made.sections[0].questions[0].id
    assert author.get(f"/desk/questions/{first}/place").status_code == 200
    author.post(f"/desk/questions/{first}/place", data={"to": f"{section}.2"})
    assert [each.text for each in stored(Question)] == ["乙", "丙", "甲"]
    author.post(f"/desk/questions/{first}/place", data={"section": str(section), "place": "0"})
    author.post(f"/desk/questions/{first}/duplicate")
    author.post(f"/desk/questions/{first}/keep")
    author.post(f"/desk/sections/{section}/keep")
    assert [(each.kind, each.title, len(each.content)) for each in stored(bank.Item)] == [("text", "甲", 1), ("section", "甲", 4)]
    author.post("/desk/bank/1/add", data={"questionnaire": str(made.id), "into": str(section)})
    assert [each.text for each in stored(Question)] == ["甲", "甲", "乙", "丙", "甲"]
    author.post(f"/desk/sections/{section}/duplicate")
    author.post(f"/desk/sections/{section}/down")
    assert [(each.id, each.position) for each in stored(Section)] == [(section, 1), (section + 1, 0)]
    assert author.get("/desk/bank/1/remove").status_code == 200
    author.post("/desk/bank/1/remove")
    author.post("/desk/bank/fill")
    assert len(stored(bank.Item)) > 20
    assert "整组" in author.get("/desk/bank?kind=section").text
    with saved() as session:
        other = make.questionnaire(session, state="draft", asks=[]).sections[0].id
    author.post(f"/desk/questions/{first}/place", data={"to": f"{other}.0"})
    assert "没有这个分组" in author.get(f"/desk/questionnaires/{made.id}").text


def test_what_there_is_to_say_about_a_question_stands_at_it_and_names_questions_by_their_numbers(author, saved):
    asks = [{"kind": "single", "text": "甲", "options": ["是", "否"]},
            {"kind": "text", "text": "乙", "show_if": {"answered": "q1"}}, {"kind": "text", "text": "丙"}]
    with saved() as session:
        made = make.questionnaire(session, state="draft", asks=asks)
        first = made.sections[0].questions[0].id
    said = {"remove": "第 1 题不能删除：第 2 题是否显示取决于它。请先修改那里的显示条件。", "duplicate": "问题已复制，排在原问题之后。",
            "keep": "已存入题库，今后的问卷可以选用。"}
    for what, words in said.items():
        answer = author.post(f"/desk/questions/{first}/{what}")
        place = answer.location.rpartition("#")[2]
        before, _, after = author.get(answer.location).text.partition(f'id="{place}"')
        assert (words in before, words in after.partition("</li>")[0]) == (False, True), what


def test_a_blank_questionnaire_begins_with_a_section_to_which_the_bank_adds_however_it_is_searched(author, stored):
    author.post("/desk/bank/fill")
    made = author.post("/desk/questionnaires/new", data={"template": "", "title": "新问卷"}).location
    section, = stored(Section)
    page = author.get(made).text
    way, = re.findall(rf'href="(/desk/bank\?questionnaire=\d+&amp;into={section.id})"', page)
    plain = html.unescape(way)
    assert ("清除条件" in author.get(plain).text, f'<a class="btn btn-link" href="{way}">' in author.get(f"{plain}&q=满意").text) == (False, True)


def test_english_is_filled_in_beside_the_chinese(author, saved, stored):
    with saved() as session:
        made = make.questionnaire(session, state="draft", title="问卷", title_en="Survey", asks=[{"kind": "text", "text": "意见"}])
        question = made.sections[0].questions[0].id
    own = f"/desk/questionnaires/{made.id}/english"
    page = author.get(f"{own}?missing=1").text
    assert (re.findall(r'name="([a-z.0-9]+)" lang="en"', page), "缺英文 1 处" in page) == ([f"question.{question}.text"], True)
    refused = author.post(own, data={f"question.{question}.text": "x" * 501})
    assert (refused.status_code, "x" * 501 in refused.text, "文字过长" in refused.text) == (422, True, True)
    author.post(own, data={f"question.{question}.text": "Remarks"})
    assert stored(Question)[0].text_en == "Remarks"
    assert "英文已齐全" in author.get(own).text


def test_only_the_preview_may_stand_in_a_frame_and_only_in_ours(author, saved):
    with saved() as session:
        made = make.questionnaire(session, state="draft")
    said = {page: author.get(f"/desk/questionnaires/{made.id}{page}").headers for page in ("", "/preview")}
    assert {page: ("frame-ancestors 'self'" in each["Content-Security-Policy"], each["X-Frame-Options"]) for page, each in said.items()} == {
        "": (False, "DENY"), "/preview": (True, "SAMEORIGIN")}


def test_a_sheet_that_was_open_while_the_questionnaire_changed_is_taken_under_its_own_version(author, client, saved, monkeypatch):
    monkeypatch.setattr(robots, "FASTEST", -1)
    with saved() as session:
        event = make.event(session, state="draft")
        made = make.questionnaire(session, asks=[{"kind": "text", "text": "意见"}, {"kind": "text", "text": "印象"}])
        events.attach(session, event, made, by=make.BY, now=make.NOW)
        events.publish(session, event, by=make.BY, now=make.NOW)
    sheet = dict(re.findall(r'name="(form\.[a-z]+)" value="([^"]*)"', client.get(f"/q/{event.survey_code}").text))
    author.post(f"/desk/questions/{made.sections[0].questions[1].id}/remove")
    author.post(f"/desk/questionnaires/{made.id}/publish")
    sent = client.post(f"/q/{event.survey_code}", data=sheet | {"q1": "好", "q2": "整洁"})
    with saved() as session:
        rows = list(raw_rows(session, questionnaires.get(session, made.id)))
    assert (sheet["form.version"], sent.status_code, [(row.version, row.answers) for row in rows]) == ("1", 302, [(1, {"q1": "好", "q2": "整洁"})])
