import string
from collections import Counter

import pytest
from database import count_queries, undone
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from workbooks import xlsx

from engage import people
from engage.audit import AuditEntry
from engage.people import Invitee
from engage.people_import import Outcome, PeopleChanged, carry_out, plan_import

HEADER = ["序号", "姓 名", "人员类别", "工作单位", "联系电话", "电子邮箱", "统一社会信用代码", "备注"]


@pytest.fixture(autouse=True)
def categories(session):
    return people.seed_categories(session)


def bring(session, data, now):
    return carry_out(session, plan_import(session, data), by="user:wang", now=now)


def codes(notes):
    return [(note.row, note.column, note.code) for note in notes]


def listed(*rows):
    return xlsx([["拟邀请人员名单"], ["填报单位：综合科"], HEADER, *([number, *row] for number, row in enumerate(rows, start=1)), ["合计", "9人"]],
                [["1. 类别请按下拉选项填写"]])


def test_every_row_is_told_what_becomes_of_it(session, now):
    data = listed(
        ["张三", "市人大代表", "甲公司", 13800138000, None, None, None],
        [" 张 三 ", "人大代表（一组）", None, "+86 138-0013-8000", "zhang@example.org", None, "重复"],
        [None, "企业", "乙公司", "13900139000"],
        ["李四", "企业", "乙公司", "无"],
        ["王五", "企业", "乙公司", "1380000000x"],
        ["赵六", "其他人员", "乙公司", "13700137000"],
        ["钱七", None, "乙公司", "13600136000"],
        ["孙八", "政协 委员", None, "139", "sun@example.org"],
        ["周九", "企业", "丙公司", "13500135000/13400134000", None, "91370300XPANBF69B0"],
    )
    plan = plan_import(session, data)
    assert [(row.row, row.outcome.value, row.repeats) for row in plan.rows] == [
        (4, "added", None), (5, "matched", ("名单", 4)), (6, "refused", None), (7, "refused", None), (8, "refused", None),
        (9, "refused", None), (10, "refused", None), (11, "added", None), (12, "added", None)]
    assert codes(plan.refused) == [
        (6, "姓 名", "name_missing"), (7, "联系电话", "no_contact"), (8, "联系电话", "invalid_phone"),
        (9, "人员类别", "unknown_category"), (10, "人员类别", "category_missing")]
    assert codes(plan.warnings) == [
        (11, "联系电话", "invalid_phone"), (12, "联系电话", "several_phones"), (12, "统一社会信用代码", "wrong_uscc")]
    assert session.scalar(select(func.count(Invitee.id))) == 0


def test_the_plan_is_carried_out_once_and_the_second_time_adds_nobody(session, now):
    data = listed(["张三", "市人大代表", "甲公司", 13800138000.0], ["李四", "企业", "乙公司", None, "li@example.org"])
    first, second = bring(session, data, now), bring(session, data, now)
    assert (first.added, first.matched, second.added, second.matched) == (2, 0, 0, 2)
    people_now = session.execute(select(Invitee.name, Invitee.phone, Invitee.email, Invitee.organisation).order_by(Invitee.id)).all()
    assert [tuple(row) for row in people_now] == [("张三", "13800138000", "", "甲公司"), ("李四", "", "li@example.org", "乙公司")]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "invitee.import").order_by(AuditEntry.id))
    assert [entry.detail for entry in entries] == [{"added": 2, "matched": 0, "refused": 0, "filled": 0},
                                                   {"added": 0, "matched": 2, "refused": 0, "filled": 0}]


def test_the_result_as_json_is_the_contract(session, now):
    result = bring(session, listed(["张三", "什么", None, "13800138000"]), now)
    assert result.as_dict() == {"added": 0, "matched": 0, "warnings": [], "refused": [{
        "sheet": "名单", "row": 4, "column": "人员类别", "code": "unknown_category", "reason": "Nobody can know which category this is."}]}


def test_empty_fields_of_a_known_person_are_filled_and_others_told_never_overwritten(session, now):
    bring(session, listed(["张三", "人大代表", None, "13800138000"]), now)
    known = session.scalars(select(Invitee)).one()
    plan = plan_import(session, listed(["张三", "政协委员", "甲公司", "13800138000", "zhang@example.org"]))
    assert (plan.rows[0].known_id, codes(plan.warnings)) == (known.id, [(4, "人员类别", "differs")])
    carry_out(session, plan, by="user:wang", now=now)
    assert (known.organisation, known.email, known.category.code) == ("甲公司", "zhang@example.org", "deputy")
    again = plan_import(session, listed(["张三", "人大代表", "乙公司", "13900139000", "zhang@example.org"]))
    assert codes(again.warnings) == [(4, "联系电话", "differs"), (4, "工作单位", "differs")]
    assert again.warnings[1].facts == {"known": "甲公司", "given": "乙公司"}


