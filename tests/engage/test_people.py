import pytest
from database import count_queries
from sqlalchemy import select

from engage import people
from engage.audit import AuditEntry
from engage.contacts import find_phones
from engage.people import Invitee, InviteeForm


@pytest.fixture
def categories(session):
    return {category.code: category for category in people.seed_categories(session)}


@pytest.fixture
def add(session, categories, now):
    def add(name="张三", category="deputy", **more):
        form = InviteeForm(name=name, category=categories[category], **more)
        return people.add_invitee(session, form, by="user:wang", now=now)

    return add


@pytest.mark.parametrize("text, phone", [
    ("13800138000", "13800138000"), (" 138 0013 8000 ", "13800138000"), ("138-0013-8000", "13800138000"),
    ("１３８００１３８０００", "13800138000"), ("+86-13800138000", "13800138000"), ("+86 138 0013 8000", "13800138000"),
    ("0086 13800138000", "13800138000"), ("8613800138000", "13800138000"), ("（+86）13800138000", "13800138000"),
    ("013800138000", "13800138000"), ("13800138000（办公室转）", "13800138000"), ("13800138000 办公室转", "13800138000"),
    ("手机：13800138000", "13800138000"), ("13800138000.0", "13800138000"), ("1.3800138000E+10", "13800138000"),
    ("'13800138000", "13800138000"), ("0631-5231234", "06315231234"), ("（0631）5231234", "06315231234"),
    ("010-66668888转801", "01066668888-801"), ("0631-5231234-12", "06315231234-12"), ("+86 631 5231234", "06315231234"),
    ("400-800-1234", "4008001234"), ("+852 9123 4567", "+85291234567"), ("00852-91234567", "+85291234567"),
])
def test_phone_numbers_are_understood_as_people_write_them(text, phone):
    assert people.clean_phone(text) == phone
    assert people.clean_phone(phone) == phone


@pytest.mark.parametrize("text", ["", "无", "139", "1380000000x", "13800138000x", "12800138000", "1.38E+10", "5231234", "138001380001",
                                  "13800138000/13900139000", "2026-03-02", "张三"])
def test_what_is_not_one_usable_phone_number_is_refused(text):
    with pytest.raises(people.InvalidPhone) as refusal:
        people.clean_phone(text)
    assert refusal.value.field == "phone"


@pytest.mark.parametrize("text", ["13800138000/0631-5231234", "13800138000、06315231234", "13800138000 0631-5231234", "13800138000\n0631-5231234",
                                  "手机13800138000，办0631-5231234"])
def test_several_phone_numbers_in_one_cell_are_all_found(text):
    assert find_phones(text) == ["13800138000", "06315231234"]


def test_email_addresses_are_kept_in_small_letters():
    assert people.clean_email(" Zhang.San＠Example.ORG ") == "zhang.san@example.org"


@pytest.mark.parametrize("text", ["无", "a@b", "a b@c", "@example.org", "a@@example.org", "张@", f"{'a' * 65}@example.org"])
def test_what_is_no_email_address_is_refused(text):
    with pytest.raises(people.InvalidEmail):
        people.clean_email(text)


def test_the_check_character_of_a_credit_code_decides():
    assert [people.valid_uscc(code) for code in ("91370300XPANBF69BJ", "91370300QFGEA63XX0", "91370300XPANBF69B", "91370300IPANBF69BJ")] == [
        True, False, False, False]


def test_names_are_compared_without_blanks_width_and_case():
    assert people.name_key(" 张 三 ") == people.name_key("张三") == "张三"
    assert people.name_key("Ａnna  LEE") == "annalee"
    assert [people.clean_name(name) for name in (" 张 三 ", "Anna   Lee", "")] == ["张三", "Anna Lee", ""]


def test_masks_show_little():
    assert [people.mask_name(name) for name in ("", "张", "张三", "张小三", "欧阳小三", "Anna Lee")] == ["", "张*", "张*", "张*三", "欧**三", "A***e"]
    assert [people.mask_phone(phone) for phone in ("", "13812345678", "06315231234", "4008001234")] == [
        "", "138****5678", "063****1234", "********34"]
    assert [people.mask_email(email) for email in ("", "anna@example.org")] == ["", "a***@example.org"]


@pytest.mark.parametrize("code, spellings", [
    ("deputy", "人大代表 市人大代表 人大代表（市级） 省人大代表（一组） 区人民代表 deputy 全国人大代表"),
    ("cppcc", "政协委员 市政协委员 政协\u3000委员 CPPCC"),
    ("project_lead", "重大项目负责人 重点项目负责人 项目负责人 项目单位 project_lead"),
    ("enterprise", "企业代表 相关企业代表 企业 投标企业 投标人 采购人 Enterprise 民营企业"),
    ("agency", "代理机构 招标代理 采购代理企业 Agency 代理公司"),
    ("village", "村集体 村集体组织 村集体组织负责人 农村集体经济组织 村书记 村集体经济组织"),
    ("media", "媒体 新闻媒体 媒体记者 press"),
    ("public", "公众 社会公众 市民 市民代表 群众代表"),
])
def test_categories_are_recognised_by_many_spellings(session, categories, code, spellings):
    found = [people.recognise_category(text, categories.values()) for text in spellings.split(" ")]
    assert [category and category.code for category in found] == [code] * len(found)


@pytest.mark.parametrize("text", ["其他人员", "？", "", "代表", "人大代表/政协委员", "负责人"])
def test_a_category_that_nobody_can_know_is_not_guessed(session, categories, text):
    assert people.recognise_category(text, categories.values()) is None


