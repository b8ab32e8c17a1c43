"""The form of what is told after an event."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField


class AfterwardsForm(FlaskForm):
    """What is told the next morning without anybody pressing a button."""

    thanks = BooleanField(lazy_gettext("向到场的人发送感谢和问卷链接"))
    missed = BooleanField(lazy_gettext("问候报名但未到场的人"), description=lazy_gettext("全场没有任何签到记录时不发送。"))
