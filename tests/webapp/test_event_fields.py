"""What an event's registration form asks: set up at the desk, filled in by guests, changed, shown, exported."""

import csv
import io
import json
import re
import uuid

import make
import pytest
import sqlalchemy as sa
from database import count_queries

from engage import fields
from engage.answers import AnswersRefused, Sent
from engage.applications import Person
from engage.audit import AuditEntry
from engage.events import Event, Visibility
from engage.fields import Answer, AnswerFile, Condition
from engage.parties import Registration
from engage.sealing import Cipher
from webapp.seating import Wish, _seat_all
from webapp.wiring import db

IDENTITY = "11010119900101004X"  # invented, by the algorithm of the standard
PDF = b"%PDF-1.7 a letter"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    for module in ("views.public", "views.registration", "seating", "wiring"):
        monkeypatch.setattr(f"webapp.{module}.clock", lambda: make.NOW)


@pytest.fixture
def category(saved):
    with saved() as session:
        return make.category(session, companions=2)


@pytest.fixture
def event(saved):
    with saved() as session:
        return make.event(session, slug="day")


@pytest.fixture
def organiser(signed_in):
    return signed_in("organiser")


def asked(saved, event, kind="text", **changes):
    with saved() as session:
        return make.field(session, session.get_one(Event, event.id), kind, **changes)


def filled(category, **changes):
    return {"submission": str(uuid.uuid4()), "category": category.id, "name": "李四", "phone": "13900000001", "consent": "y", **changes}


def kept(saved):
    with saved() as session:
        rows = session.execute(sa.select(Answer.value).order_by(Answer.attendee_id, Answer.field_id))
        return [value for (value,) in rows]


def errors(page):
    """The summary's lines: where each leads and what it says."""
    return re.findall(r'<li><a href="#([^"]+)">([^<]+)</a></li>', page[page.index("error-summary"):])


def downloaded(browser, path):
    """The content of a file that is streamed."""
    with browser.get(path) as answer:
        assert answer.status_code == 200
        return answer.get_data()


# ---- at the desk ----


def test_an_organiser_adds_changes_orders_and_removes_what_is_asked(organiser, event, saved):
    def shown():
        return re.findall(r"<h2 class=\"mt-0\">(.+?)</h2>", organiser.get("/desk/events/day/fields").text)

    new = "/desk/events/day/fields/new?kind="
    assert "没有另外要填写的内容" in organiser.get("/desk/events/day/fields").text
    organiser.post(f"{new}yes_no", data={"label": "是否开车", "required": "y"})
    organiser.post(f"{new}text", data={"label": "车牌号", "condition": "1:yes", "per_person": "y"})
    organiser.post(f"{new}multiple", data={"label": "用餐", "options": "素食 | Vegetarian\n普通", "setting-max": "1"})
    assert shown() == ["1. 是否开车", "2. 车牌号", "3. 用餐"]
    organiser.post("/desk/events/day/fields/3/up")
    organiser.post("/desk/events/day/fields/1/edit", data={"label": "您是否开车"})
    assert shown() == ["1. 您是否开车", "2. 用餐", "3. 车牌号"]
    page = organiser.get("/desk/events/day/fields").text
    assert "仅当“您是否开车”为“是”时填写" in page
    assert "还没有人填写" in organiser.get("/desk/events/day/fields/3/remove").text
    assert "已删除。" in organiser.post("/desk/events/day/fields/3/remove", follow_redirects=True).text
    refused = organiser.post("/desk/events/day/fields/1/remove", follow_redirects=True).text
    assert "“车牌号”要根据这一项的回答显示" in refused
    with saved() as session:
        listed = fields.asked(session, session.get_one(Event, event.id))
        assert [(field.label, field.required, field.per_person) for field in listed] == [("您是否开车", False, False), ("车牌号", False, True)]


