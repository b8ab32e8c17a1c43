"""Lists of names as people have them."""

import pytest
from workbooks import xlsx

from engage import party_lists
from engage.sheets import NotAWorkbook, SheetTooLarge


def read(people):
    return [(person.name, person.phone) for person in people]


@pytest.mark.parametrize("text, people", [
    ("张三 13800138000\n李四", [("张三", "13800138000"), ("李四", "")]),
    ("张三\t13800138000\r\n李四，139-0013-9000\n王五;13700137000\n", [("张三", "13800138000"), ("李四", "13900139000"), ("王五", "13700137000")]),
    ("1、张　三，138 0013 8000\n2. 李四\n（3）王五\n4 赵六", [("张三", "13800138000"), ("李四", ""), ("王五", ""), ("赵六", "")]),
    ("参会名单\n", [("参会名单", "")]),  # nobody can know; it stands in a row and is deleted there
    ("姓名 电话\n张三 东风村", [("张三", "")]),
    ("序号,姓名,手机号\n1,张三,13800138000\n2,李四,", [("张三", "13800138000"), ("李四", "")]),
    ("张三、李四、王五", [("张三", ""), ("李四", ""), ("王五", "")]),
    ("张三（１３８００１３８０００）\n李四13900139000", [("张三", "13800138000"), ("李四", "13900139000")]),
    ("Anna Lee +44 20 7946 0958\nBob  Ray, 13800138000", [("Anna Lee", "+442079460958"), ("Bob Ray", "13800138000")]),
    ("张三 1380013800\n13900139000", [("张三", "1380013800"), ("", "13900139000")]),  # kept for its writer to put right
    (" \n\n\t", []),
])
def test_a_pasted_list_is_read_line_by_line(text, people):
    assert read(party_lists.from_text(text)) == people


def test_a_list_is_cut_at_two_hundred():
    assert len(party_lists.from_text("\n".join(f"来宾{'甲' * place}" for place in range(250)))) == 200


@pytest.mark.parametrize("source", [
    xlsx([["某代表团名单"], ["序号", "姓名", "单位", "联系电话"], [1, "张 三", "甲公司", 13800138000], [2, "李四", "乙公司", ""], ["合计", "2 人"]]),
    "姓名,手机\n张三,13800138000\n李四,\n".encode("gbk"),
    "张三,13800138000\n李四\n".encode(),
    xlsx([["张三", 13800138000], ["李四"]]),
])
def test_a_small_file_is_read_with_or_without_column_names(source):
    assert read(party_lists.from_file(source)) == [("张三", "13800138000"), ("李四", "")]


def test_what_is_no_list_or_too_large_is_refused():
    with pytest.raises(NotAWorkbook):
        party_lists.from_file(b"%PDF-1.7")
    with pytest.raises(SheetTooLarge):
        party_lists.from_file(b"x" * 1_000_001)
