"""The forms in which people are identified by a number or an address: telephone, identity card, plate, code, e-mail, account.

What looks like one is taken for one, on the side of privacy; amounts, dates and what numbers a project or a contract are not.
Rules: GB 11643-1999 (identity cards), GB 32100-2015 (credit codes), GA 36-2018 (plates), ISO/IEC 7812-1 (bank cards).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from surveys.contacts import identity_check, valid_uscc


class Identifier(StrEnum):
    """What identifies somebody."""

    NAME = "name"
    MOBILE = "mobile"
    TELEPHONE = "telephone"
    IDENTITY = "identity"
    PLATE = "plate"
    CREDIT_CODE = "credit_code"
    EMAIL = "email"
    BANK_CARD = "bank_card"
    ACCOUNT = "account"
    ADDRESS = "address"


LABELS: Mapping[Identifier, tuple[str, str]] = {
    Identifier.NAME: ("姓名", "name"), Identifier.MOBILE: ("手机号", "mobile number"), Identifier.TELEPHONE: ("电话号码", "telephone number"),
    Identifier.IDENTITY: ("身份证号", "identity number"), Identifier.PLATE: ("车牌号", "licence plate"),
    Identifier.CREDIT_CODE: ("信用代码", "credit code"), Identifier.EMAIL: ("邮箱", "e-mail address"),
    Identifier.BANK_CARD: ("银行卡号", "bank card number"), Identifier.ACCOUNT: ("微信或QQ号", "WeChat or QQ account"),
    Identifier.ADDRESS: ("地址", "address"),
}


class Span(NamedTuple):
    """Where in a text somebody is identified, and by what."""

    start: int
    end: int
    identifier: Identifier


FOUND = "\ue000"  # stands in a text for what was found already


class _Form(NamedTuple):
    identifier: Identifier
    pattern: re.Pattern[str]  # of a text as `plain` writes it; the first group, where there is one, is what identifies
    judge: Callable[[str], bool] | None  # of the letters and digits alone, in capitals
    of_things: bool  # where what stands before says that a thing is numbered, it is that number, unless its check character is right


_COMMON = (("，", ","), ("：", ":"), ("（", "("), ("）", ")"), ("；", ";"), ("！", "!"), ("？", "?"), ("\u3000", " "))


@cache
def _rare() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Full-width signs and digits of any script, each with what it is usually written as."""
    rare = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF01, 0xFF5F)}
    rare |= {digit: str(unicodedata.decimal(digit)) for digit in map(chr, range(0x80, 0x10000)) if digit.isdecimal()}
    return re.compile(f"[{''.join(rare)}]"), rare


def plain(text: str) -> str:
    """The text in one way of writing, character by character: full-width signs and digits as plain ones, small letters."""
    written = text
    for wide, narrow in _COMMON:  # ten times as fast as `translate`
        written = written.replace(wide, narrow)
    any_rare, usual = _rare()
    if any_rare.search(written):
        written = "".join(usual.get(character, character) for character in written)
    small = written.lower()
    return small if len(small) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in written)


