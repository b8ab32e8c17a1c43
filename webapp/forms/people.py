"""Forms of people, their categories and the import of lists, and the words for what becomes of a row."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, ColorField, SelectField
from wtforms.validators import InputRequired, NumberRange, Regexp

from engage.events import Event
from engage.people import Category, Invitee, InviteeForm
from engage.people_import import Note, Outcome
from webapp.forms.events import category_name
from webapp.forms.fields import REQUIRED, WholeNumberField, line, paragraphs

FIELDS = ("phone", "email", "organisation", "position", "district", "uscc", "note")
MOST_COMPANIONS = 50
OUTCOME_WORDS = {
    Outcome.ADDED: lazy_gettext("新增"),
    Outcome.MATCHED: lazy_gettext("已有"),
    Outcome.REFUSED: lazy_gettext("不导入"),
}
OUTCOME_LOOKS = {Outcome.ADDED: "yes", Outcome.MATCHED: "info", Outcome.REFUSED: "no"}
NOTE_WORDS = {
    "name_missing": lazy_gettext("没有姓名"),
    "no_contact": lazy_gettext("没有电话，也没有电子邮箱"),
    "invalid_phone": lazy_gettext("电话号码不可用：手机号应为 11 位数字，固定电话请带区号"),
    "invalid_email": lazy_gettext("电子邮箱格式不对"),
    "category_missing": lazy_gettext("没有写类别"),
    "unknown_category": lazy_gettext("无法判断属于哪个类别"),
    "too_long": lazy_gettext("姓名超过 %(limit)s 个字符"),
    "shortened": lazy_gettext("文字超过 %(limit)s 个字符，已截短"),
    "wrong_uscc": lazy_gettext("统一社会信用代码的校验位不对，请核对"),
    "several_phones": lazy_gettext("有 %(found)s 个电话号码，采用第一个"),
    "differs": lazy_gettext("%(column)s与已有信息不一致，保留已有信息"),
    "taken_by_another": lazy_gettext("电话和邮箱分属两位同名人员，按电话认定"),
}
DIFFERS = lazy_gettext("%(column)s已有“%(known)s”，名单为“%(given)s”，保留已有信息")


class PersonForm(FlaskForm):
    """What is known of a person."""

    name = line(lazy_gettext("姓名"), 60, required=True)
    category = SelectField(lazy_gettext("类别"), coerce=int, validate_choice=True)
    phone = line(lazy_gettext("手机或电话"), 40, description=lazy_gettext("手机号 11 位；固定电话请带区号。电话和邮箱至少填一项。"))
    email = line(lazy_gettext("电子邮箱"), 254)
    organisation = line(lazy_gettext("工作单位"), 120)
    position = line(lazy_gettext("职务"), 60)
    district = line(lazy_gettext("区县"), 60)
    uscc = line(lazy_gettext("统一社会信用代码"), 18)
    note = paragraphs(lazy_gettext("备注"), 2000, description=lazy_gettext("只在内部显示。"))

    def details(self, categories: Sequence[Category]) -> InviteeForm:
        """What was typed, as the library takes it."""
        chosen = next(category for category in categories if category.id == self.category.data)
        return InviteeForm(name=self.name.data or "", category=chosen, **{field: self[field].data or "" for field in FIELDS})


def person_form(categories: Sequence[Category], invitee: Invitee | None = None) -> PersonForm:
    """The form, filled from a person where there is one."""
    form = PersonForm(**{field: getattr(invitee, field) for field in ("name", *FIELDS)}, category=invitee.category_id) if invitee else PersonForm()
    form.category.choices = [(category.id, category_name(category)) for category in categories]
    return form


def _number(label: Any, most: int, **more: Any) -> WholeNumberField:
    return WholeNumberField(label, [REQUIRED, NumberRange(0, most, lazy_gettext("应为 %(min)s 至 %(max)s 的整数。"))], **more)


class CategoryForm(FlaskForm):
    """A category as it can be changed later."""

    name = line(lazy_gettext("名称"), 60, required=True)
    name_en = line(lazy_gettext("英文名称"), 60)
    colour = ColorField(lazy_gettext("颜色"), [InputRequired()], default="#14508c", description=lazy_gettext("用于图表、签到页面和胸牌；胸牌上的文字自动取黑色或白色中清楚的一种。"))
    companions = _number(lazy_gettext("可带随行人数"), MOST_COMPANIONS, default=0,
                         description=lazy_gettext("每份报名最多可带几位随行人员，0 为不可带。"))
    self_chosen = BooleanField(lazy_gettext("公开活动报名时可自行选择这个类别"))


class NewCategoryForm(CategoryForm):
    """A category of the office's own."""

    code = line(lazy_gettext("代码"), 40, Regexp(r"^[a-z][a-z0-9_]*$", message=lazy_gettext("以小写字母开头，只用小写字母、数字和下划线。")),
                required=True, description=lazy_gettext("用于统计和导出，例如 supervisor，以后不能更改。"))


class EditCategoryForm(CategoryForm):
    """With its place among the others."""

    position = _number(lazy_gettext("排序"), 9999, description=lazy_gettext("数字小的排在前面。"))


class UploadForm(FlaskForm):
    """A list to import."""

    file = FileField(lazy_gettext("名单文件"), [FileRequired(lazy_gettext("请选择文件。"))],
                     description=lazy_gettext("Excel 工作簿（.xlsx）或 CSV 文件，最大 16 MB。"),
                     render_kw={"accept": ".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"})
    category = SelectField(lazy_gettext("没有写类别的人员归入"), description=lazy_gettext("名单里没有类别一栏时选择。"))
    event = SelectField(lazy_gettext("导入后加入邀请名单"))


def upload_form(categories: Sequence[Category], events: Sequence[Event], category: int | None, event: str) -> UploadForm:
    """The form with what can be chosen; `category` and `event` are chosen beforehand."""
    form = UploadForm(category=str(category or ""), event=event)
    form.category.choices = [("", gettext("不指定，这些人员不导入")), *((str(one.id), category_name(one)) for one in categories)]
    form.event.choices = [("", gettext("只导入，不加入")), *((one.slug, one.title) for one in events)]
    return form


def note_words(note: Note) -> str:
    """Why a row is refused, or what is odd about it, in the reader's language."""
    if "known" in note.facts:
        return str(DIFFERS) % {"column": note.column, **note.facts}
    return str(NOTE_WORDS[note.code]) % {"column": note.column, **note.facts}
