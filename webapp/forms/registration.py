"""The form with which a guest registers, changes what was stated, or says no."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField, EmailField, FieldList, Form, FormField, HiddenField, RadioField, SelectMultipleField, StringField, TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

COMPANIONS_READ = 200  # rows looked at in what was sent; how many are allowed, the library judges


def _at_most(characters: int) -> Length:
    return Length(max=characters, message=lazy_gettext("请勿超过 %(max)d 个字符。"))


def _stripped(text: str | None) -> str:
    return (text or "").strip()


def _number(text: object) -> int:
    """An id from a form; 0, which nothing has, for nonsense."""
    return int(text) if isinstance(text, int) or (isinstance(text, str) and text.isascii() and text.isdecimal()) else 0


class CompanionForm(Form):
    """One row; left empty, it is nobody."""

    name = StringField(lazy_gettext("姓名"), [_at_most(60)], filters=[_stripped], render_kw={"autocomplete": "off"})
    phone = TelField(lazy_gettext("手机号"), [_at_most(24)], filters=[_stripped], render_kw={"autocomplete": "off"})


class RegistrationForm(FlaskForm):
    """Category and activities get their choices from the view; `submission` makes a form that is sent twice one form."""

    submission = HiddenField()
    category = RadioField(lazy_gettext("您的身份"), [InputRequired(lazy_gettext("请选择您的身份。"))], coerce=_number,
                          validate_choice=False)
    name = StringField(lazy_gettext("姓名"), [InputRequired(lazy_gettext("请填写姓名。")), _at_most(60)],
                       filters=[_stripped], render_kw={"autocomplete": "name"})
    phone = TelField(lazy_gettext("手机号"), [_at_most(24)], filters=[_stripped],
                     render_kw={"autocomplete": "tel", "inputmode": "tel"})
    email = EmailField(lazy_gettext("电子邮箱"), [_at_most(254)], filters=[_stripped], render_kw={"autocomplete": "email"})
    organisation = StringField(lazy_gettext("单位"), [_at_most(120)], filters=[_stripped],
                               render_kw={"autocomplete": "organization"})
    activities = SelectMultipleField(lazy_gettext("参加的环节"), coerce=_number, option_widget=CheckboxInput(),
                                     widget=ListWidget(prefix_label=False), validate_choice=False)
    companions = FieldList(FormField(CompanionForm), label=lazy_gettext("随行人员"), max_entries=COMPANIONS_READ)
    consent = BooleanField(lazy_gettext("我已阅读上述说明，同意主办单位为本次活动处理我填写的个人信息。"))

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.companions_errors: Sequence[str] = ()  # what is wrong with the party as a whole

    def validate_category(self, field: RadioField) -> None:
        """One of those offered."""
        if field.data not in {value for value, _label in field.choices}:
            raise ValidationError(lazy_gettext("请选择您的身份。"))

    def offer_rows(self, rows: int) -> None:
        """Show at least so many rows for companions."""
        while len(self.companions) < rows:
            self.companions.append_entry()

    def submission_id(self) -> str:
        """The form's own UUID; a new one where none, or nonsense, was sent."""
        try:
            return str(UUID(self.submission.data or ""))
        except ValueError:
            return str(uuid4())


class ReasonForm(FlaskForm):
    """Saying no, with a reason for those who want to give one."""

    reason = TextAreaField(lazy_gettext("原因"), [_at_most(300)], filters=[_stripped], render_kw={"rows": 3})
