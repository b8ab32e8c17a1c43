"""The form with which an organiser states a field of an event's registration form."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from engage.field_kinds import CHECKS, KINDS
from engage.fields import Condition, ConditionImpossible, Definition, EventField
from engage.people import Category
from surveys.asked import in_language
from webapp import wiring
from webapp.forms.events import category_name
from webapp.forms.fields import AnyNumberField, choices, line, paragraphs, whole_number

LONGEST_LIST = 20_000  # characters
SETTING = "setting-"  # before the name of a field that is a setting
SETTING_WORDS = {
    "check": lazy_gettext("填写内容的校验"),
    "multiple.min": lazy_gettext("至少选几项"),
    "multiple.max": lazy_gettext("最多选几项"),
    "number.min": lazy_gettext("最小值"),
    "number.max": lazy_gettext("最大值"),
    "integer": lazy_gettext("只能填整数"),
    "unit": lazy_pgettext("measure", "单位"),
    "unit_en": lazy_gettext("单位（英文）"),
    "megabytes": lazy_gettext("文件大小上限（MB）"),
}
WHOLE = {"multiple.min", "multiple.max", "megabytes"}
WORDS = ("label", "label_en", "hint", "hint_en", "purpose", "purpose_en")
CHECK_HINT = lazy_gettext("身份证号一律按敏感信息处理。")


class FieldForm(FlaskForm):
    """A field; `field_form` adds what its kind needs."""

    label = line(lazy_gettext("名称"), 200, required=True, description=lazy_gettext("例如：车牌号、用餐要求。"))
    hint = line(lazy_gettext("填写说明"), 500, description=lazy_gettext("显示在名称下方，例如怎样填写。"))
    required = BooleanField(lazy_gettext("必填"))
    per_person = BooleanField(lazy_gettext("随行人员也要填写"), description=lazy_gettext("不勾选时，只由报名的人填写一次。"))
    category_ids = SelectMultipleField(
        lazy_gettext("只请这些身份填写"), coerce=int, option_widget=CheckboxInput(), widget=ListWidget(),
        description=lazy_gettext("都不勾选则所有身份都填写。"))
    condition = SelectMultipleField(
        lazy_gettext("仅在前面某项这样回答时填写"), option_widget=CheckboxInput(), widget=ListWidget(),
        description=lazy_gettext("都不勾选则总是填写。可勾选同一项的几个答案，答其中之一即显示。"))
    sensitive = BooleanField(lazy_gettext("敏感个人信息"), description=lazy_gettext("加密保存，填写时另行征得同意，查看和导出留有记录。"))
    purpose = line(lazy_gettext("收集敏感信息的用途"), 500, description=lazy_gettext("敏感信息必填，显示在同意选项旁，例如：办理进场登记。"))
    label_en = line(lazy_gettext("名称（英文）"), 200)
    hint_en = line(lazy_gettext("填写说明（英文）"), 500)
    purpose_en = line(lazy_gettext("收集用途（英文）"), 500)

    @property
    def setting_fields(self) -> list[Any]:
        return [field for name, field in self._fields.items() if name.startswith(SETTING)]

    def definition(self, kind: str) -> Definition:
        """What was typed, as the library takes it. Raises ConditionImpossible for answers to several fields."""
        settings = {name.removeprefix(SETTING): field.data for name, field in self._fields.items() if name.startswith(SETTING)}
        return Definition(
            kind=kind, **{name: self[name].data or "" for name in WORDS}, required=self.required.data,
            per_person=self.per_person.data, sensitive=self.sensitive.data, category_ids=self.category_ids.data or [],
            options=_options(self["options"].data or "") if "options" in self else [], condition=self._condition(),
            settings={name: value for name, value in settings.items() if value is not None},  # empty: the default
        )

    def _condition(self) -> Condition | None:
        picked = [pick.partition(":") for pick in self.condition.data or []]
        leads = {field_id for field_id, _, _ in picked}
        if len(leads) > 1:
            raise ConditionImpossible(field="condition", label=gettext("同一项"))
        return Condition(int(leads.pop()), [value for _, _, value in picked]) if leads else None


def field_form(kind: str, categories: Sequence[Category], earlier: Sequence[EventField], present: EventField | None = None) -> FieldForm:
    """The form for a field of this kind, with what it can depend on; filled from the field where there is one."""
    extra: dict[str, Any] = {}
    if KINDS[kind].has_options:
        extra["options"] = paragraphs(lazy_gettext("选项，每行一个"), LONGEST_LIST, required=True,
                                      description=lazy_gettext("英文写在竖线之后，例如：素食 | Vegetarian"))
    for name in KINDS[kind].SETTINGS:
        extra[SETTING + name] = _setting_field(f"{kind}.{name}" if f"{kind}.{name}" in SETTING_WORDS else name)
    made: type[FieldForm] = type("FieldFormOfKind", (FieldForm,), extra)
    form = made(data=_stated(kind, present))
    form.category_ids.choices = choices({category.id: category_name(category) for category in categories})
    form.condition.choices = choices(_conditions(earlier))
    return form


def _conditions(earlier: Sequence[EventField]) -> dict[str, str]:
    return {
        f"{field.id}:{value}": gettext(
            "“%(label)s”答“%(answer)s”", label=field.words("label", wiring.language()), answer=in_language(wiring.language(), *words))
        for field in earlier if not field.sensitive for value, words in KINDS[field.kind].conditions(field.shape).items()
    }


def _stated(kind: str, present: EventField | None) -> dict[str, Any]:
    kept = present.settings if present is not None and present.kind == kind else {}
    stated: dict[str, Any] = {SETTING + name: kept.get(name, default) for name, (default, _) in KINDS[kind].SETTINGS.items()}
    if present is None:
        return stated
    names = (*WORDS, "required", "per_person", "sensitive", "category_ids")
    stated |= {name: getattr(present, name) for name in names}
    stated["condition"] = [f"{present.depends_on_id}:{value}" for value in present.depends_values]
    return stated | {"options": "\n".join(_option_line(option) for option in present.shape.offered)}


def _option_line(option: Mapping[str, str]) -> str:
    return f"{option['label']} | {option['label_en']}" if option["label_en"] else option["label"]


def _options(typed: str) -> list[dict[str, str]]:
    """An option that keeps its wording keeps its code: the library sees to that."""
    parts = [written.partition("|") for written in typed.replace("｜", "|").split("\n") if written.strip()]
    return [{"label": label.strip(), "label_en": label_en.strip()} for label, _, label_en in parts]


def _setting_field(name: str) -> Any:
    words = SETTING_WORDS[name]
    if name == "check":
        listed = {"": lazy_gettext("不校验")} | {code: check.label(wiring.language()) for code, check in CHECKS.items()}
        return SelectField(words, choices=choices(listed), description=CHECK_HINT)
    if name == "integer":
        return BooleanField(words)
    if name in {"unit", "unit_en"}:
        return line(words, 20)
    return whole_number(words) if name in WHOLE else AnyNumberField(words, [Optional()])