_SIGN = r"[ \t\u200b-\u200d\ufeff._·•—–‐‑―-]"  # what people put between the groups of a number
_GAP = _SIGN + "{0,3}"
_BEFORE = 24  # characters in which something is announced
_OF_A_THING = re.compile(
    r"(?:编号|单号|文号|案号|票号|批号|合同号|流水号|受理号|工单号?|标段号?|序列号|发票号码?|项目代码|\bno\.?)\W{0,3}[是为]?\W{0,2}[a-z0-9-]{0,16}\Z",
)
_UNIT = r"(?!\d|(?:\.\d+)?[ ]?(?:元(?!旦)|万|亿|美元|人民币|平方|㎡|公里|吨|公顷|亩|%|号文|kg|km))"
_NUMERAL = "零〇○一幺二三四五六七八九"
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PROVINCES = re.compile("1[0-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]|91")  # 10: registered with the state's own office
_REGISTRARS = re.compile("1[1-59]|2[19]|3[1-59]|4[19]|5[1-39]|6[129]|7[129]|8[19]|9[1-39]|A[19]|N[1-39]|Y1")
_WECHAT = r"(?:微信|v信|加v(?![a-z])|vx|wx|wechat|weixin)"
_NAMED = r"([a-z][a-z0-9_-]{5,19}|\d{6,12})(?![a-z\d])"
_SIXTEEN, _EIGHTEEN = 16, 18
_PART = "(?:(?![在到住于是为寄至从我的和与及去往请叫来了省市区县镇乡])[\u4e00-\u9fff])"  # a character that may be part of a place's name
_REGION = rf"{_PART}{{1,7}}(?:省|自治区|市|区|县|镇|乡|街道)"
_ROAD = rf"{_PART}{{1,4}}(?:路|街|大道|巷|弄|胡同)"
_HOUSE = rf"[a-z]?(?:\d{{1,5}}|[{_NUMERAL}十百]{{1,5}})[a-z]?(?:[-之]\d{{1,4}}){{0,2}}"
_HOME = rf"(?:{_HOUSE}(?:号楼|号院|栋|幢|座|单元|层|楼|室|户))"


def _identity(code: str) -> bool:
    """Whether it is an identity number, or looks like that of a grown-up with a slip of the pen in it."""
    born = code[6:14] if len(code) == _EIGHTEEN else "19" + code[6:12]
    try:
        year = date(int(born[:4]), int(born[4:6]), int(born[6:])).year
    except ValueError:
        return False
    return _PROVINCES.match(code) is not None and 1900 <= year < (2100 if _sure(code) else 2016)  # noqa: PLR2004 -- codes of projects hold this year’s date


def _credit_code(code: str) -> bool:
    """The same for a credit code; of digits alone it must be right."""
    plausible = _REGISTRARS.match(code) is not None and _PROVINCES.match(code, 2) is not None
    return valid_uscc(code) and plausible if code.isdigit() else plausible or valid_uscc(code)


