"""Forms of the door: a walk-in, a stand-in, a doubt; and the words for what a door answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField  # pyright: ignore[reportAttributeAccessIssue] -- newer than its stubs
from wtforms.validators import UUID, InputRequired

from engage.doubts import Doubt, Kind, Settlement
from engage.people import Category
from engage.presence import Result
from engage.settling import possible
from engage.walk_ins import Result as WalkInResult
from engage.walk_ins import WalkInRequest
from webapp.forms.answers import AnswerSheet
from webapp.forms.events import category_name
from webapp.forms.fields import choices, line

RESULT_WORDS = {
    Result.ADMITTED: lazy_gettext("已入场"),
    Result.ALREADY: lazy_gettext("已签到"),
    Result.LEFT: lazy_gettext("已离场"),
    Result.UNKNOWN: lazy_gettext("无效"),
    Result.CANCELLED: lazy_gettext("已取消"),
    Result.WAITLISTED: lazy_gettext("候补中"),
    Result.WRONG_EVENT: lazy_gettext("非本场"),
    Result.NOT_OPEN: lazy_gettext("未开放"),
    Result.OVER_CAPACITY: lazy_gettext("已满员"),
}
WHY = {  # why somebody is not let in
    Result.UNKNOWN: lazy_gettext("没有这张入场凭证"),
    Result.CANCELLED: lazy_gettext("报名已经取消"),
    Result.WAITLISTED: lazy_gettext("还在候补，没有名额"),
    Result.WRONG_EVENT: lazy_gettext("这是另一场活动的凭证"),
    Result.NOT_OPEN: lazy_gettext("不在签到时间内"),
    Result.OVER_CAPACITY: lazy_gettext("这个环节的场地已满"),
}
WALK_IN_WORDS = {
    WalkInResult.ADMITTED: lazy_gettext("已登记入场"),
    WalkInResult.NOT_ALLOWED: lazy_gettext("本场活动不接受现场登记"),
    WalkInResult.NOT_OPEN: lazy_gettext("不在签到时间内"),
    WalkInResult.UNKNOWN_CATEGORY: lazy_gettext("没有这个类别"),
    WalkInResult.INVALID_PHONE: lazy_gettext("电话号码不可用"),
    WalkInResult.REGISTERED: lazy_gettext("此人已经报名，请按姓名查找后签到"),
    WalkInResult.EVENT_FULL: lazy_gettext("活动名额已满"),
    WalkInResult.CATEGORY_FULL: lazy_gettext("这个类别的名额已满"),
}
DOUBT_WORDS = {
    Kind.TWO_DEVICES: lazy_gettext("同一凭证在两台设备上入场"),
    Kind.CANCELLED: lazy_gettext("报名已取消，设备离线时放行"),
    Kind.WAITLISTED: lazy_gettext("还在候补，设备离线时放行"),
    Kind.OVER_CAPACITY: lazy_gettext("场地已满，设备离线时放行"),
    Kind.OVERFULL: lazy_gettext("更正记录后，场地里的人超过了容纳人数"),
    Kind.NOT_OPEN: lazy_gettext("不在签到时间内"),
    Kind.UNKNOWN: lazy_gettext("没有这张入场凭证"),
    Kind.WRONG_EVENT: lazy_gettext("另一场活动的凭证"),
    Kind.TURNED_AWAY: lazy_gettext("凭证有效，设备离线时未放行"),
    Kind.WALK_IN: lazy_gettext("现场登记未成功"),
}
SETTLEMENT_WORDS = {
    Settlement.ADMIT: lazy_gettext("计为到场"),
    Settlement.UNDO: lazy_gettext("不计到场"),
    Settlement.LEAVE: lazy_gettext("维持现状"),
}


class WalkInForm(FlaskForm):
    """Somebody who came without a registration. The hidden id makes a form that is sent twice one person."""

    answers: AnswerSheet | None = None  # to what else the event requires
    id = HiddenField(validators=[InputRequired(), UUID()])
    name = line(lazy_gettext("姓名"), 60, required=True)
    category = SelectField(lazy_gettext("类别"))
    organisation = line(lazy_gettext("单位"), 120)
    phone = line(lazy_gettext("电话"), 24)
    consent = BooleanField(lazy_gettext("来宾已知悉个人信息保护说明，同意为本次活动登记所填的个人信息。"),
                           [InputRequired(lazy_gettext("请先征得本人同意。"))])
    beyond_seats = BooleanField(lazy_gettext("名额已满时仍然登记"), description=lazy_gettext("总名额不变，以后空出的名额先补上这一个。操作记入日志。"))

    def request(self, *, now: datetime) -> WalkInRequest:
        """What was typed, as the library takes it."""
        typed: dict[str, Any] = {name: self[name].data for name in ("name", "category", "organisation", "phone", "beyond_seats")}
        return WalkInRequest(id=str(self.id.data), at=now, clock_at=now, device="desk", **typed)


def walk_in_form(categories: Sequence[Category], new_id: str) -> WalkInForm:
    """A WalkInForm with an id of its own."""
    form = WalkInForm(id=new_id)
    form.category.choices = [SelectChoice(category.code, category_name(category), {"data-category": category.id}) for category in categories]
    return form


class StandInForm(FlaskForm):
    """Who comes in another's place."""

    name = line(lazy_gettext("实际到场人姓名"), 60, required=True)


class SettleForm(FlaskForm):
    """What is decided about a doubt, and why."""

    settlement = RadioField(lazy_gettext("处理"), coerce=Settlement)
    reason = line(lazy_gettext("理由"), 300, required=True, description=lazy_gettext("例如：已电话核实本人到场。请勿填写个人信息。"))


def settle_form(doubt: Doubt) -> SettleForm:
    """A SettleForm with what can be decided about this doubt."""
    form = SettleForm()
    form.settlement.choices = choices({each: SETTLEMENT_WORDS[each] for each in possible(doubt)})
    return form


def walk_in_refused(form: WalkInForm, result: WalkInResult) -> None:
    """Say next to the field why nobody was entered, and what to do."""
    field = {WalkInResult.INVALID_PHONE: form.phone, WalkInResult.UNKNOWN_CATEGORY: form.category,
             WalkInResult.REGISTERED: form.name}.get(result)
    words = str(WALK_IN_WORDS[result])
    if result in {WalkInResult.EVENT_FULL, WalkInResult.CATEGORY_FULL}:
        field, words = form.beyond_seats, gettext("%(why)s。如确需登记，请勾选后再次提交。", why=words)
    if field is None:
        form.form_errors.append(words)
    else:
        field.errors = [*field.errors, words]
