"""The tone of a text, as a hint: a few words of praise and of complaint, and what turns them round. No judgement to rely on."""

import re

from surveys.terms import plain

_GOOD = frozenset(re.findall(r"\S+", """
很好 真好 挺好 更好了 做得好 讲得好 态度好 不错 满意 方便 周到 热情 耐心 细致 专业 高效 便捷 清楚 清晰 透明 公正 公平 规范 有序 省事 省心
放心 踏实 点赞 表扬 感谢 谢谢 赞 优秀 出色 贴心 及时 顺畅 顺利 快多了 实用 丰富 有收获 受益 进步 提高了 改善了 配合到位 通俗易懂 一目了然
直观 坦诚 有意思 长见识 good great excellent helpful friendly clear smooth useful thank thanks well satisfied convenient efficient
professional polite easy love
"""))
_BAD = frozenset(re.findall(r"\S+", """
太少 太短 太慢 太快 太低 太高 太远 太贵 太吵 太差 太满 太多 太粗 太窄 太挤 太乱 很差 很慢 很卡 很吵 难闻 扰民 噪音 污染 拥堵 堵车 卡顿 报错
出错 打不开 打不通 占线 看不懂 听不清 看不清 找不到 来不及 跟不上 不够 不足 不便 不合理 不公 麻烦 繁琐 复杂 混乱 脏 臭 乱收费 违法 违规 投诉
举报 隐患 危险 拖欠 推诿 敷衍 失望 痛苦 气愤 愤怒 糟糕 落后 偏旧 偏小 陈旧 破 坏了 冷门 拖延 耽误 浪费 乱象 缺乏 缺少 困难 难 慢 卡 堵 吵 差
bad poor slow hard difficult confusing crowded noisy dirty unclear terrible late broken fail failed complaint complain expensive small short
cold
"""))
_TURNS = r"(?:不太|不够|不是很|不怎么|并不|没有|没|不|无|未|缺乏|not\s|no\s|never\s|isn't\s|wasn't\s|too\s)(?:太|很|怎么|那么|非常|very\s|so\s)?"
_KEEP = re.compile(rf"({_TURNS})?(" + "|".join(sorted(map(re.escape, _GOOD | _BAD), key=lambda word: (-len(word), word))) + ")")
_WISH = re.compile("希望|建议|能否|能不能|可否|hope|suggest|could you|would be")


def tone(text: str) -> int:
    """1 for a text that praises more than it complains, -1 the other way round, 0 for neither. A hint and no more.

    A word that is turned round (不方便, not clear) counts for the other side; what is praised in a wish (希望更方便) does not count.
    """
    told = 0
    for sentence in re.split(r"[。！？!?；;，,\n]", plain(text)):
        wished = bool(_WISH.search(sentence))
        for turn, word in _KEEP.findall(sentence):
            good = (word in _GOOD) != bool(turn)
            if not (good and wished):
                told += 1 if good else -1
    return (told > 0) - (told < 0)