def test_a_category_of_the_office_is_recognised_by_its_names_and_a_retired_one_no_more(session, categories, now):
    own = people.add_category(session, code="listed", name="上市企业代表", name_en="Listed company", by="user:wang", now=now)
    known = people.categories(session)
    assert [people.recognise_category(text, known) for text in ("上市企业代表", "市上市企业代表", "listed company", "listed")] == [own] * 4
    people.retire_category(session, own, by="user:wang", now=now)
    assert people.recognise_category("listed", [*people.categories(session), own]) is None


def test_seeding_twice_changes_nothing_that_staff_changed(session, now):
    first = people.seed_categories(session)
    people.edit_category(session, first[0], name="市人大代表", companions=3, by="user:wang", now=now)
    assert [(item.code, item.name, item.companions) for item in people.seed_categories(session)] == [
        ("deputy", "市人大代表", 3), ("cppcc", "政协委员", 0), ("project_lead", "重大项目负责人", 2), ("enterprise", "企业代表", 2),
        ("village", "村集体组织负责人", 1), ("public", "社会公众", 0), ("media", "新闻媒体", 0), ("agency", "代理机构", 1)]


def test_a_category_needs_a_code_a_name_and_both_unique(session, categories, now):
    for refusal, code, name in ((people.BadCode, "A b", "甲"), (people.NameMissing, "a", " "), (people.TooLong, "a", "甲" * 61),
                                (people.CategoryExists, "deputy", "甲"), (people.CategoryExists, "a", "人大代表")):
        with pytest.raises(refusal):
            people.add_category(session, code=code, name=name, by="user:wang", now=now)


def test_a_person_is_kept_clean_and_the_trail_names_nobody(session, add, now):
    invitee = add(" 张 三 ", phone="+86 138 0013 8000", email="Zhang@Example.org", uscc="91370300xpanbf69bj")
    assert (invitee.name, invitee.name_key, invitee.phone, invitee.email, invitee.uscc) == (
        "张三", "张三", "13800138000", "zhang@example.org", "91370300XPANBF69BJ")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "invitee.add")).one()
    assert (entry.subject, entry.detail) == (f"invitee:{invitee.id}", {})


@pytest.mark.parametrize("refusal, field, given", [
    (people.NameMissing, "name", {"name": " ", "phone": "13800138000"}), (people.NoContact, "phone", {}),
    (people.InvalidPhone, "phone", {"phone": "139"}), (people.InvalidEmail, "email", {"email": "x"}),
    (people.TooLong, "organisation", {"phone": "13800138000", "organisation": "长" * 121}),
])
def test_a_person_that_cannot_be_kept_is_refused_with_the_field(add, refusal, field, given):
    with pytest.raises(refusal) as refused:
        add(**given)
    assert refused.value.field == field


@pytest.mark.parametrize("again", [{"phone": "138-0013-8000"}, {"email": "A@example.org", "phone": "13900139000"}])
def test_the_same_name_with_the_same_phone_or_address_is_the_same_person(session, add, again):
    first = add("张三", phone="13800138000", email="a@example.org")
    with pytest.raises(people.SamePerson) as refusal:
        add("张 三", **again)
    assert refusal.value.facts == {"invitee_id": first.id}
    assert session.scalars(select(Invitee)).all() == [first]


def test_another_name_with_the_same_phone_is_another_person(add):
    assert add("张三", phone="0631-5231234").id != add("李四", phone="0631-5231234").id


def test_editing_into_another_person_is_refused_and_changes_nothing(session, add, categories, now):
    add("张三", phone="13800138000")
    other = add("李四", phone="13900139000", organisation="甲公司")
    form = InviteeForm(name="张三", phone="13800138000", category=categories["deputy"])
    with pytest.raises(people.SamePerson):
        people.edit_invitee(session, other, form, by="user:wang", now=now)
    session.refresh(other)
    assert (other.name, other.phone, other.organisation) == ("李四", "13900139000", "甲公司")


def test_editing_notes_which_columns_changed(session, add, categories, now):
    invitee = add("张三", phone="13800138000")
    form = InviteeForm(name="张三", phone="13800138001", category=categories["cppcc"])
    people.edit_invitee(session, invitee, form, by="user:wang", now=now)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "invitee.edit")).one()
    assert (invitee.phone, entry.detail) == ("13800138001", {"changed": ["category_id", "phone"]})


def test_a_person_nobody_invited_can_be_removed(session, add, now):
    people.remove_invitee(session, add(phone="13800138000"), by="user:wang", now=now)
    assert session.scalars(select(Invitee)).all() == []


def test_people_are_found_by_name_phone_and_organisation_and_sorted(session, add, categories):
    add("张三", phone="13800138000", organisation="甲公司", district="东区")
    add("李 四", "cppcc", phone="13900139000", organisation="乙100%公司", district="西区")

    def names(**query):
        return [invitee.name for invitee in session.scalars(people.find_invitees(**query))]

    assert [names(text=text) for text in ("张 三", "138-0013", "乙100%", "%", "王五")] == [["张三"], ["张三"], ["李四"], ["李四"], []]
    assert names(category=categories["deputy"]) == names(district="东区") == ["张三"]
    assert (names(sort="category"), names(sort="-category")) == (["张三", "李四"], ["李四", "张三"])
    assert people.districts(session) == ["东区", "西区"]
    session.expunge_all()
    with count_queries(session) as seen:
        assert [invitee.category.code for invitee in session.scalars(people.find_invitees(sort="category"))] == ["deputy", "cppcc"]
    assert len(seen) == 1
