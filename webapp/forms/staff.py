"""Forms of staff accounts and devices."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from engage.staff import Role
from webapp.forms.fields import choices

ROLE_WORDS = {
    Role.ADMIN: lazy_gettext("管理员"),
    Role.ORGANISER: lazy_gettext("组织者"),
    Role.DOOR: lazy_gettext("签到员"),
    Role.ANALYST: lazy_gettext("分析员"),
    Role.VIEWER: lazy_gettext("查看者"),
}
ROLE_DUTIES = {
    Role.ADMIN: lazy_gettext("可使用全部功能，管理用户和设备"),
    Role.ORGANISER: lazy_gettext("组织活动：导入名单、发送邀请、签到、问卷和汇总"),
    Role.DOOR: lazy_gettext("只能在现场签到"),
    Role.ANALYST: lazy_gettext("编写问卷，查看和导出结果，个人信息已隐去"),
    Role.VIEWER: lazy_gettext("只能查看，个人信息已隐去"),
}

REQUIRED = InputRequired(lazy_gettext("请填写此项。"))


def _at_most(characters: int) -> Length:
    return Length(max=characters, message=lazy_gettext("请勿超过 %(max)d 个字符。"))


def _new_password() -> PasswordField:
    return PasswordField(lazy_gettext("新密码"), [REQUIRED, _at_most(200)],
                         description=lazy_gettext("至少 10 个字符，不能包含用户名。"),
                         render_kw={"autocomplete": "new-password"})


class SignInForm(FlaskForm):
    username = StringField(lazy_gettext("用户名"), [REQUIRED, _at_most(60)],
                           render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})
    password = PasswordField(lazy_gettext("密码"), [REQUIRED, _at_most(200)],
                             render_kw={"autocomplete": "current-password"})


class SetupForm(FlaskForm):
    username = StringField(lazy_gettext("用户名"), [REQUIRED, _at_most(60)],
                           render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})
    password = _new_password()


class NewUserForm(SetupForm):
    display_name = StringField(lazy_gettext("显示姓名"), [_at_most(60)], description=lazy_gettext("不填则显示用户名。"))
    role = SelectField(lazy_gettext("角色"), choices=choices(ROLE_WORDS), coerce=Role, default=Role.VIEWER)


class UserForm(FlaskForm):
    display_name = StringField(lazy_gettext("显示姓名"), [_at_most(60)])
    role = SelectField(lazy_gettext("角色"), choices=choices(ROLE_WORDS), coerce=Role)


class ResetPasswordForm(FlaskForm):
    password = _new_password()


class ChangePasswordForm(FlaskForm):
    present = PasswordField(lazy_gettext("当前密码"), [REQUIRED, _at_most(200)],
                            render_kw={"autocomplete": "current-password"})
    password = _new_password()


class DeviceForm(FlaskForm):
    name = StringField(lazy_gettext("设备名称"), [REQUIRED, _at_most(60)],
                       description=lazy_gettext("例如：东门扫码枪 1 号。"))


class EmptyForm(FlaskForm):
    """A button: nothing but the protection against forged requests."""
