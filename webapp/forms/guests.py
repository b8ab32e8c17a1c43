"""The forms with which guests swap somebody, hand their registration over, or ask for a lost link."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm

from engage.applications import Person
from webapp.forms.answers import AnswerSheet
from webapp.forms.fields import line
from webapp.forms.registration import STATED, TEL


class _GuestForm(FlaskForm):
    answers: AnswerSheet | None = None  # to what else the event asks

    class Meta:
        csrf = False  # see `security.for_guests`


class SwapForm(_GuestForm):
    """Who comes instead of a companion."""

    name = line(lazy_gettext("姓名"), STATED["name"], required=True, render_kw={"autocomplete": "off"})
    phone = line(lazy_gettext("手机号"), STATED["phone"], render_kw={**TEL, "autocomplete": "off"})

    def person(self) -> Person:
        """Who was typed."""
        return Person(name=self.name.data or "", phone=self.phone.data or "")


class HandOverForm(SwapForm):
    """Who leads the party from now on."""

    email = line(lazy_gettext("电子邮箱"), STATED["email"], render_kw={"type": "email", "autocomplete": "off"})
    organisation = line(lazy_gettext("单位"), STATED["organisation"], render_kw={"autocomplete": "off"})

    def person(self) -> Person:
        """Who was typed."""
        return Person(name=self.name.data or "", phone=self.phone.data or "", email=self.email.data or "",
                      organisation=self.organisation.data or "")


class LostLinkForm(_GuestForm):
    """By which phone number or e-mail address somebody is registered."""

    contact = line(lazy_gettext("手机号或电子邮箱"), STATED["email"], required=True, render_kw={"autocomplete": "on"})
