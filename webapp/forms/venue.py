"""How a guest whose phone shows no ticket says who they are, before the hall's screen."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm

from webapp.forms.fields import line


class NameForm(FlaskForm):
    """By what was stated at registration, both together."""

    name = line(lazy_gettext("姓名"), 60, required=True, render_kw={"autocomplete": "name"})
    contact = line(lazy_gettext("手机号或电子邮箱"), 254, required=True, render_kw={"autocomplete": "tel", "autocapitalize": "none"},
                   description=lazy_gettext("报名时登记的；随行人员可填领队的。"))


class TicketForm(FlaskForm):
    """By the ticket: its link, or the code at the link's end."""

    code = line(lazy_gettext("凭证链接或编码"), 500, required=True,
                render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})
