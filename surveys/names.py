"""Names of known people in texts, however they are spaced: 张三, 张 三, 买买提·艾力, Anna Lee.

A text is read once whatever the number of names, the longest name first. What is also an ordinary word (高峰, 管理员), or lies across two
words (于明 in 由于明显), counts only where something beside it says that a person is meant: see docs/decisions/023-deidentification.md.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import NamedTuple

from surveys.identifiers import FOUND, Identifier, Span, plain

_HAN = r"\u3400-\u9fff〇\uf900-\ufaff\U00020000-\U0003ffff"
_SPACES = re.compile(rf"[ \t\u200b-\u200d\ufeff·•‧・∙.]{{1,3}}(?=[{_HAN}])| [ \t]+")
_IS_HAN = re.compile(f"[{_HAN}]")
_SOMEBODY = rf"[{_HAN}]{{2}}|[^\W\d_{_HAN}]{{3}}|[^\W\d_]{{2}} "  # a name has so much at least
_NOTE = r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】"
_ADDRESS = r"(?:先生|女士|小姐|同志)\Z"
_SHORT = 2  # characters of a name that may lie across two words by chance

_TITLE = (
    r"先生|女士|小姐|老师|同志|同学|师傅|大姐|大哥|阿姨|博士|(?:副|总)?(?:主任|科长|处长|局长|股长|组长|队长|所长|站长|院长|校长|镇长|乡长|村长|区长|市长|县长|"
    r"部长|厅长|会长|秘书长?|董事长|经理|书记|主席|主管|教授|医生|大夫|护士|律师|会计|工程师|警官|法官|代表|委员)"
)
_CALLED = (
    r"我叫|我是|名叫|叫做|叫|本人|姓名|署名|落款|联系人|负责人|经办人?|投诉人|举报人|反映人|当事人|申请人|工作人员|窗口人员|同事|业主|村民|居民|客服|—|--"
)
_LOOK_BACK = 12


class _Signs(NamedTuple):
    """What stands beside a word that is meant as a name: after it, before it; and where it is a signature, before and after it."""

    after: re.Pattern[str]
    before: re.Pattern[str]
    ends: re.Pattern[str]
    signed: re.Pattern[str]


@cache
def _signs() -> _Signs:
    """Made when they are needed, for compiling them takes longer than starting should."""
    return _Signs(
        re.compile(rf"[ ,]?(?:{_TITLE})|[ ,:(]{{0,2}}(?:电话|手机|联系方式|tel)?[ :)]{{0,2}}{FOUND}"),
        re.compile(rf"(?:{_CALLED}|{_TITLE})[是为叫: ]{{0,2}}\Z|\b(?:mr|mrs|ms|dr|name is|called)\.? \Z"),
        re.compile(r"(?:\A|[\n。.!?;~—,:])\s*\Z"),
        re.compile(rf"[\s。.,!]*(?:\d{{4}}[年./-][\d年月日./\s-]*|{FOUND}+)?[\s。.,!]*\Z|[ \t]*\n"),
    )


# Names by the segmenter's dictionary that nobody takes for names in ordinary sentences.
_ALSO_WORDS = frozenset(re.findall(r"\S+", """
高峰 高潮 高明 高雅 高清 高薪 高达 文明 安康 安静 安稳 安危 安逸 安保 黎明 黎民 温馨 温泉 明白 明智 明文 白云 白领 白天 周全 周密 周详 周转 周正 周知 陈列 陈述 陈旧
陈设 张开 张贴 张罗 张扬 张望 许可 许诺 方正 马路 马虎 毛巾 毛发 谢谢 雷同 雷达 雷声 常青 常年 常客 平顺 平安 平整 平房 平坦 田园 田野 路口 路边 江山 江湖 江河
金山 金秋 华丽 严正 严冬 严明 康复 康健 康乐 鲁莽 廉政 廉明 廉洁 全面 全休 宁静 宁可 宁肯 辛勤 关怀 公正 公允 原谅 师傅 师生 师范 和睦 和蔼 和善 空旷 养老 须知
简章 通达 通顺 通晓 通亮 查明 查清 弘扬 居功 权威 权衡 荣幸 荣获 荣誉 祝福 祝贺 顾客 顾问 顾全 富豪 富丽 武侠 万幸 吉祥 向阳 农忙 祖传 祖母 秋收 从政 从宽 满怀
红旗 丰年 洪水 云彩 童真 梅花 林立 盛世 盛夏 夏令 容纳 凤凰 沙发 沙滩 井盖 柳树 石头
"""))


class Names:
    """Known names, kept so that they are found quickly. Notes in brackets, titles and what is no name are left out."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[str, set[str]] = {}  # in one way of writing → as they were written
        for written in names:
            for part in re.split(r"[,;/|、]", re.sub(_NOTE, " ", plain(written))):
                name = re.sub(_ADDRESS, "", _squeezed(part.strip())[0]).strip()
                if re.search(_SOMEBODY, name):
                    self._names.setdefault(name, set()).add(written.strip())
        self._given = {name[1:] for name in self._names if len(name) == 3}  # noqa: PLR2004 -- of one character and a name of two
        lengths: dict[str, set[int]] = {}
        for name in self._names:
            lengths.setdefault(name[0], set()).add(len(name))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        self._first = re.compile(f"[{re.escape(''.join(lengths))}]") if lengths else None

    def find(self, text: str, written: str) -> list[Span]:
        """The names in a text, which is also given as `plain` writes it, with FOUND where something was found already."""
        if self._first is None:
            return []
        reading = _Reading(*_squeezed(written))
        spans: list[Span] = []
        end = 0
        for match in self._first.finditer(reading.squeezed):
            start = match.start()
            if start < end:
                continue
            for length in self._lengths[match[0]]:
                name = reading.squeezed[start : start + length]
                if name in self._names and reading.stands(start, start + len(name)) and self._meant(reading, text, name, start):
                    end = start + len(name)  # at the end of a text less is left than was looked for
                    spans.append(Span(reading.at(start), reading.at(end - 1) + 1, Identifier.NAME))
                    break
        return spans

    def _meant(self, reading: "_Reading", text: str, name: str, start: int) -> bool:
        end = start + len(name)
        if name.isascii() and " " not in name and text[reading.at(start) : reading.at(end - 1) + 1] not in self._names[name]:
            return False  # a single word of letters is a name as it is written on the roster: Will, not will
        if _ordinary(name) or (len(name) == _SHORT and reading.cut_through(start, end)):
            return reading.beside_a_sign(start, end)
        return True

    def within(self, term: str) -> bool:
        """Whether a single term names somebody: it holds a known name that is no ordinary word, or is the given name of one."""
        name = _squeezed(plain(term.strip()))[0]
        parts = {name[start : start + length] for start in range(len(name)) for length in self._lengths.get(name[start], ())}
        return any(part in self._names and not _ordinary(part) for part in parts) or (name in self._given and not _ordinary(name))


