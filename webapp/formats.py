"""How dates, times, numbers and phone numbers are shown: the filters of every template."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask
from markupsafe import Markup, escape

from engage import contacts
from webapp import wiring

DAY = {"zh": "y年M月d日（EEE）", "en": "EEE d MMMM y"}
JOIN = {"zh": "", "en": ", "}  # between the day and the time


def zone() -> ZoneInfo:
    """The time zone of the installation, in which times are shown and typed."""
    return ZoneInfo(wiring.settings().timezone)


def local(moment: datetime) -> datetime:
    """The moment in the time zone of the installation."""
    return moment.astimezone(zone())


def day(moment: datetime | date | None) -> str:
    """2026年3月18日（周三） or Wed 18 March 2026; empty for None."""
    if moment is None:
        return ""
    language = wiring.language()
    on = local(moment).date() if isinstance(moment, datetime) else moment
    return format_date(on, DAY[language], locale=wiring.LANGUAGES[language])


def clock_time(moment: datetime | None) -> str:
    """9:00, in local time; empty for None."""
    if moment is None:
        return ""
    there = local(moment)
    return f"{there.hour}:{there.minute:02}"


def when(moment: datetime | None) -> str:
    """Day and time in words: 2026年3月18日（周三）9:00; empty for None."""
    return f"{day(moment)}{JOIN[wiring.language()]}{clock_time(moment)}" if moment else ""


def period(start: datetime | None, end: datetime | None) -> str:
    """2026年3月18日（周三）9:00–11:30; with the second day when it is another; open ends are left out."""
    if start is None or end is None:
        return when(start or end)
    if local(start).date() == local(end).date():
        return f"{when(start)}–{clock_time(end)}"
    return f"{when(start)} – {when(end)}"


def number(value: float | None) -> str:
    """1,234.5: grouped digits, at most three decimals; empty for None."""
    if isinstance(value, int):  # nearly every one: Babel takes fifty times as long, and groups in the same way
        return f"{value:,}"
    return "" if value is None else format_decimal(value, locale=wiring.LANGUAGES[wiring.language()])


def share(value: float | None) -> str:
    """A part of one as a percentage with one decimal: 0.254 → 25.4%; empty for None."""
    return "" if value is None else f"{value * 100:.1f}%"


def jointed(address: str) -> Markup:
    """An e-mail address that a narrow column may break before its @ and its dots, and not within a word."""
    return Markup(re.sub(r"(?=[@.])", "<wbr>", escape(address)))  # noqa: S704 -- escaped just here


def init_app(app: Flask) -> None:
    """Give the filters to the templates."""
    for shown in (day, clock_time, when, period, number, share, jointed):
        app.add_template_filter(shown)
    app.add_template_filter(contacts.mask_phone, "masked_phone")
    app.add_template_filter(contacts.mask_email, "masked_email")
    app.add_template_filter(contacts.mask_name, "masked_name")
    app.add_template_filter(contacts.surname_only, "surname_only")
