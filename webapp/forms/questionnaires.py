"""Forms of the questionnaire editor. What can be set for a kind of question follows from its SETTINGS in surveys.kinds."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from flask_babel import lazy_gettext, lazy_pgettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.validators import NumberRange, Optional

from surveys.kinds import KINDS
from surveys.patterns import LONGEST
from surveys.questionnaires import Access, Question, Questionnaire, State
from surveys.templates import TEMPLATES
from webapp import wiring
from webapp.forms.fields import AnyNumberField, WholeNumberField, choices, line, moment, paragraphs

SURVEY_STATE_WORDS = {
    State.DRAFT: lazy_gettext("草稿"),
    State.OPEN: lazy_gettext("收集中"),
    State.CLOSED: lazy_gettext("已停止"),
}
SURVEY_STATE_LOOKS = {State.DRAFT: "quiet", State.OPEN: "yes", State.CLOSED: "info"}
# A setting is found by its name alone, or by kind and name where the words differ.
SETTING_WORDS = {
    "other": lazy_gettext("加上“其他”选项，可填写文字"),
    "none": lazy_gettext("加上“以上都不是”选项，选它就不能再选别的"),
    "random": lazy_gettext("每位填写人看到的选项顺序不同"),
    "multiple.min": lazy_gettext("至少选几项"),
    "multiple.max": lazy_gettext("最多选几项"),
    "number.min": lazy_gettext("最小值"),
    "number.max": lazy_gettext("最大值"),
    "slider": lazy_gettext("可以拖动滑块作答，需填写最小值和最大值"),
    "ranking.max": lazy_gettext("最多排几项"),
    "date.min": lazy_gettext("最早日期，例如 2026-03-18"),
    "date.max": lazy_gettext("最晚日期，例如 2026-03-18"),
    "time.min": lazy_gettext("最早时间，例如 09:00"),
    "time.max": lazy_gettext("最晚时间，例如 17:30"),
    "datetime.min": lazy_gettext("最早时间，例如 2026-03-18 09:00"),
    "datetime.max": lazy_gettext("最晚时间，例如 2026-03-18 17:30"),
    "integer": lazy_gettext("只能填整数"),
    "unit": lazy_pgettext("measure", "单位"),
    "unit_en": lazy_gettext("单位（英文）"),
    "scale.labels": lazy_gettext("五级名称，从好到差，每行一个"),
    "scale.labels_en": lazy_gettext("五级名称（英文），每行一个"),
    "matrix.labels": lazy_gettext("各级名称，从好到差，2 至 10 级，每行一个"),
    "matrix.labels_en": lazy_gettext("各级名称（英文），每行一个"),
    "columns": lazy_gettext("各列名称，1 至 10 列，每行一个"),
    "columns_en": lazy_gettext("各列名称（英文），每行一个"),
    "low": lazy_gettext("0 分的含义"),
    "low_en": lazy_gettext("0 分的含义（英文）"),
    "high": lazy_gettext("10 分的含义"),
    "high_en": lazy_gettext("10 分的含义（英文）"),
    "max_length": lazy_gettext("最多字数"),
    "min_length": lazy_gettext("最少字数"),
    "pdf": lazy_gettext("可以上传 PDF"),
    "office": lazy_gettext("可以上传 Word、Excel、PowerPoint（.docx、.xlsx、.pptx）"),
    "pictures": lazy_gettext("可以上传图片（JPG、PNG、WebP）"),
    "max_files": lazy_gettext("最多几个文件，1 至 10"),
    "megabytes": lazy_gettext("每个文件最大多少 MB，1 至 10"),
    "pattern": lazy_gettext("格式要求（正则表达式），例如 [A-Z]{2}\\d{4}；请在提示中说明"),
}
OPTION_WORDS = {"matrix": lazy_gettext("各行，每行一个"), "grid": lazy_gettext("各行，每行一个")}  # what is listed is not what is picked
ACCESS_WORDS = {
    Access.BOTH: lazy_gettext("现场链接和个人链接都可以"),
    Access.OPEN: lazy_gettext("只用现场链接，个人链接也转到这里"),
    Access.PERSONAL: lazy_gettext("只用个人链接"),
}
SETTING = "setting-"  # before the name of a field that is a setting
LONGEST_LIST = 20_000  # characters
SAME_OPTION = 0.6  # how much of an option's wording may change before it is another option


class QuestionnaireForm(FlaskForm):
    """What a questionnaire says about itself."""

    title = line(lazy_gettext("问卷名称"), 120, required=True)
    title_en = line(lazy_gettext("问卷名称（英文）"), 200)
    intro = paragraphs(lazy_gettext("开头说明"), 2000, description=lazy_gettext("问卷用途、大约需要几分钟、结果怎样使用。"))
    intro_en = paragraphs(lazy_gettext("开头说明（英文）"), 2000)
    thanks = paragraphs(lazy_gettext("提交后的致谢"), 2000)
    thanks_en = paragraphs(lazy_gettext("提交后的致谢（英文）"), 2000)
    anonymous = BooleanField(lazy_gettext("匿名问卷"),
                             description=lazy_gettext("不保存任何能把答案对应到个人的信息。有人作答后不能再改。"))
    paged = BooleanField(lazy_gettext("分页填写"), description=lazy_gettext("每个分组一页，在手机上逐页填写。不勾选则全部问题在一页上。"))
    access = SelectField(lazy_gettext("作答入口"), choices=choices(ACCESS_WORDS), coerce=Access,
                         description=lazy_gettext("个人链接每人只能提交一次，在入场凭证页面和发给参会人的消息里；现场链接不知道是谁在填写。"))
    most_responses = WholeNumberField(lazy_gettext("最多收集份数"), [Optional(), NumberRange(min=1, max=1_000_000, message=lazy_gettext("请填写 1 以上的整数。"))],
                                      description=lazy_gettext("不填则不限。收满后自动停止接收，被剔除的回答不计在内。"))
    opens_at = moment(lazy_gettext("开始收集"), description=lazy_gettext("不填则开放后即可作答。"))
    closes_at = moment(lazy_gettext("停止收集"), description=lazy_gettext("不填则到手动停止为止。"))

    def details(self) -> dict[str, Any]:
        """What was typed, as the library takes it."""
        return {field.name: field.data for field in self if field.name != "csrf_token"}


class NewQuestionnaireForm(FlaskForm):
    """A title, or a template with its own."""

    template = SelectField(lazy_gettext("起点"))
    title = line(lazy_gettext("问卷名称"), 120, description=lazy_gettext("使用模板时可以不填，采用模板的名称。"))


def new_questionnaire_form() -> NewQuestionnaireForm:
    """The form with the templates there are."""
    form = NewQuestionnaireForm()
    named = {name: template.label(wiring.language()) for name, template in TEMPLATES.items()}
    form.template.choices = choices({"": lazy_gettext("空白问卷"), **named})
    return form


def questionnaire_form(questionnaire: Questionnaire) -> QuestionnaireForm:
    """The form filled from the questionnaire."""
    return QuestionnaireForm(obj=questionnaire)


class ReasonForm(FlaskForm):
    """Why a response is left out, or counted again."""

    reason = line(lazy_gettext("理由"), 200, required=True, description=lazy_gettext("写入操作记录，请不要写个人信息。"))


class SectionForm(FlaskForm):
    """The title of a section."""

    title = line(lazy_gettext("分组标题"), 120, description=lazy_gettext("只有一组问题时可以不填。"))
    title_en = line(lazy_gettext("分组标题（英文）"), 200)


class QuestionForm(FlaskForm):
    """A question; `question_form` adds what its kind needs."""

    text = line(lazy_gettext("问题"), 500, required=True)
    text_en = line(lazy_gettext("问题（英文）"), 500)
    hint = line(lazy_gettext("提示"), 500, description=lazy_gettext("显示在问题下方，例如怎样填写。"))
    hint_en = line(lazy_gettext("提示（英文）"), 500)
    required = BooleanField(lazy_gettext("必答"))

    def fields(self, present: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
        """What was typed, as the library takes it. An option that keeps its wording keeps its code of the `present` ones."""
        stated: dict[str, Any] = {name: self[name].data for name in ("text", "text_en", "hint", "hint_en", "required") if name in self}
        if "options" in self:
            stated["options"] = _options(self["options"].data or "", present)
        settings = {name.removeprefix(SETTING): _setting(field) for name, field in self._fields.items() if name.startswith(SETTING)}
        return stated | {"settings": {name: value for name, value in settings.items() if value is not None}}  # empty: the default

    @property
    def setting_fields(self) -> list[Any]:
        return [field for name, field in self._fields.items() if name.startswith(SETTING)]


def question_form(kind: str, question: Question | None = None) -> QuestionForm:
    """The form for a question of this kind, filled from the question where there is one."""
    extra: dict[str, Any] = {}
    if KINDS[kind].has_options:
        extra["options"] = paragraphs(OPTION_WORDS.get(kind, lazy_gettext("选项，每行一个")), LONGEST_LIST, required=True,
                                      description=lazy_gettext("英文写在竖线之后，例如：现场参观 | Guided visit"))
    for name, (default, _) in KINDS[kind].SETTINGS.items():
        words = SETTING_WORDS.get(name) or SETTING_WORDS[f"{kind}.{name}"]
        extra[SETTING + name] = _setting_field(words, default)
    made: type[QuestionForm] = type("QuestionFormOfKind", (QuestionForm,), extra)
    form = made(**_stated(kind, question))
    if not KINDS[kind].asks:
        del form.required
    return form


def _stated(kind: str, question: Question | None) -> dict[str, Any]:
    present = question.settings if question is not None and question.kind == kind else {}
    stated = {SETTING + name: present.get(name, default) for name, (default, _) in KINDS[kind].SETTINGS.items()}
    stated = {name: "\n".join(value) if isinstance(value, list) else value for name, value in stated.items()}
    if question is None:
        return stated
    stated |= {name: getattr(question, name) for name in ("text", "text_en", "hint", "hint_en", "required")}
    return stated | {"options": "\n".join(_option_line(option) for option in question.options)}


def _option_line(option: Mapping[str, str]) -> str:
    return f"{option['label']} | {option['label_en']}" if option.get("label_en") else option["label"]


def _options(typed: str, present: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A line that is, or nearly is, that of a present option is this option, with its code and all else that it has."""
    lines = [[part.strip() for part in written.partition("|")[::2]] for written in typed.replace("｜", "|").split("\n") if written.strip()]
    left = {option["label"]: option for option in present}
    found = {label: left.pop(label) for label, _ in lines if label in left}
    for label, _ in lines:
        if label not in found and (near := get_close_matches(label, left, n=1, cutoff=SAME_OPTION)):
            found[label] = left.pop(near[0])
    return [{"code": "", **found.pop(label, {}), "label": label, "label_en": label_en} for label, label_en in lines]


def _setting_field(words: Any, default: Any) -> Any:
    """The input that a setting's default value calls for."""
    if isinstance(default, bool):
        return BooleanField(words)
    if isinstance(default, list):
        return paragraphs(words, 400)
    if isinstance(default, str):
        return line(words, LONGEST)
    return AnyNumberField(words, [Optional()])


def _setting(field: Any) -> Any:
    return (field.data or "").split("\n") if isinstance(field, TextAreaField) else field.data