class _Reading:
    """A text without the spaces within names, and with what the segmenter says of it, once it is asked."""

    def __init__(self, squeezed: str, places: Sequence[int] | None) -> None:
        self.squeezed = squeezed
        self._places = places  # where each character stands in the text; None: where it stands here
        self._words: list[int] | None = None  # where words begin, and where the last one ends

    def at(self, place: int) -> int:
        return self._places[place] if self._places else place

    def stands(self, start: int, end: int) -> bool:
        """Whether it is no part of a longer word of letters."""
        text = self.squeezed
        return not (
            (start and text[start].isascii() and text[start - 1].isascii() and text[start - 1].isalnum())
            or (end < len(text) and text[end - 1].isascii() and text[end].isascii() and text[end].isalnum())
        )

    def cut_through(self, start: int, end: int) -> bool:
        """Whether words begin before it and end after it, so that its characters stand beside each other by chance."""
        if self._words is None:
            self._words = _words(self.squeezed)
        first, last = bisect_right(self._words, start) - 1, bisect_left(self._words, end)
        before, after = start - self._words[first], self._words[last] - end
        return bool((before and after) or (last - first == 1 and (before or after)))  # across two words, or within one

    def beside_a_sign(self, start: int, end: int) -> bool:
        """Whether a title, a form of address or a number stands beside it, or it stands alone, or as a signature."""
        signs, text = _signs(), self.squeezed
        before = text[max(0, start - _LOOK_BACK) : start]
        signed = signs.ends.search(before) and signs.signed.match(text, end)
        return bool(signed or signs.after.match(text, end) or signs.before.search(before))


def _words(text: str) -> list[int]:
    import rjieba  # noqa: PLC0415 -- slow import: it reads its dictionary

    return [0, *accumulate(map(len, rjieba.cut(text, False)))]


def _squeezed(written: str) -> tuple[str, Sequence[int] | None]:
    """A text without what stands between the characters of names, and where each of its characters stood."""
    parts: list[str] = []
    places: list[int] = []
    last = 0
    for gap in _SPACES.finditer(written):
        start, end = gap.span()
        if gap[0].isspace() and not _IS_HAN.match(written, end):
            start += 1  # between words of letters one stays
        elif not start or not _IS_HAN.match(written, start - 1):
            continue
        parts.append(written[last:start])
        places += range(last, start)
        last = end
    if not last:
        return written, None
    places += range(last, len(written))
    return "".join((*parts, written[last:])), places


@lru_cache(maxsize=20_000)
def _ordinary(name: str) -> bool:
    """Whether a name is made of nothing but ordinary words of two characters or more."""
    if name.isascii():
        return False
    import rjieba  # noqa: PLC0415 -- slow import

    return all(len(word) > 1 and (word in _ALSO_WORDS or _is_word(word)) for word in rjieba.cut(name, False))


def _is_word(word: str) -> bool:
    import rjieba  # noqa: PLC0415 -- slow import

    if not rjieba.has_word(word):
        return False
    ((_, tag), *more) = rjieba.tag(word)
    return not more and not tag.startswith("nr") and tag not in {"ns", "nz"}