def _bank_card(code: str) -> bool:
    """Whether the last digit checks the others (Luhn)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(code))]
    return len(code) >= _SIXTEEN and sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0  # noqa: PLR2004 -- the Luhn check


def _plate(code: str) -> bool:
    return sum(character.isdigit() for character in code) > 2  # noqa: PLR2004 -- of five or six


def _sure(code: str) -> bool:
    """Whether the check character is right, so that it is no number of a thing that only looks like it."""
    return len(code) == _EIGHTEEN and (valid_uscc(code) or (code[:17].isdigit() and identity_check(code[:17]) == code[17]))


def _form(identifier: Identifier, pattern: str, judge: Callable[[str], bool] | None = None, *, of_things: bool = False) -> _Form:
    return _Form(identifier, re.compile(pattern, re.ASCII), judge, of_things)


class _Forms(NamedTuple):
    emails: tuple[_Form, ...]
    numbers: tuple[_Form, ...]
    plates: tuple[_Form, ...]
    spelled: tuple[_Form, ...]
    accounts: tuple[_Form, ...]
    addresses: tuple[_Form, ...]


@cache
def _forms() -> _Forms:
    """Made when the first text is read, for compiling them takes longer than starting should."""
    emails = (_form(
        Identifier.EMAIL, r"[a-z0-9][a-z0-9._%+'-]{0,63} ?(?:@|[(\[]at[)\]]) ?(?:[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}|。(?:com|cn|net|org)(?![a-z])){1,5}|"
        r"(?:qq|1[236][396]|foxmail|gmail|sina|outlook)(?![a-z0-9]))",
    ),)
    numbers = (
        _form(Identifier.IDENTITY, rf"(?<!\d)[1-9](?:{_GAP}\d){{16}}{_GAP}[\dx](?!\d)", _identity, of_things=True),
        _form(Identifier.IDENTITY, rf"身份证(?:号码?)?[^\d。；;\n]{{0,8}}(\d(?:{_GAP}[\dx*]){{9,29}})(?!\d)"),
        _form(Identifier.CREDIT_CODE, rf"(?<![a-z\d])[0-9any][1-9](?:{_GAP}\d){{6}}(?:{_GAP}[0-9a-hj-npqrtuwxy]){{10}}(?![a-z\d])", _credit_code,
              of_things=True),
        _form(Identifier.CREDIT_CODE, rf"(?:信用代码|税号|机构代码)[^a-z\d。；;\n]{{0,8}}([a-z\d](?:{_GAP}[a-z\d]){{7,19}})(?![a-z\d])"),
        _form(Identifier.BANK_CARD, rf"(?<![a-z\d])[3-6]\d{{3}}(?:{_GAP}\d{{4}}){{3}}(?:{_GAP}\d{{1,3}})?{_UNIT}", _bank_card, of_things=True),
        _form(Identifier.BANK_CARD, rf"(?:卡号|账号|帐号|银行卡|账户)[^a-z\d。；;\n]{{0,8}}(\d(?:{_GAP}\d){{8,29}}){_UNIT}"),
        _form(Identifier.MOBILE, rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?0?1(?:[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}|[3-9]\d\d{_GAP}\d{{3}}{_GAP}\d{{4}}|"
              rf"[3-9]\d{_GAP}\d{{3}}{_GAP}\d{{5}}|[3-9]\d{{3}}{_GAP}\d{{6}}|(?:{_SIGN}{{1,3}}\d){{10}}){_UNIT}", of_things=True),
        _form(Identifier.IDENTITY, rf"(?<!\d)[1-9]\d{{14}}{_UNIT}", _identity, of_things=True),
        _form(Identifier.TELEPHONE, rf"(?<![\d.])(?:\(?0|(?:\+|00)86{_GAP}\(?0?)(?:10|2\d|[3-9]\d\d)\)?{_GAP}[1-9]\d{{2,3}}{_GAP}\d{{4}}"
              rf"(?:(?:-|转|ext\.?) ?\d{{1,6}})?{_UNIT}", of_things=True),
        _form(Identifier.TELEPHONE, rf"(?<![a-z\d.])[48]00{_GAP}(?:\d{{3}}{_GAP}\d{{4}}|\d{{4}}{_GAP}\d{{3}}){_UNIT}", of_things=True),
        _form(Identifier.TELEPHONE, r"(?<![a-z\d+])\+(?!86)[1-9]\d{0,2}(?:[ -]{0,2}\d){6,12}(?!\d)"),
        _form(Identifier.TELEPHONE, rf"(?:电话|手机|座机|致电|拨打?|联系方式|传真|tel|phone|call)[^\d。；;\n]{{0,6}}((?!(?:19|20)\d\d[-./])\d(?:{_GAP}\d){{6,17}}){_UNIT}"),
    )
    plates = (
        _form(Identifier.PLATE, rf"[{_PROVINCE}]{_GAP}[a-hj-np-z]{_GAP}(?:[a-hj-k][a-hj-np-z0-9]\d{{4}}|\d{{5}}[a-hj-k]|[a-hj-np-z0-9]{{5}}|"
              r"[a-hj-np-z0-9]{4}(?=[挂学警港澳]))(?![a-z\d])[挂学警港澳]?", _plate),
        _form(Identifier.PLATE, rf"车牌[^a-z\d。；;\n]{{0,6}}([a-hj-np-z]{_GAP}[a-hj-np-z0-9]{{5,6}})(?![a-z\d])"),
    )
    spelled = (_form(
        Identifier.MOBILE, rf"(?<![\d{_NUMERAL}])(?=\d*[{_NUMERAL}])[1一幺][3-9三四五六七八九][\d{_NUMERAL}]{{9}}(?![\d{_NUMERAL}十百千万亿元])", of_things=True,
    ),)
    accounts = (
        _form(Identifier.ACCOUNT, rf"{_WECHAT}(?:号|id|是|为|[ :,，]){{0,5}}(?:号|id|是|为|:) ?{_NAMED}"),
        _form(Identifier.ACCOUNT, rf"{_WECHAT} ?(?=[a-z_-]*\d){_NAMED}"),
        _form(Identifier.ACCOUNT, r"(?:qq|扣扣)(?:群|号码?|是|为|[ :,，]){0,5}([1-9]\d{4,11})(?!\d)"),
    )
    addresses = (  # where somebody lives or can be written to; a road with a number alone may be that of any office
        _form(Identifier.ADDRESS, rf"(?:{_REGION}){{0,4}}{_ROAD}{_HOUSE}号院?(?:{_PART}{{2,8}}(?={_HOME}))?"
              rf"(?={_HOME}{{0,3}}{_HOUSE}(?:号楼|栋|幢|单元|室|户)){_HOME}{{1,4}}"),
        _form(Identifier.ADDRESS, rf"(?:{_REGION}){{1,4}}{_ROAD}{_HOUSE}号院?(?!线|文|楼)"),
        _form(Identifier.ADDRESS, rf"(?:{_REGION}){{0,4}}{_PART}{{1,6}}(?:小区|花园|家园|公寓|新村|苑){_HOUSE}(?:号楼|栋|幢|座|号){_HOME}{{0,3}}(?:\d{{3,4}}(?![\d年月元人个]))?"),
        _form(Identifier.ADDRESS, rf"{_HOUSE}(?:号楼|栋|幢|座){_HOUSE}单元(?:{_HOUSE}(?:室|户|号)?)?"),
        _form(Identifier.ADDRESS, rf"(?:{_REGION}){{0,4}}{_PART}{{1,5}}村{_HOUSE}组{_HOUSE}号"),
        _form(Identifier.ADDRESS, rf"(?:家住|住在|家在|住址|家庭地址|通讯地址|收件地址|收货地址|寄到|寄往)[是为: ]{{0,2}}({_ROAD}{_HOUSE}号院?)"),
    )
    return _Forms(emails, numbers, plates, spelled, accounts, addresses)


_RUN = re.compile(r"\d(?:\D{0,4}\d){6}", re.ASCII)
_DIGIT, _SPELT_RUN = re.compile("[0-9]"), re.compile(f"[0-9{_NUMERAL}]{{11}}")
_DOOR = re.compile(f"[0-9{_NUMERAL}十百](?:号|栋|幢|单元)")
_ACCOUNT_WORDS = ("微信", "v信", "加v", "vx", "wx", "wechat", "weixin", "qq", "扣扣")


def _worth_trying(written: str) -> Iterator[_Form]:
    """The forms that may be in a text, by signs that are quickly looked for."""
    forms = _forms()
    if "@" in written or "at)" in written or "at]" in written:
        yield from forms.emails
    if _DIGIT.search(written):
        if _RUN.search(written):
            yield from forms.numbers
        yield from forms.plates
    if _SPELT_RUN.search(written):
        yield from forms.spelled
    if any(word in written for word in _ACCOUNT_WORDS):
        yield from forms.accounts
    if _DOOR.search(written):
        yield from forms.addresses


def numbers_and_addresses(written: str) -> tuple[list[Span], str]:
    """What is found in a text as `plain` writes it, and the text with FOUND in its place. What one form has found, the next do not see."""
    spans: list[Span] = []
    for form in list(_worth_trying(written)):
        for match in form.pattern.finditer(written):
            start, end = match.span(match.lastindex or 0)
            if _is_one(form, written, start, end):
                spans.append(Span(start, end, form.identifier))
                written = written[:start] + FOUND * (end - start) + written[end:]  # as long as before: the matches that follow stay right
    return spans, written


def _is_one(form: _Form, written: str, start: int, end: int) -> bool:
    code = "".join(filter(str.isalnum, written[start:end])).upper()
    if form.judge and not form.judge(code):
        return False
    if not form.of_things or _sure(code):
        return True
    lettered = len(code) == _EIGHTEEN and "a" <= written[start - 1 : start] <= "z"
    return not lettered and not _OF_A_THING.search(written, max(0, start - _BEFORE), start)
