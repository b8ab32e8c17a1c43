"""What changed between two versions of a questionnaire, in words."""

from flask_babel import gettext, lazy_gettext

from surveys.differences import Difference

CHANGE_WORDS = {
    "title": lazy_gettext("改了名称：“%(before)s”改为“%(after)s”"),
    "title_en": lazy_gettext("改了英文名称：“%(before)s”改为“%(after)s”"),
    "intro": lazy_gettext("改了开头说明：“%(before)s”改为“%(after)s”"),
    "intro_en": lazy_gettext("改了英文开头说明：“%(before)s”改为“%(after)s”"),
    "thanks": lazy_gettext("改了致谢：“%(before)s”改为“%(after)s”"),
    "thanks_en": lazy_gettext("改了英文致谢：“%(before)s”改为“%(after)s”"),
    "section_added": lazy_gettext("新增分组“%(subject)s”"),
    "section_removed": lazy_gettext("删除分组“%(subject)s”"),
    "section_title": lazy_gettext("分组标题由“%(before)s”改为“%(after)s”"),
    "section_moved": lazy_gettext("移动分组“%(subject)s”"),
    "section_condition": lazy_gettext("改了分组“%(subject)s”的显示条件"),
    "added": lazy_gettext("新增第 %(number)s 题“%(subject)s”"),
    "removed": lazy_gettext("删除原第 %(number)s 题“%(subject)s”"),
    "moved": lazy_gettext("原第 %(before)s 题移到第 %(after)s 题“%(subject)s”"),
    "text": lazy_gettext("第 %(number)s 题由“%(before)s”改为“%(after)s”"),
    "text_en": lazy_gettext("第 %(number)s 题的英文由“%(before)s”改为“%(after)s”"),
    "hint": lazy_gettext("第 %(number)s 题的提示由“%(before)s”改为“%(after)s”"),
    "hint_en": lazy_gettext("第 %(number)s 题的英文提示由“%(before)s”改为“%(after)s”"),
    "required": lazy_gettext("第 %(number)s 题“%(subject)s”改为必答"),
    "optional": lazy_gettext("第 %(number)s 题“%(subject)s”改为选答"),
    "condition": lazy_gettext("改了第 %(number)s 题“%(subject)s”的显示条件"),
    "settings": lazy_gettext("改了第 %(number)s 题“%(subject)s”的设置"),
    "option_added": lazy_gettext("第 %(number)s 题新增选项“%(after)s”"),
    "option_removed": lazy_gettext("第 %(number)s 题删除选项“%(before)s”"),
    "option_label": lazy_gettext("第 %(number)s 题的选项由“%(before)s”改为“%(after)s”"),
    "options_moved": lazy_gettext("改了第 %(number)s 题“%(subject)s”的选项顺序"),
    "options_settings": lazy_gettext("改了第 %(number)s 题“%(subject)s”的选项设置"),
}
LONGEST = 60  # characters of a text that is quoted


def said(change: Difference) -> str:
    """The change as one sentence."""
    return str(CHANGE_WORDS[change.what]) % {
        "number": change.number, **{name: _short(getattr(change, name)) for name in ("subject", "before", "after")},
    }


def _short(text: str) -> str:
    line = " ".join(text.split()) or gettext("（空）")
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"
