"""The form of a condition: rows of question, comparison and value, joined by all or any. What rows cannot show is kept unless replaced."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField  # pyright: ignore[reportAttributeAccessIssue] -- newer than its stubs

from surveys.asked import Asked, in_language
from surveys.conditions import (
    All,
    Answered,
    AnyOf,
    Compared,
    Condition,
    Context,
    Leaf,
    Not,
    Picked,
    Says,
    Segment,
)
from surveys.errors import SurveyError
from surveys.kinds import KINDS, show_number
from webapp import wiring
from webapp.errors import words
from webapp.forms.fields import choices, line, whole_number

SEGMENT, CONTEXT = "@segment", "@context"  # no code of a question
SPARE, MOST = 2, 10  # rows
LABEL = 40  # characters of a question in a list
IS = {
    "is": lazy_pgettext("comparison", "是"), "not": lazy_gettext("不是"), "answered": lazy_gettext("已回答"), "unanswered": lazy_pgettext("comparison", "没有回答"),
    "<": lazy_gettext("小于"), "<=": lazy_gettext("不超过"), ">": lazy_gettext("大于"), ">=": lazy_gettext("不低于"),
}
Row = tuple[str, str, str, str]  # the four fields of a row: question, comparison, picked value, typed value


class ConditionForm(FlaskForm):
    """`condition_form` adds the rows, as `question-1`, `is-1`, `value-1`, `typed-1`, and so on."""

    join = RadioField(lazy_gettext("几行之间的关系"), choices=choices({
        "all": lazy_gettext("同时满足每一行"), "any": lazy_gettext("满足任意一行")}), default="all")
    remove = BooleanField(lazy_gettext("取消现有条件"))
    earlier: Mapping[str, Asked]
    present: Condition | None
    condition: Condition | None

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Also that every row says something; `condition` is then what they say together."""
        if not super().validate(extra_validators):
            return False
        parts = [part for number in self.numbers() if (part := self._part(number)) is not None]
        if self.errors:
            return False
        kept = None if self.remove.data or _rows(self.present) is not None else self.present
        joined = All(tuple(parts)) if self.join.data == "all" else AnyOf(tuple(parts))
        self.condition = joined if len(parts) > 1 else parts[0] if parts else kept
        return True

    def numbers(self) -> Iterator[int]:
        """Of the rows."""
        yield from range(1, 1 + sum(name.startswith("question-") for name in self._fields))

    @property
    def too_deep(self) -> bool:
        """Whether there is a condition that rows cannot show."""
        return _rows(self.present) is None

    def _part(self, number: int) -> Condition | None:
        subject, sign, picked, typed = (self[f"{name}-{number}"].data or "" for name in ("question", "is", "value", "typed"))
        if not subject:
            return None
        try:
            return self._said(subject, sign, picked.partition(":")[2] if picked.partition(":")[0] == subject else "", typed)
        except _RowRefused as refused:
            field = self[f"{refused.name}-{number}"]
            field.errors = [*field.errors, gettext("第 %(number)s 行：%(problem)s", number=number, problem=refused)]
            return None

    def _said(self, subject: str, sign: str, picked: str, typed: str) -> Condition:
        if sign in {"answered", "unanswered"} and not subject.startswith("@"):
            return Answered(subject) if sign == "answered" else Not(Answered(subject))
        leaf = self._leaf(subject, sign, picked, typed)
        return Not(leaf) if sign == "not" else leaf

    def _leaf(self, subject: str, sign: str, picked: str, typed: str) -> Leaf:
        asked = self.earlier.get(subject.partition(".")[0])
        compared = KINDS[asked.kind].compared if asked and bool(asked.parts) == ("." in subject) else ""
        if asked and compared == "number":
            return Compared(subject, {"is": "=", "not": "="}.get(sign, sign), _number(asked, picked, typed))
        if sign not in {"is", "not"} or (asked and not compared):
            raise _RowRefused("is", gettext("不能这样比较，请改用“已回答”或“没有回答”，或换一道题。"))
        value = typed if compared == "text" else picked
        if not value:
            raise _RowRefused("typed", gettext("请填写答案。")) if compared == "text" else _RowRefused("value", gettext("请选择答案。"))
        kinds = {SEGMENT: Segment, CONTEXT: Context}
        return kinds[subject](value) if subject in kinds else (Says if compared == "text" else Picked)(subject, value)


