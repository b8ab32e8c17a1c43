"""People, their categories and the import of lists, as staff see them in a browser."""

import csv
import os
from io import BytesIO, StringIO

import make
import openpyxl
import pytest
import sqlalchemy as sa
from database import count_queries

from engage.audit import AuditEntry
from engage.invitations import Invitation
from engage.people import Category, Invitee
from webapp import formats

LIST = """受邀人员名单,,,
姓名,人员类别,手机,邮箱
张 三,人大代表,13800000001,zhang@example.com
李四,不知道什么,13800000002,
王五,政协委员,,
张三,人大代表,13800000001,
赵六,投标企业,+86 138-0000-0006,
"""


def rows(saved, query):
    with saved() as session:
        return session.scalars(query).all()


def actions(saved):
    return rows(saved, sa.select(AuditEntry.action).order_by(AuditEntry.id))


def upload(browser, text=LIST, encoding="utf-8", name="名单.csv", **choices):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return browser.post("/desk/people/import", data={"file": (BytesIO(data), name), "category": "", "event": "", **choices})


def uploads_left(app):
    folder = app.extensions["engage_settings"].instance / "uploads"
    return sorted(path.suffix for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def category(saved):
    with saved() as session:
        return make.category(session, name="监督员")


@pytest.fixture
def person(saved, category):
    with saved() as session:
        return make.invitee(session, name="欧阳敏", phone="13812345678", email="ouyang@example.com", organisation="=SUM(1)建设公司",
                            district="张店区", category=category)


# ---- the list ----

def test_the_list_is_searched_filtered_and_counted(signed_in, saved, person):
    with saved() as session:
        make.invitee(session, name="另一人", district="临淄区")
    browser = signed_in("organiser")
    whole = browser.get("/desk/people").text
    assert "欧阳敏" in whole
    assert "另一人" in whole
    assert "共 2 条" in whole
    for query in ("q=欧阳", "q=13812345678", "q=ouyang", "district=张店区", f"category={person.category_id}"):
        page = browser.get(f"/desk/people?{query}").text
        assert [name for name in ("欧阳敏", "另一人") if name in page] == ["欧阳敏"], query


def test_whoever_may_not_see_personal_data_reads_masks_and_cannot_find_out_by_searching(signed_in, person):
    browser = signed_in("viewer")
    page = browser.get("/desk/people").text
    assert "建设公司" in page
    for secret in ("欧阳敏", "13812345678", "ouyang@example.com"):
        assert secret not in page
    assert "共 1 条" not in browser.get("/desk/people?q=13812345678").text
    assert "共 1 条" in browser.get("/desk/people?q=建设").text


@pytest.mark.parametrize("address", ["/desk/people/new", "/desk/people/import", "/desk/people.xlsx", "/desk/people/{id}",
                                     "/desk/people/{id}/edit", "/desk/people/{id}/remove", "/desk/people/import/template.xlsx"])
def test_only_those_who_may_see_personal_data_come_further_than_the_list(signed_in, person, address):
    assert signed_in("viewer").get(address.format(id=person.id)).status_code == 403
    assert signed_in("door").get(address.format(id=person.id)).status_code == 403
    assert signed_in("organiser").get(address.format(id=person.id)).status_code == 200


def test_thirty_people_take_no_more_queries_than_one(app, signed_in, saved, person):
    browser = signed_in("organiser")
    engine = _engine(app)
    browser.get("/desk/people")
    with count_queries(engine) as one:
        browser.get("/desk/people")
    with saved() as session:
        for number in range(29):
            make.invitee(session, district=f"{number}区")
    with count_queries(engine) as thirty:
        browser.get("/desk/people")
    assert len(thirty) == len(one)


def _engine(app):
    with app.app_context():
        return app.extensions["sqlalchemy"].engine


def test_the_export_is_what_is_shown_with_every_digit_and_no_formula(signed_in, saved, person):
    with saved() as session:
        make.invitee(session, name="另一人")
    browser = signed_in("organiser")
    book = openpyxl.load_workbook(BytesIO(browser.get("/desk/people.xlsx?q=欧阳").data))
    lines = list(book.active.iter_rows(values_only=True))
    assert lines[1][:7] == ("欧阳敏", "监督员", "=SUM(1)建设公司", None, "13812345678", "ouyang@example.com", "张店区")
    assert len(lines) == 2
    assert book.active["C2"].data_type == "s"
    table = list(csv.reader(StringIO(browser.get("/desk/people.csv").data.decode("utf-8-sig"))))
    assert {line[0] for line in table[1:]} == {"欧阳敏", "另一人"}
    assert "\u2060=SUM(1)建设公司" in {line[2] for line in table}
    with saved() as session:
        noted = session.execute(sa.select(AuditEntry.action, AuditEntry.detail).where(AuditEntry.action == "invitee.export")).all()
    assert [tuple(entry) for entry in noted] == [("invitee.export", {"people": 1}), ("invitee.export", {"people": 2})]


# ---- one person ----

def test_a_person_is_added_changed_and_removed(signed_in, saved, category):
    browser = signed_in("organiser")
    typed = {"name": "孙 七", "category": category.id, "phone": "138 0000 0007"}
    added = browser.post("/desk/people/new", data=typed)
    assert added.status_code == 302
    page = browser.get(added.location).text
    assert "孙七" in page
    assert "13800000007" in page
    assert browser.post(f"{added.location}/edit", data={**typed, "organisation": "甲公司"}).status_code == 302
    assert "甲公司" in browser.get(added.location).text
    assert "删除“孙七”？" in browser.get(f"{added.location}/remove").text
    assert browser.post(f"{added.location}/remove").location == "/desk/people"
    assert rows(saved, sa.select(Invitee)) == []


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(signed_in, saved, category):
    answer = signed_in("organiser").post("/desk/people/new", data={"name": "孙七", "category": category.id, "phone": "12"})
    assert answer.status_code == 422
    assert "手机号应为 11 位数字" in answer.text
    assert 'id="phone-error"' in answer.text
    assert 'value="孙七"' in answer.text
    assert rows(saved, sa.select(Invitee)) == []


def test_a_known_person_is_not_added_twice_and_the_form_leads_to_the_first(signed_in, saved, person):
    answer = signed_in("organiser").post("/desk/people/new", data={"name": "欧阳敏", "category": person.category_id, "phone": "13812345678"})
    assert answer.status_code == 409
    assert f'href="/desk/people/{person.id}"' in answer.text
    assert len(rows(saved, sa.select(Invitee))) == 1


def test_a_crafted_form_without_fields_is_refused_not_failed(signed_in):
    assert signed_in("organiser").post("/desk/people/new", data={"x": "1"}).status_code == 422


def test_somebody_invited_is_not_removed_and_the_page_shows_the_invitation(signed_in, saved, person):
    with saved() as session:
        event = make.event(session, title="平台开放日")
        invitation = make.invitation(session, event, invitee=session.get(Invitee, person.id))
        make.registration(session, event, invitation=invitation, category=session.get(Category, person.category_id), companions=1)
    browser = signed_in("organiser")
    page = browser.get(f"/desk/people/{person.id}").text
    assert "平台开放日" in page
    assert "已接受" in page
    refused = browser.post(f"/desk/people/{person.id}/remove")
    assert refused.status_code == 409
    assert "alert" in refused.text
    assert len(rows(saved, sa.select(Invitee))) == 1


# ---- categories ----

def test_an_administrator_adds_changes_retires_and_restores_a_category(signed_in, saved):
    browser = signed_in("admin")
    typed = {"code": "observer", "name": "观察员", "name_en": "Observer", "colour": "#123456", "companions": "2", "self_chosen": "y"}
    assert browser.post("/desk/categories/new", data=typed).location == "/desk/categories"
    (made,) = rows(saved, sa.select(Category).where(Category.code == "observer"))
    assert (made.name, made.companions, made.self_chosen) == ("观察员", 2, True)
    del typed["self_chosen"]
    browser.post(f"/desk/categories/{made.id}/edit", data={**typed, "name": "特邀观察员", "position": "5"})
    browser.post(f"/desk/categories/{made.id}/retire")
    (changed,) = rows(saved, sa.select(Category).where(Category.code == "observer"))
    assert (changed.name, changed.self_chosen, changed.position, changed.retired) == ("特邀观察员", False, 5, True)
    assert "观察员" not in browser.get("/desk/people/new").text
    browser.post(f"/desk/categories/{made.id}/restore")
    assert "特邀观察员" in browser.get("/desk/people/new").text


def test_a_category_that_exists_or_has_an_odd_code_is_refused_at_its_field(signed_in):
    browser = signed_in("admin")
    typed = {"code": "deputy", "name": "观察员", "colour": "#123456", "companions": "0"}
    twice = browser.post("/desk/categories/new", data=typed)
    assert twice.status_code == 422
    assert 'id="code-error"' in twice.text
    odd = browser.post("/desk/categories/new", data={**typed, "code": "观察"})
    assert odd.status_code == 422
    assert "小写字母" in odd.text
    many = browser.post("/desk/categories/new", data={**typed, "code": "watcher", "companions": "9999999999"})
    assert many.status_code == 422
    assert 'id="companions-error"' in many.text


def test_an_organiser_reads_the_categories_and_changes_none(signed_in, saved):
    browser = signed_in("organiser")
    assert "人大代表" in browser.get("/desk/categories").text
    assert browser.get("/desk/categories/new").status_code == 403
    assert browser.post("/desk/categories/1/retire").status_code == 403


# ---- import ----

def test_the_dry_run_tells_of_each_row_and_writes_nothing(signed_in, saved, app):
    browser = signed_in("organiser")
    planned = upload(browser)
    assert planned.status_code == 302, planned.text
    page = browser.get(planned.location).text
    for told in ("新增（2）", "已有（1）", "不导入（2）", "无法判断属于哪个类别", "没有电话，也没有电子邮箱", "与第 3 行是同一人"):
        assert told in page, told
    refused = browser.get(f"{planned.location}?outcome=refused").text
    assert "李四" in refused
    assert "赵六" not in refused
    assert rows(saved, sa.select(Invitee)) == []
    assert uploads_left(app) == [".list"]


def test_confirming_imports_deletes_the_file_and_gives_back_what_was_refused(signed_in, saved, app):
    browser = signed_in("organiser")
    planned = upload(browser, encoding="gb18030").location
    done = browser.post(planned)
    assert done.location == f"{planned}/result"
    page = browser.get(done.location).text
    assert "下载未导入的 2 行" in page
    assert {(one.name, one.phone) for one in rows(saved, sa.select(Invitee))} == {("张三", "13800000001"), ("赵六", "13800000006")}
    assert uploads_left(app) == [".refused", ".result"]
    back = openpyxl.load_workbook(BytesIO(browser.get(f"{planned}/refused.xlsx").data)).active
    found = [(*line[:2], line[9]) for line in back.iter_rows(min_row=2, values_only=True)]
    assert found == [("李四", "不知道什么", "无法判断属于哪个类别"), ("王五", "政协委员", "没有电话，也没有电子邮箱")]
    again = browser.get(planned)
    assert again.location == "/desk/people/import"
    assert actions(saved)[-1] == "invitee.import"


def test_the_same_list_again_adds_nobody(signed_in, saved):
    browser = signed_in("organiser")
    for _ in range(2):
        browser.post(upload(browser).location)
    assert len(rows(saved, sa.select(Invitee))) == 2


def test_a_list_without_categories_takes_the_one_that_was_chosen(signed_in, saved, category):
    browser = signed_in("organiser")
    planned = upload(browser, "姓名,手机\n张三,13800000001\n", category=str(category.id))
    assert "新增（1）" in browser.get(planned.location).text
    browser.post(planned.location)
    assert [one.category_id for one in rows(saved, sa.select(Invitee))] == [category.id]


def test_imported_people_go_onto_the_list_of_an_event_known_ones_too(signed_in, saved):
    with saved() as session:
        event = make.event(session)
        deputy = session.scalars(sa.select(Category).where(Category.code == "deputy")).one()
        make.invitee(session, name="张三", phone="13800000001", email="", category=deputy)
    browser = signed_in("organiser")
    planned = upload(browser, event=event.slug)
    page = browser.get(browser.post(planned.location).location).text
    assert "加入邀请名单" in page
    assert len(rows(saved, sa.select(Invitation))) == 2


@pytest.mark.parametrize("data, told", [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
    (b"PK\x03\x04 no workbook", "不是"),
    ("甲,乙\n1,2\n".encode(), "姓名"),
    (b"", "姓名"),
], ids=["encrypted", "no workbook", "no header", "empty"])
def test_a_file_that_is_no_list_gets_one_clear_error_at_its_field_and_is_not_kept(signed_in, app, data, told):
    answer = upload(signed_in("organiser"), data, name="名单.xlsx")
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert told in answer.text
    assert uploads_left(app) == []


def test_an_uploaded_list_is_its_owners_only_and_can_be_discarded(signed_in, app):
    browser = signed_in("organiser")
    planned = upload(browser).location
    other = signed_in("organiser")
    assert other.get(planned).location == "/desk/people/import"
    other.post(f"{planned}/discard")
    assert uploads_left(app) == [".list"]
    assert oct(next((app.extensions["engage_settings"].instance / "uploads").iterdir()).stat().st_mode)[-3:] == "600"
    browser.post(f"{planned}/discard")
    assert uploads_left(app) == []


@pytest.mark.parametrize("key", ["../engage.sqlite", "..%2f..%2fsecret", "a" * 26, "A"])
def test_a_key_that_was_never_given_opens_nothing(signed_in, key):
    assert signed_in("organiser").get(f"/desk/people/import/{key}").status_code in {302, 404}


def test_what_was_forgotten_is_deleted_after_a_day(signed_in, app):
    from webapp import uploads  # noqa: PLC0415 -- needs the app

    upload(signed_in("organiser"))
    (path,) = (app.extensions["engage_settings"].instance / "uploads").iterdir()
    with app.app_context():
        assert uploads.sweep() == 0
        os.utime(path, (path.stat().st_mtime - 90_000,) * 2)
        assert uploads.sweep() == 1
    assert uploads_left(app) == []


def test_the_template_is_a_list_that_the_import_understands(signed_in, app):
    browser = signed_in("organiser")
    book = openpyxl.load_workbook(BytesIO(browser.get("/desk/people/import/template.xlsx").data))
    sheet = book.worksheets[0]
    for column, value in enumerate(("张三", "人大代表", "甲公司", "主任", "13800000001", "z@example.com", "张店区", "", "备注"), start=1):
        sheet.cell(2, column, value)
    filled = BytesIO()
    book.save(filled)
    with app.app_context():
        from engage.people_import import plan_import  # noqa: PLC0415 -- beside its use
        from webapp.wiring import db  # noqa: PLC0415 -- needs the app

        plan = plan_import(db.session(), filled.getvalue())
    assert [(row.name, row.category.code, row.values["district"]) for row in plan.rows] == [("张三", "deputy", "张店区")]
    assert (plan.added, plan.refused, plan.warnings) == (1, [], [])


def test_the_dry_run_asks_the_database_no_more_for_thirty_rows(signed_in, app):
    browser, engine = signed_in("organiser"), _engine(app)
    lines = [f"来宾{number},人大代表,138000001{number:02}," for number in range(30)]
    one = upload(browser, "姓名,类别,手机,邮箱\n" + lines[0]).location
    many = upload(browser, "姓名,类别,手机,邮箱\n" + "\n".join(lines)).location
    with count_queries(engine) as few:
        browser.get(one)
    with count_queries(engine) as all_of_them:
        browser.get(many)
    assert len(few) == len(all_of_them)


def test_an_e_mail_address_is_broken_before_its_joints_alone():
    assert formats.jointed("li.ming@<b>.cn") == "li<wbr>.ming<wbr>@&lt;b&gt;<wbr>.cn"
