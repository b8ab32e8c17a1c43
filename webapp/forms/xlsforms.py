"""The form that takes an XLSForm, and the words for what was found in it."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from surveys.xlsform import Finding

FINDING_WORDS = {
    "type_missing": lazy_gettext("没有写题型"),
    "unknown_type": lazy_gettext("没有“%(type)s”这种题型"),
    "type_not_supported": lazy_gettext("不支持题型“%(type)s”"),
    "metadata": lazy_gettext("“%(type)s”由采集设备自动记录，不是问题"),
    "calculation": lazy_gettext("不支持计算项"),
    "repeat": lazy_gettext("不支持重复填写的分组"),
    "inside_repeat": lazy_gettext("属于重复填写的分组"),
    "choices_elsewhere": lazy_gettext("选项在其他文件或工作表中"),
    "list_missing": lazy_gettext("没有选项列表“%(list)s”，或列表是空的"),
    "too_few_choices": lazy_gettext("选项列表“%(list)s”中可用的选项不足两个"),
    "choice_without_name": lazy_gettext("这个选项没有写列表名或代码"),
    "choice_repeated": lazy_gettext("列表中已有选项“%(name)s”"),
    "too_many_choices": lazy_gettext("列表的选项超过 %(limit)s 个"),
    "cannot_be_asked": lazy_gettext("这个问题的设置有误，不能这样提问（%(refusal)s）"),
    "renamed": lazy_gettext("名称“%(name)s”改为“%(became)s”"),
    "label_missing": lazy_gettext("没有文字，改用名称"),
    "shortened": lazy_gettext("文字超过 %(limit)s 个字符，已截短"),
    "language_left_out": lazy_gettext("不保留语言“%(language)s”"),
    "column_left_out": lazy_gettext("这一列的内容没有用到"),
    "cell_left_out": lazy_gettext("“%(value)s”没有用到"),
    "required_sometimes": lazy_gettext("原来有时必答，导入后不必答"),
    "constraint_left_out": lazy_gettext("限制条件“%(expression)s”不能保留"),
    "condition_left_out": lazy_gettext("显示条件“%(expression)s”不能保留，导入后总是显示"),
    "condition_never": lazy_gettext("按显示条件永远不会出现，导入后总是显示"),
    "reference_left_out": lazy_gettext("文字中的“%(reference)s”不能保留"),
    "setting_left_out": lazy_gettext("设置“%(setting)s”不适合这个问题"),
    "other_label": lazy_gettext("选项“%(label)s”改为可填写文字的“其他”"),
    "first_is_best": lazy_gettext("改为矩阵题，选项按从好到差的等级统计，请核对顺序"),
    "as_yes_no": lazy_gettext("改为“是”和“否”的单选题"),
    "nested_group": lazy_gettext("分组中的分组改为单独的一组"),
    "not_closed": lazy_gettext("这个分组没有结束行"),
    "never_begun": lazy_gettext("这里没有需要结束的分组"),
    "no_title": lazy_gettext("没有写标题，采用“%(title)s”"),
}


class XlsformForm(FlaskForm):
    """A form to import."""

    file = FileField(
        lazy_gettext("XLSForm 文件"), [FileRequired(lazy_gettext("请选择文件。"))], description=lazy_gettext("Excel 工作簿（.xlsx），最大 16 MB。"),
        render_kw={"accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    )


def finding_words(finding: Finding) -> str:
    """What was found, in the reader's language."""
    return str(FINDING_WORDS[finding.code]) % finding.facts