@pytest.mark.parametrize("kind", ["text", "long_text", "single", "multiple", "number", "date", "yes_no", "file"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_kind_has_its_form_and_says_what_is_missing(organiser, event, kind, language):
    address = f"/desk/events/day/fields/new?kind={kind}&lang={language}"
    assert organiser.get(address).status_code == 200
    refused = organiser.post(address, data={"hint": "这里写明"})
    assert refused.status_code == 422
    assert ('<a href="#label">' in refused.text, "这里写明" in refused.text) == (True, True)


@pytest.mark.parametrize("kind, typed, where, words", [
    ("text", {"setting-check": "identity"}, "purpose", "收集敏感信息必须说明用途"),
    ("text", {"sensitive": "y"}, "purpose", "收集敏感信息必须说明用途"),
    ("number", {"setting-min": "5", "setting-max": "1"}, "setting-max", "题目设置的值不合适"),
    ("single", {"options": "唯一"}, "options", "请至少填写两个选项"),
    ("file", {"setting-megabytes": "99"}, "setting-megabytes", "题目设置的值不合适"),
    ("text", {"condition": ["1:1", "2:yes"]}, "condition-0", "请选择“同一项”现有的选项"),
])
def test_a_field_that_cannot_be_is_refused_next_to_its_input(organiser, event, saved, kind, typed, where, words):
    asked(saved, event, "single"), asked(saved, event, "yes_no")
    refused = organiser.post(f"/desk/events/day/fields/new?kind={kind}", data={"label": "事项", **typed})
    assert refused.status_code == 422
    (fault,) = errors(refused.text)
    assert fault[0] == where
    assert words in fault[1]


def test_a_category_out_of_use_stays_on_the_field_that_names_it(organiser, event, saved, category):
    field = asked(saved, event, category_ids=[category.id])
    with saved() as session:
        session.merge(category).retired = True
    page = organiser.get(f"/desk/events/day/fields/{field.id}/edit").text
    assert f'name="category_ids" type="checkbox" value="{category.id}"' in page


def test_what_has_answers_is_taken_off_put_back_and_keeps_them(organiser, client, event, saved, category):
    field = asked(saved, event, label="车牌号")
    client.post("/events/day/register", data=filled(category, f1="鲁K12345"))
    assert "已有 1 人填写" in organiser.get(f"/desk/events/day/fields/{field.id}/remove").text
    organiser.post(f"/desk/events/day/fields/{field.id}/remove")
    assert "车牌号" not in client.get("/events/day/register").text
    page = downloaded(organiser, "/desk/events/day/attendees.csv").decode("utf-8-sig")
    assert [row["车牌号（已停用）"] for row in csv.DictReader(io.StringIO(page))] == ["鲁K12345"]
    organiser.post(f"/desk/events/day/fields/{field.id}/restore")
    assert "车牌号" in client.get("/events/day/register").text


@pytest.mark.parametrize("role, sees, changes", [("admin", 200, 200), ("organiser", 200, 200), ("analyst", 200, 403), ("viewer", 200, 403), ("door", 403, 403)])
def test_who_may_see_and_who_may_change_the_form(signed_in, event, saved, role, sees, changes):
    field, browser = asked(saved, event), signed_in(role)
    assert browser.get("/desk/events/day/fields").status_code == sees
    for path in ("new", f"{field.id}/edit", f"{field.id}/remove"):
        assert browser.get(f"/desk/events/day/fields/{path}").status_code == changes


def test_a_field_of_another_event_is_not_found(organiser, event, saved):
    with saved() as session:
        other = make.field(session, make.event(session))
    for path in ("edit", "remove"):
        assert organiser.get(f"/desk/events/day/fields/{other.id}/{path}").status_code == 404
    assert organiser.get("/desk/events/day/fields/new?kind=drawing").status_code == 404


def test_thirty_fields_take_no_more_queries_than_one(app, organiser, event, saved, category):
    def queries():
        with app.app_context(), count_queries(db.engine) as seen:
            for path in ("/desk/events/day/fields", "/desk/events/day/fields/preview", "/events/day/register"):
                assert organiser.get(path).status_code == 200
        return len(seen)

    asked(saved, event, "yes_no")
    queries()
    one = queries()
    for _ in range(29):
        asked(saved, event, condition=Condition(1, ["yes"]), category_ids=[category.id])
    assert queries() == one


def test_an_organiser_sees_the_form_as_a_stranger_and_as_each_category_gets_it(organiser, client, event, saved, category):
    with saved() as session:
        draft, invited = make.event(session, slug="draft", state="draft", visibility=Visibility.INVITED), make.category(session, self_chosen=False, name="来访企业")
    for to in (event, draft):
        asked(saved, to, label="车牌号")
        asked(saved, to, label="信用代码", category_ids=[invited.id])

    def shown(path):
        page = organiser.get(path)
        assert page.status_code == 200
        form = page.text[page.text.index('<form method="dialog"'):]
        return [words for words in ("车牌号", "信用代码", "您的身份", "提交报名", "确认参加") if words in form]

    path = "/desk/events/day/fields/preview"
    assert shown(path) == ["车牌号", "您的身份", "提交报名"]
    assert shown(f"{path}?as={invited.code}") == ["车牌号", "信用代码", "确认参加"]
    assert shown(f"{path}?as={category.code}") == ["车牌号", "确认参加"]
    assert shown("/desk/events/draft/fields/preview") == ["车牌号", "确认参加"]
    page = organiser.get(path).text
    assert ("这是预览" in page, 'method="post"' in page[page.index('<form method="dialog"'):]) == (True, False)
    assert client.get(path).status_code == 302


# ---- by guests ----


def test_an_event_without_fields_costs_no_statement_more(app, client, event, saved, category):
    def statements():
        with app.app_context(), count_queries(db.engine) as seen:
            assert client.post("/events/day/register", data=filled(category, phone=f"138{uuid.uuid4().int % 10**8:08}")).status_code == 302
        return seen

    statements()
    assert [sql for sql in statements() if "field" in sql.lower().replace("extra_fields", "")] == []


@pytest.mark.parametrize("language, words", [
    ("zh", ["是否开车", "仅当“是否开车”为“是”时填写。", "我单独同意为上述用途处理“身份证号”这项敏感个人信息。", "用途：办理进场登记"]),
    ("en", ["Do you drive?", "Plate", "人"]),
])
def test_the_form_asks_in_the_guests_language_and_says_when_without_a_script(client, event, saved, category, language, words):
    drives = asked(saved, event, "yes_no", label="是否开车", label_en="Do you drive?")
    asked(saved, event, label="车牌号", label_en="Plate", condition=Condition(drives.id, ["yes"]), category_ids=[category.id])
    asked(saved, event, label="身份证号", settings={"check": "identity"})
    asked(saved, event, "number", settings={"unit": "人"})
    page = client.get(f"/events/day/register?lang={language}")
    assert [word for word in words if word not in page.text] == []
    assert f'data-categories="{category.id}" data-depends="f1" data-values="yes"' in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "fields.js" in page.text


def test_a_party_is_asked_each_its_own_and_what_is_not_asked_is_dropped(client, event, saved, category):
    drives = asked(saved, event, "yes_no")
    asked(saved, event, per_person=True, required=True, condition=Condition(drives.id, ["yes"]))
    asked(saved, event, "multiple")
    form = filled(category, f1="yes", f2="鲁K1", f3=["1", "3"], **{"companions-0-name": "王五", "companions-0-f2": "鲁K2", "companions-0-f3": "1"})
    assert client.post("/events/day/register", data=form).status_code == 302
    assert kept(saved) == ["yes", "鲁K1", "1\n3", "鲁K2"]
    assert client.post("/events/day/register", data=filled(category, phone="13900000002", f1="no", f2="鲁K9")).status_code == 302
    assert kept(saved) == ["yes", "鲁K1", "1\n3", "鲁K2", "no"]


def test_of_those_who_are_seated_together_one_refused_form_harms_no_other(app, event, saved, category):
    asked(saved, event, required=True)

    def wish(number, *answers):
        stated = {"leader": Person(name=f"来宾{number}", phone=f"1390000000{number}"), "consent": True}
        return Wish(slug="day", category_id=category.id, stated=stated, coming=lambda _asked: list(answers))

    with app.test_request_context():
        first, second, third = _seat_all([wish(1, {"f1": Sent(["甲"])}), wish(2, {}), wish(3, {"f1": Sent(["丙"])})])
    assert (type(first), type(second), type(third)) == (str, AnswersRefused, str)
    assert kept(saved) == ["甲", "丙"]
    with saved() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 2


def test_what_is_missing_is_told_next_to_its_field_and_what_was_typed_stays(client, event, saved, category):
    asked(saved, event, "yes_no", label="是否开车", required=True)
    asked(saved, event, label="餐食", per_person=True, required=True)
    asked(saved, event, "file", label="授权书")
    asked(saved, event, label="身份证号", settings={"check": "identity"})
    form = filled(category, f2="素食", f3=(io.BytesIO(PDF), "授权书.pdf"), f4=IDENTITY, **{"companions-1-name": "王五"})
    refused = client.post("/events/day/register", data=form, content_type="multipart/form-data")
    assert errors(refused.text) == [
        ("a-f1", "是否开车：请选择。"), ("a-f4", "身份证号：这一项属于敏感个人信息，请勾选单独同意；不同意请清空此项。"),
        ("a-companions-1-f2", "随行人员 2，餐食：请填写此项。")]
    assert [part for part in ('value="素食"', f'value="{IDENTITY}"', 'value="王五"', "文件没有保存，需要的请重新选择") if part not in refused.text] == []
    assert 'id="a-f1-error"' in refused.text
    with saved() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 0


@pytest.mark.parametrize("required", [True, False])
def test_all_that_a_form_lacks_is_told_at_once_and_beside_its_field(client, event, saved, category, required):
    asked(saved, event, "yes_no", label="是否开车", required=required)
    form = filled(category, name="", phone="", email="nobody", consent="", **{"companions-0-phone": "12"})
    page = client.post("/events/day/register", data=form).text
    told = errors(page)
    assert [where for where, _ in told if where != "a-f1"] == ["name", "email", "companions-0-name", "consent"]
    assert ("a-f1", "是否开车：请选择。") in told or not required
    assert [where for where, _ in told if f'id="{where}-error"' not in page] == []


def test_a_file_that_is_something_else_is_refused(client, event, saved, category):
    asked(saved, event, "file", label="授权书")
    form = filled(category, f1=(io.BytesIO(b"MZ not a document"), "授权书.pdf"))
    refused = client.post("/events/day/register", data=form, content_type="multipart/form-data")
    ((where, words),) = errors(refused.text)
    assert (where, words.startswith("授权书：只接受 PDF")) == ("a-f1", True)


@pytest.fixture
def seated(client, event, saved, category):
    """Somebody who has answered all there is: the address of the ticket."""
    asked(saved, event, label="车牌号")
    asked(saved, event, label="身份证号", settings={"check": "identity"})
    asked(saved, event, "file", label="授权书")
    asked(saved, event, "file", label="证件", sensitive=True)
    asked(saved, event, "yes_no", label="是否用餐")
    form = filled(category, **{
        "f1": "鲁K12345", "f2": IDENTITY, "f2.consent": "y", "f3": (io.BytesIO(PDF), "授权书.pdf"),
        "f4": (io.BytesIO(PDF), "证件.pdf"), "f4.consent": "y", "f5": "yes", "companions-0-name": "王五"})
    return client.post("/events/day/register", data=form, content_type="multipart/form-data").location


def test_the_ticket_shows_what_was_answered_and_hands_the_files_back_safely(client, seated):
    page = client.get(seated).text
    assert [word for word in ("鲁K12345", "已填写，加密保存", "授权书.pdf") if word not in page] == []
    assert IDENTITY not in page
    for field_id in (3, 4):
        answer = client.get(f"{seated}/files/{field_id}")
        assert (answer.data, answer.content_type) == (PDF, "application/pdf")
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
        assert (answer.headers["Content-Security-Policy"], answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == (
            "default-src 'none'; frame-ancestors 'none'; sandbox", "nosniff", "no-store")
    for other in (f"{seated}/files/1", f"{seated}/files/99", f"/t/{'x' * 26}/files/3"):
        assert client.get(other).status_code == 404


def test_a_companions_ticket_hands_out_nothing_of_the_leaders(client, saved, seated):
    with saved() as session:
        companion = session.scalars(sa.select(Registration)).one().companions[0].ticket_code
    assert client.get(f"/t/{companion}/files/3").status_code == 404
    assert "鲁K12345" not in client.get(f"/t/{companion}").text


def test_the_leader_changes_answers_and_what_is_not_shown_again_stays_until_it_is_taken_back(client, saved, seated, category):
    page = client.get(f"{seated}/change").text
    assert IDENTITY not in page
    assert [part for part in ('value="鲁K12345"', "已填写，加密保存。不修改请留空。", "已上传：授权书.pdf。不更换请留空。") if part not in page] == []
    changed = filled(category, f1="鲁K99999", f5="no")
    answer = client.post(f"{seated}/change", data=changed)
    assert answer.status_code == 302, answer.text[answer.text.index("<main"):][:1500]
    first, *_, last = kept(saved)
    assert (first, last, len(kept(saved))) == ("鲁K99999", "no", 5)
    assert client.post(f"{seated}/change", data={**changed, "f2.discard": "y", "f3.discard": "y", "f4.discard": "y"}).status_code == 302
    assert kept(saved) == ["鲁K99999", "no"]
    with saved() as session:
        assert session.scalars(sa.select(AnswerFile)).all() == []


def test_a_refused_change_keeps_what_was_typed_and_says_that_the_rest_stays(client, saved, seated, category):
    refused = client.post(f"{seated}/change", data=filled(category, f1="长" * 201, f2="1"))
    assert [where for where, _ in errors(refused.text)] == ["a-f1", "a-f2"]
    assert "已上传：授权书.pdf。不更换请留空。" in refused.text
    assert kept(saved)[0] == "鲁K12345"


# ---- what staff see ----


def noted(saved, action):
    with saved() as session:
        return session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == action).order_by(AuditEntry.id)).all()


def test_staff_see_answers_masked_and_in_full_only_on_demand_which_is_noted(organiser, saved, seated):
    assert "报名表内容：李四" in organiser.get("/desk/events/day/registrations").text
    page = organiser.get("/desk/events/day/registrations/1/answers").text
    assert ("鲁K12345" in page, IDENTITY in page, "******" in page) == (True, False, True)
    assert noted(saved, "registration.reveal") == []
    page = organiser.post("/desk/events/day/registrations/1/answers").text
    assert (IDENTITY in page, "证件.pdf" in page) == (True, True)
    assert noted(saved, "registration.reveal") == [{"fields": ["f2", "f4"]}]
    answer = organiser.get("/desk/events/day/registrations/1/files/1/4")
    assert (answer.data, answer.headers["Content-Security-Policy"]) == (PDF, "default-src 'none'; frame-ancestors 'none'; sandbox")
    assert noted(saved, "registration.file") == [{"field": 4}]
    assert IDENTITY not in str(noted(saved, "registration.answers"))


def test_answers_and_files_are_for_those_who_may_see_personal_data(signed_in, seated):
    for role in ("analyst", "viewer", "door"):
        browser = signed_in(role)
        assert browser.get("/desk/events/day/registrations/1/answers").status_code == 403
        assert browser.post("/desk/events/day/registrations/1/answers").status_code == 403
        assert browser.get("/desk/events/day/registrations/1/files/1/3").status_code == 403
        assert browser.get("/desk/events/day/attendees.csv?sensitive=yes").status_code == 403


def test_the_list_of_attendees_has_a_column_for_each_field_and_sensitive_ones_only_when_asked_for(organiser, signed_in, saved, seated):
    def exported(browser, query=""):
        page = downloaded(browser, f"/desk/events/day/attendees.csv{query}").decode("utf-8-sig")
        return [[row[name] for name in ("车牌号", "身份证号", "授权书", "证件", "是否用餐")] for row in csv.DictReader(io.StringIO(page))]

    nothing = [""] * 5
    assert exported(organiser) == [["鲁K12345", "******", "授权书.pdf", "******", "是"], nothing]
    assert exported(organiser, "?sensitive=yes") == [["鲁K12345", IDENTITY, "授权书.pdf", "证件.pdf", "是"], nothing]
    assert exported(signed_in("viewer")) == [["******", "******", "******", "******", "是"], nothing]
    assert [entry["what"] for entry in noted(saved, "event.export")] == [
        "attendees.csv", "attendees with sensitive answers.csv", "attendees.csv"]
    assert downloaded(organiser, "/desk/events/day/attendees.xlsx?sensitive=yes&lang=en").startswith(b"PK")
    told = json.loads(downloaded(organiser, "/desk/events/day/attendees.json?lang=en"))["attendees"][0]
    assert {code: told[code] for code in ("f1", "f2", "f5")} == {"f1": "鲁K12345", "f2": "******", "f5": "Yes"}


def test_with_a_lost_key_the_ticket_stands_and_staff_are_told_what_to_do(organiser, client, seated, monkeypatch):
    monkeypatch.setattr("webapp.views.desk.answers.cipher", lambda: Cipher(["another"]))
    assert client.get(seated).status_code == 200
    refused = organiser.post("/desk/events/day/registrations/1/answers")
    assert refused.status_code == 409
    assert "ENGAGE_FIELD_KEY" in refused.text
