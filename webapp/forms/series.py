"""Forms of series, and the words for how often one is held."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import Regexp

from engage.series import Interval
from webapp.forms.fields import REQUIRED, MomentField, choices, line

INTERVAL_WORDS = {
    Interval.WEEK: lazy_gettext("每周"), Interval.FORTNIGHT: lazy_gettext("每两周"), Interval.MONTH: lazy_gettext("每月"),
    Interval.QUARTER: lazy_gettext("每季度"), Interval.HALF_YEAR: lazy_gettext("每半年"), Interval.YEAR: lazy_gettext("每年"),
}


class SeriesForm(FlaskForm):
    """A series as it can be changed later."""

    title = line(lazy_gettext("系列名称"), 120, required=True, description=lazy_gettext("例如：平台开放日。"))
    interval = SelectField(lazy_gettext("间隔"), choices=choices(INTERVAL_WORDS), coerce=Interval, default=Interval.MONTH,
                           description=lazy_gettext("用来推算下一期的日期，可以修改。"))


class NewSeriesForm(SeriesForm):
    """With the address of its calendar, which stays."""

    slug = line(lazy_gettext("网址名称"), 80, Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", message=lazy_gettext("网址名称只能使用小写字母、数字和连字符。")),
                required=True, description=lazy_gettext("日历订阅地址的最后一段，由小写字母、数字和连字符组成，以后不能更改。"))


class NextForm(FlaskForm):
    """When the next date begins."""

    starts_at = MomentField(lazy_gettext("开始时间"), [REQUIRED])
