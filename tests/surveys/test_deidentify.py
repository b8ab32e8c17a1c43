"""Names, numbers and addresses are found in free texts however they are written, and ordinary figures and words stay."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surveys.contacts import identity_check
from surveys.deidentify import Mask, placeholder
from surveys.identifiers import Identifier

ROSTER = (
    "张三", "王晓芳", "欧阳晓明", "买买提·艾力", "李 四", "高峰", "于明", "于洋", "王建", "Anna Lee", "Will", "赵六（经理）", "孙七先生", "管理员", "值班员甲班",
)


@pytest.mark.parametrize("text, masked", [
    ("请打13812345678找我", "请打〔手机号〕找我"),
    ("138 1234 5678、138-1234-5678、13812-345678", "〔手机号〕、〔手机号〕、〔手机号〕"),
    ("+86 138 1234 5678或8613812345678或１３８１２３４５６７８", "〔手机号〕或〔手机号〕或〔手机号〕"),
    ("一三八一二三四五六七八，1 3 8 1 2 3 4 5 6 7 8", "〔手机号〕，〔手机号〕"),
    ("0571-8888 8888、(0571)88888888、057188888888转801", "〔电话号码〕、〔电话号码〕、〔电话号码〕"),
    ("办公电话：66668888；香港+852 1234 5678；400-820-1234", "办公电话：〔电话号码〕；香港〔电话号码〕；〔电话号码〕"),
    ("11010519491231002X，110105 19491231 002x", "〔身份证号〕，〔身份证号〕"),
    ("130503670401001是老号码", "〔身份证号〕是老号码"),
    ("110105194912310029写错了一位", "〔身份证号〕写错了一位"),  # the check character would be X
    ("身份证号：3301021990010112", "身份证号：〔身份证号〕"),  # two digits short
    ("浙A·12345、浙AD12345、浙 b 12345、粤Z1234港", "〔车牌号〕、〔车牌号〕、〔车牌号〕、〔车牌号〕"),
    ("车牌A12345挡住了门", "车牌〔车牌号〕挡住了门"),
    ("91350100M000100Y43，9135 0100 M000 100Y 43", "〔信用代码〕，〔信用代码〕"),
    ("我公司91330100MA27XXXXXX未中标", "我公司〔信用代码〕未中标"),
    ("Zhang.San@Example.com，zhang＠qq。com，zhang (at) 163.com", "〔邮箱〕，〔邮箱〕，〔邮箱〕"),
    ("6222 0212 3456 7890 128", "〔银行卡号〕"),
    ("账号：3301 0401 6000 1234", "账号：〔银行卡号〕"),
    ("微信号：zhang_san，加微信zhang888，QQ群12345678", "微信号：〔微信或QQ号〕，加微信〔微信或QQ号〕，QQ群〔微信或QQ号〕"),
    ("我住建设路12号院3号楼502室，漏水", "我住〔地址〕，漏水"),
    ("投诉人住在钻石新村20栋201，室内", "投诉人住在〔地址〕，室内"),
    ("浙江省杭州市西湖区文三路100号", "〔地址〕"),
    ("请寄到建设路12号。", "请寄到〔地址〕。"),
    ("阳光花园5栋2单元301室噪声大，3号楼2单元也是", "〔地址〕噪声大，〔地址〕也是"),
    ("城关镇东风村三组12号的地", "〔地址〕的地"),
    ("人民大道８８号幸福里３幢１２０１室", "〔地址〕"),
    ("张三的电话是13812345678", "〔姓名〕的电话是〔手机号〕"),
    ("张 三、王　晓　芳、欧阳晓明和李四", "〔姓名〕、〔姓名〕、〔姓名〕和〔姓名〕"),
    ("买买提艾力和买买提•艾力", "〔姓名〕和〔姓名〕"),
    ("赵六和孙七", "〔姓名〕和〔姓名〕"),
    ("anna lee, Anna  Lee; Will came", "〔姓名〕, 〔姓名〕; 〔姓名〕 came"),
    ("高峰先生和于洋", "〔姓名〕先生和〔姓名〕"),
    ("我叫高峰，请回电", "我叫〔姓名〕，请回电"),
    ("望改进。高峰 13812345678", "望改进。〔姓名〕 〔手机号〕"),
    ("望改进。\n高峰\n2026年3月18日", "望改进。\n〔姓名〕\n2026年3月18日"),
    ("高峰", "〔姓名〕"),
    ("关于明码标价，于明说得对", "关于明码标价，〔姓名〕说得对"),
])
def test_what_identifies_somebody_is_masked(text, masked):
    assert Mask(ROSTER)(text) == masked


@pytest.mark.parametrize("text", [
    "预算12345678901元，合同金额13812345678元，共13,500,000,000元",
    "项目编号：330100202513812345678，编号ZJ13812345678，受理号13812345678",
    "招标编号330100202512310001，ZJ330100198512310002",
    "2026-03-18 09:00:00至2026年3月20日，20260318",
    "1.13-2019.11.15 8:30开放，1 3 5 7 9 11 13 15号车",
    "请拨12345热线，致电2026-03-18前",
    "GB/T 9704-2012，沪G1503高速，第123456789号文",
    "身份证要带，微信公众号好用，微信支付，QQ群太吵",
    "WeChat reminders would help",
    "交易大厅三楼宽敞，2号楼302室等了很久", "地址在文化路1号", "一号窗口、3号线、12号楼、第5号公告", "豫政〔2025〕12号文，3月18号，建设路排水一标段", "一户一策，三单元",
    "市政道路12号标段，区里的路有100号井盖",
    "早高峰太堵，提高峰值", "由于明显的原因", "王建国博士说的王建国", "张三丰是书里的人", "Annalee will stay", "will come", "管理员不在",
    "张某、王某某说138****5678", "一二三四五六七八九十", "",
])
def test_ordinary_figures_and_words_stay(text):
    mask = Mask(name for name in ROSTER if name != "王建")
    assert (mask(text), mask.counts) == (text, {})


def test_a_text_that_stands_twice_counts_once_and_the_language_is_that_of_the_export():
    mask = Mask(["张三"], language="en")
    assert [mask("张三 13812345678"), mask("张三 13812345678"), mask("张三")] == ["〔name〕 〔mobile number〕"] * 2 + ["〔name〕"]
    assert (mask.told(), Mask().told()) == ("name ×2, mobile number ×1", "")


def test_a_term_is_known_to_identify_somebody():
    mask = Mask(ROSTER)
    told = {term: mask.identifies(term) for term in ("张三", "晓芳", "王晓芳说", "13812345678", "高峰", "管理员", "保证金", "晓明")}
    assert told == {"张三": True, "晓芳": True, "王晓芳说": True, "13812345678": True, "高峰": False, "管理员": False, "保证金": False, "晓明": False}


SENTENCES = st.lists(st.sampled_from([
    "大厅宽敞", "，", "。", "建议延长开放时间", "2026年3月18日", "由于明显的原因", " ", "\n", "预算350万元", "happy to come", "电话", "（", "）", "早高峰", "共12人", "：",
    "评标专家", "—", "ABC", "、", "请尽快答复", "√", "😀", "９", "服务窗口", "3.5%",
]), max_size=6).map("".join)


def _spread(groups: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(["", " ", "-", "·", "　", " - "]).map(lambda gap: gap.join(groups))


def _wide(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if character.isdigit() else character for character in text)


MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
WRITTEN_MOBILES = MOBILES.flatmap(lambda number: _spread((number[:3], number[3:7], number[7:])))
IDENTITIES = st.builds(
    lambda born, serial: (digits := f"330102{date(1930, 1, 1) + timedelta(born):%Y%m%d}{serial:03}") + identity_check(digits),
    st.integers(0, 28_000), st.integers(0, 999),
)
WRITTEN_IDENTITIES = IDENTITIES.flatmap(lambda number: _spread((number[:6], number[6:14], number[14:])))


@given(before=SENTENCES, after=SENTENCES, number=st.one_of(WRITTEN_MOBILES, WRITTEN_IDENTITIES), wide=st.booleans())
@example(before="ABC", after="ABC", number="13812345678", wide=False)
def test_no_number_survives_wherever_it_stands(before, after, number, wide):
    """Except where it runs on into other digits, so that it is another number."""
    if re.search(r"\d\W*\Z", before) or re.match(r"\W*[\d万元]", after):
        before, after = before + "机", "，" + after
    masked = Mask()(before + (_wide(number) if wide else number) + after)
    digits = "".join(str(int(character)) for character in masked if character.isdecimal())
    assert re.sub(r"\D", "", number) not in digits
    assert masked.count("〔") == 1


SURNAMES, GIVEN = "张王李赵陈欧阳于高方", "晓芳建国伟明海燕志强丽军"
NAMES = st.builds(lambda first, given_name: first + given_name, st.sampled_from(SURNAMES), st.text(GIVEN, min_size=2, max_size=3))


@given(before=SENTENCES, after=SENTENCES, name=NAMES, others=st.lists(NAMES, max_size=5))
def test_no_name_of_three_characters_or_more_survives_wherever_it_stands(before, after, name, others):
    assert name not in Mask([*others, name])(before + name + after)


@given(before=SENTENCES, after=SENTENCES, name=st.sampled_from(["张三", "王伟", "李娜", "于洋", "高峰", "黎明"]))
def test_no_name_of_two_characters_survives_beside_a_title(before, after, name):
    assert Mask([name])(f"{before}{name}先生{after}").startswith(f"{Mask()(before)}〔姓名〕先生")


def test_every_identifier_has_a_placeholder_in_both_languages():
    assert (placeholder(Identifier.NAME), placeholder(Identifier.NAME, "en")) == ("〔姓名〕", "〔name〕")
    assert len({placeholder(one) for one in Identifier} | {placeholder(one, "en") for one in Identifier}) == 2 * len(Identifier)