def test_rows_that_join_two_people_are_told_and_join_nobody(session, now):
    data = listed(["张三", "企业", None, "13800138000"], ["张三", "企业", None, None, "zhang@example.org"],
                  ["张三", "企业", None, "13800138000", "zhang@example.org"])
    first = bring(session, data, now)
    assert (first.added, first.matched, codes(first.warnings)) == (2, 1, [(6, "电子邮箱", "taken_by_another")])
    assert bring(session, data, now).added == 0


def test_a_list_without_categories_takes_the_one_that_is_given(session, categories, now):
    data = "姓名,办公电话\n张三,0631-5231234\n".encode("gbk")
    plan = plan_import(session, data, category=categories[3])
    assert [(row.outcome, row.category, row.phone) for row in plan.rows] == [(Outcome.ADDED, categories[3], "06315231234")]


def test_what_is_too_long_is_cut_with_a_warning_but_a_name_is_refused(session, now):
    result = bring(session, listed(["张三", "企业", "长" * 130, "13800138000"], ["长" * 61, "企业", None, "13900139000"]), now)
    assert (codes(result.warnings), codes(result.refused)) == ([(4, "工作单位", "shortened")], [(5, "姓 名", "too_long")])
    assert session.scalars(select(Invitee)).one().organisation == "长" * 120


def test_a_plan_that_was_overtaken_adds_nobody(session, now):
    data = listed(["张三", "企业", None, "13800138000"], ["李四", "企业", None, "13900139000"])
    late = plan_import(session, data)
    bring(session, listed(["李四", "企业", None, "13900139000"]), now)
    with pytest.raises(PeopleChanged):
        carry_out(session, late, by="user:wang", now=now)
    assert session.scalars(select(Invitee.name)).all() == ["李四"]


@pytest.mark.parametrize("size", [1, 200])
def test_queries_do_not_grow_with_the_rows(session, now, size):
    data = listed(*(["张三", "企业", None, 13800138000 + number] for number in range(size)))
    with count_queries(session) as seen:
        bring(session, data, now)
    assert len(seen) <= 8


PHONES = st.builds(lambda number, style: style(str(13800000000 + number)), st.integers(0, 40), st.sampled_from([
    str, int, float, lambda digits: f"+86-{digits}", lambda digits: f"{digits[:3]} {digits[3:7]} {digits[7:]}",
    lambda digits: digits.translate(str.maketrans(string.digits, "０１２３４５６７８９")), lambda digits: f"{digits}（办公室转）",
]))
ROWS = st.lists(st.tuples(
    st.sampled_from(["张三", " 张 三 ", "李四", "Anna Lee", "ANNA LEE", None, "王五"]),
    st.sampled_from(["市人大代表", "政协 委员", "企业", "其他人员", None]),
    st.sampled_from([None, "甲公司", "乙公司", "=1+1"]),
    st.one_of(PHONES, st.sampled_from([None, "无", "139", "0631-5231234转8"])),
    st.sampled_from([None, "a@example.org", "B@Example.org", "无", "x@"]),
    st.sampled_from([None, "91370300XPANBF69BJ", "91370300XPANBF69B0"]),
), max_size=12)


def gbk(rows) -> bytes:
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in [HEADER[1:7], *rows]]
    return "\n".join(lines).encode("gb18030")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("written", [lambda rows: xlsx([HEADER[1:7], *rows]), gbk], ids=["xlsx", "gbk"])
@settings(max_examples=60)
@given(rows=ROWS)
def test_any_list_adds_up_and_its_second_import_adds_nobody(session, now, written, rows):
    data = written(rows)
    with undone(session):
        first = bring(session, data, now)
        there = session.execute(select(Invitee.name_key, Invitee.phone)).all()
        second = bring(session, data, now)
        total = sum(any(cell is not None for cell in row) for row in rows)
        assert first.added + first.matched + len(first.refused) == second.matched + len(second.refused) == total
        assert second.added == 0
        assert second.matched >= first.added + first.matched  # a row without a category may name who came further down
        assert len(there) == first.added
        assert {phone for _, phone in there} <= {"", "06315231234-8", *(str(13800000000 + number) for number in range(41))}
        assert max(Counter(row for row in there if row[1]).values(), default=1) == 1
