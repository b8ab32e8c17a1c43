"""The form with which a guest registers, changes what was stated, or says no."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, RadioField, SelectMultipleField
from wtforms.validators import AnyOf, InputRequired

from engage.applications import Person
from webapp.forms.fields import choices, line, one_line, paragraphs

if TYPE_CHECKING:
    from webapp.forms.answers import AnswerSheet

COMPANIONS_READ = 200  # rows looked at in what was sent; how many are allowed, the library judges
STATED = {"name": 60, "phone": 24, "email": 254, "organisation": 120}  # of a Person, and how many characters at most
ROW = re.compile(r"companions-([0-9]{1,3})-")
TEL = {"type": "tel", "inputmode": "tel"}


def number(text: object) -> int:
    """An id from a form; 0, which nothing has, for nonsense."""
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else 0  # noqa: PLR2004 -- fits a column


class CompanionForm(Form):
    """One row; left empty, it is nobody."""

    name = line(lazy_gettext("姓名"), STATED["name"], render_kw={"autocomplete": "off"})
    phone = line(lazy_gettext("手机号"), STATED["phone"], render_kw={**TEL, "autocomplete": "off"})


class RegistrationForm(FlaskForm):
    """Category and activities get their choices from the view; `submission` makes a form that is sent twice one form."""

    class Meta:
        csrf = False  # see `security.for_guests`

    submission = HiddenField()
    wait = HiddenField()  # "y" where there is no seat and one would wait for it
    category = RadioField(lazy_gettext("您的身份"), coerce=number, validate_choice=False)
    name = line(lazy_gettext("姓名"), STATED["name"], required=True, render_kw={"autocomplete": "name"})
    phone = line(lazy_gettext("手机号"), STATED["phone"], render_kw={**TEL, "autocomplete": "tel"})
    email = line(lazy_gettext("电子邮箱"), STATED["email"], render_kw={"type": "email", "autocomplete": "email"})
    organisation = line(lazy_gettext("单位"), STATED["organisation"], render_kw={"autocomplete": "organization"})
    activities = SelectMultipleField(lazy_gettext("参加的环节"), coerce=number, validate_choice=False)
    companions = FieldList(FormField(CompanionForm), label=lazy_gettext("随行人员"), max_entries=COMPANIONS_READ)
    consent = BooleanField(lazy_gettext("我已阅读上述说明，同意主办单位为本次活动处理我填写的个人信息。"))

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.companions_errors: Sequence[str] = ()  # what is wrong with the party as a whole
        self.list_told, self.list_problem, self.list_text = "", "", ""  # of a list of names: see `forms.party_list`
        self.answers: AnswerSheet | None = None  # to what else the event asks
        self.waiting_list = False  # whether what is full can be chosen all the same, to wait for it
        self.may_wait = False  # whether what was sent did not fit, and can wait
        self.submission.data = _submission(self.submission.data)

    def offer(self, categories: Mapping[int, str], *, rows: int) -> None:
        """Ask for the category where there is a choice, and show at least so many rows for companions."""
        if len(categories) == 1:
            del self.category
        else:
            which = lazy_gettext("请选择您的身份。")
            self.category.choices = choices(categories)
            self.category.validators = [InputRequired(which), AnyOf(list(categories), which)]
        while len(self.companions) < rows:
            self.companions.append_entry()


def companion(row: int) -> str:
    """What the names of a companion's inputs begin with."""
    return f"companions-{row}-"


def rows_of(sent: MultiDict[str, str]) -> list[int]:
    """The companions' rows in which something was stated, in order."""
    stated = {int(found[1]) for name, texts in sent.lists() if (found := ROW.match(name)) and any(map(one_line, texts))}
    return sorted(stated)[:COMPANIONS_READ]


def read(sent: MultiDict[str, str], *, language: str, position: str = "") -> dict[str, Any] | None:
    """What a guest states: an Application but for its category. None where a text is too long, about which the form then complains.

    The form itself is made only where the page is shown: it takes several times as long, and many register in the same minute.
    """
    leader, *companions = [
        {name: one_line(sent.get(prefix + name)) for name in names}
        for prefix, names in [("", STATED), *((companion(row), ("name", "phone")) for row in rows_of(sent))]
    ]
    if any(len(text) > STATED[name] for person in (leader, *companions) for name, text in person.items()):
        return None
    return {
        "leader": Person(**leader, position=position),
        "companions": [Person(**person) for person in companions],
        "activity_ids": [number(text) for text in sent.getlist("activities")],
        "consent": sent.get("consent", "") not in BooleanField.false_values,
        "wait": "y" in sent.getlist("wait"), "submission": _submission(sent.get("submission")), "language": language,
    }


def _submission(text: str | None) -> str:
    try:
        return str(UUID(text or ""))
    except ValueError:  # a new form, or nonsense
        return str(uuid4())


class ReasonForm(FlaskForm):
    """Saying no, with a reason for those who want to give one."""

    reason = paragraphs(lazy_gettext("原因"), 300, render_kw={"rows": 3})