class _RowRefused(ValueError):
    """What is wrong with a row, in words, and at which of its fields."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


def _number(asked: Asked, picked: str, typed: str) -> float:
    """The number as the kind itself reads it: a level, a number, a day."""
    if asked.options and picked:
        return int(picked)
    try:
        return KINDS[asked.kind].rows(replace(asked, settings={**asked.settings, "min": None, "max": None}), [typed], None)[0].number or 0
    except SurveyError as refusal:
        if asked.options:
            raise _RowRefused("value", gettext("请选择答案。")) from None
        raise _RowRefused("typed", words(refusal) if typed else gettext("请填写答案。")) from None


def condition_form(earlier: Sequence[Asked], present: Condition | None, *, segments: Mapping[str, str], contexts: Mapping[str, str]) -> ConditionForm:
    """The form filled from the present condition; `earlier` are the questions that it may rely on, the others codes with their names."""
    rows = _rows(present) or []
    subjects, values = _subjects(earlier), _values(earlier, segments, contexts)
    extra: dict[str, Any] = {}
    stated: dict[str, Any] = {"join": "any" if isinstance(present, AnyOf) else "all"}
    for number in range(1, min(len(rows) + SPARE, max(MOST, len(rows))) + 1):
        names = [f"{name}-{number}" for name in ("question", "is", "value", "typed")]
        extra |= {
            names[0]: SelectField(gettext("题目"), choices=choices(subjects)),
            names[1]: SelectField(gettext("比较"), choices=choices(IS)),
            names[2]: SelectField(gettext("选项"), choices=values),
            names[3]: line(gettext("数字、日期或文字"), 500),
        }
        if number <= len(rows):
            stated |= dict(zip(names, _as_typed(rows[number - 1], earlier), strict=True))
    made: type[ConditionForm] = type("ConditionFormOfQuestion", (ConditionForm,), extra)
    form = made(**stated)
    form.earlier, form.present = {asked.code: asked for asked in earlier}, present
    return form


def _as_typed(row: Row, earlier: Sequence[Asked]) -> Row:
    """The row with a number as people write it: a day as a day."""
    asked = next((one for one in earlier if one.code == row[0].partition(".")[0]), None)
    if asked is None or KINDS[asked.kind].compared != "number" or not row[3]:
        return row
    return (*row[:3], "") if asked.options else (row[0], row[1], "", KINDS[asked.kind].figure(float(row[3])))


def _subjects(earlier: Sequence[Asked]) -> dict[str, str]:
    subjects = {"": gettext("（不用这一行）")}
    for asked in earlier:
        subjects[asked.code] = _title(asked)
        for part in asked.parts if KINDS[asked.kind].compared else ():
            subjects[f"{asked.code}.{part.code}"] = f"{_title(asked)} – {_short(part.label(wiring.language()))}"
    return subjects | {SEGMENT: gettext("填写人的身份"), CONTEXT: gettext("所在活动")}


def _title(asked: Asked) -> str:
    return f"{asked.number}. {_short(asked.label(wiring.language()))}"


def _short(label: str) -> str:
    return label if len(label) <= LABEL else f"{label[:LABEL - 1]}…"


def _values(earlier: Sequence[Asked], segments: Mapping[str, str], contexts: Mapping[str, str]) -> list[SelectChoice]:
    """The options of all questions, under the question to which they belong."""
    language = wiring.language()
    values: dict[str, list[tuple[str, str]]] = {}
    for subject, title in _subjects(earlier).items():
        asked = next((one for one in earlier if one.code == subject.partition(".")[0]), None)
        if asked and KINDS[asked.kind].compared and bool(asked.parts) == ("." in subject) and asked.options:
            values[title] = [(f"{subject}:{option.code}", option.label(language)) for option in asked.options]
    values[gettext("填写人的身份")] = [(f"{SEGMENT}:{code}", name) for code, name in segments.items()]
    values[gettext("所在活动")] = [(f"{CONTEXT}:{code}", name) for code, name in contexts.items()]
    listed = [SelectChoice(code, label, optgroup=title) for title, those in values.items() for code, label in those]
    return [SelectChoice("", gettext("（请选择）")), *listed]


def _rows(condition: Condition | None) -> list[Row] | None:
    """The condition as rows; None when it says more than rows can."""
    parts = () if condition is None else condition.parts if isinstance(condition, All | AnyOf) else (condition,)
    rows = [_row(part) for part in parts]
    return None if None in rows else [row for row in rows if row is not None]


def _row(part: Condition) -> Row | None:  # noqa: PLR0911 -- a line for each kind of leaf
    leaf, barred = (part.part, True) if isinstance(part, Not) else (part, False)
    sign = "not" if barred else "is"
    match leaf:
        case Answered(question):
            return question, "unanswered" if barred else "answered", "", ""
        case Picked(question, option):
            return question, sign, f"{question}:{option}", ""
        case Says(question, text):
            return question, sign, "", text
        case Segment(code):
            return SEGMENT, sign, f"{SEGMENT}:{code}", ""
        case Context(code):
            return CONTEXT, sign, f"{CONTEXT}:{code}", ""
        case Compared(question, compared, number) if compared == "=" or not barred:
            return question, sign if compared == "=" else compared, f"{question}:{show_number(number)}", show_number(number)
        case _:
            return None


class QuotaForm(FlaskForm):
    """A number of places for each option; `quota_form` adds the fields, as `quota-CODE`."""

    def options(self, present: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The options with the places that were typed."""
        return [{**option, "quota": self[f"quota-{option['code']}"].data} for option in present]


def quota_form(options: Sequence[Mapping[str, Any]]) -> QuotaForm:
    """The form filled from stored options."""
    language = wiring.language()
    fields = {f"quota-{option['code']}": whole_number(gettext("“%(option)s”的名额", option=in_language(language, option["label"], option.get("label_en", ""))))
              for option in options}
    made: type[QuotaForm] = type("QuotaFormOfQuestion", (QuotaForm,), fields)
    return made(**{f"quota-{option['code']}": option.get("quota") for option in options})
