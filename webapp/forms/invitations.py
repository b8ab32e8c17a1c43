"""The words for where invitations and messages stand, and the forms for reminders and substitutes."""

import re

from flask_babel import lazy_gettext, lazy_pgettext
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import SelectField

from engage import substitutes
from engage.invitations import State
from engage.outbox import Channel, Message, Purpose
from engage.outbox import State as MessageState
from engage.reminders import Anchor
from webapp.forms.fields import REQUIRED, WholeNumberField, choices, line

CHANNEL_WORDS = {
    Channel.EMAIL: lazy_gettext("电子邮件"),
    Channel.SMS: lazy_gettext("短信"),
    Channel.LETTER: lazy_gettext("纸质信函"),
}
PURPOSE_WORDS = {
    Purpose.INVITATION: lazy_pgettext("one", "邀请"),
    Purpose.REMINDER: lazy_pgettext("one", "提醒答复"),
    Purpose.TICKET: lazy_gettext("入场凭证"),
    Purpose.WAITING: lazy_gettext("候补登记"),
    Purpose.OFFER: lazy_gettext("候补名额"),
    Purpose.LAPSED: lazy_gettext("候补失效"),
    Purpose.CANCELLATION: lazy_pgettext("one", "取消报名"),
    Purpose.REMOVED: lazy_gettext("报名被取消"),
    Purpose.HANDED_OVER: lazy_gettext("转交报名"),
    Purpose.CALLED_OFF: lazy_gettext("活动取消"),
    Purpose.THANKS: lazy_gettext("感谢和问卷"),
    Purpose.MISSED: lazy_gettext("未到场问候"),
}
INVITATION_WORDS = {
    State.DRAFTED: lazy_gettext("待发送"),
    State.INVITED: lazy_gettext("已邀请"),
    State.OPENED: lazy_gettext("已查看"),
    State.ACCEPTED: lazy_gettext("已接受"),
    State.DECLINED: lazy_gettext("已谢绝"),
}
BOUNCED = "bounced"  # beside the states: nobody was reached
ANCHOR_WORDS = {Anchor.START: lazy_gettext("活动开始"), Anchor.CLOSING: lazy_gettext("报名截止")}
INVITATION_LOOKS = {State.DRAFTED: "quiet", State.INVITED: "info", State.OPENED: "info", State.ACCEPTED: "yes",
                    State.DECLINED: "look"}
MESSAGE_STATE_WORDS = {
    MessageState.QUEUED: lazy_gettext("待发出"),
    MessageState.SENT: lazy_gettext("已发出"),
    MessageState.FAILED: lazy_gettext("发送失败"),
    MessageState.WITHDRAWN: lazy_gettext("已撤回"),
}
_LOOKS = {MessageState.QUEUED: "quiet", MessageState.SENT: "yes", MessageState.FAILED: "no", MessageState.WITHDRAWN: "quiet"}
_BY_CHANNEL: dict[tuple[MessageState, Channel], LazyString] = {
    (MessageState.QUEUED, Channel.EMAIL): lazy_gettext("邮件待发送"),
    (MessageState.QUEUED, Channel.SMS): lazy_gettext("短信待导出"),
    (MessageState.QUEUED, Channel.LETTER): lazy_gettext("信函待打印"),
    (MessageState.SENT, Channel.EMAIL): lazy_gettext("邮件已发送"),
    (MessageState.SENT, Channel.SMS): lazy_gettext("短信已导出"),
    (MessageState.SENT, Channel.LETTER): lazy_gettext("信函已打印"),
}
# What a mail server's answer means to the office (RFC 5321, 4.2.3). The first three digits decide, or else the first.
_FAULTS: dict[str, LazyString] = {
    "450": lazy_gettext("对方邮箱暂时不可用"),
    "451": lazy_gettext("对方邮件服务器暂时不接收"),
    "452": lazy_gettext("对方邮件服务器空间不足"),
    "530": lazy_gettext("邮件服务器要求登录，请检查邮件设置"),
    "535": lazy_gettext("邮件服务器的用户名或密码不正确，请检查邮件设置"),
    "550": lazy_gettext("收件地址不存在或被拒收，请核对邮箱"),
    "551": lazy_gettext("收件地址不存在或被拒收，请核对邮箱"),
    "552": lazy_gettext("对方邮箱已满，或邮件过大"),
    "553": lazy_gettext("收件地址不被接受，请核对邮箱"),
    "554": lazy_gettext("邮件被对方拒收，可能被当作垃圾邮件"),
    "4": lazy_gettext("对方邮件服务器暂时不接收"),
    "5": lazy_gettext("邮件被拒收"),
    "connection": lazy_gettext("与邮件服务器的连接中断"),
    "bounced": lazy_gettext("已被退回，请核对地址，或改用其他方式"),
    "address": lazy_gettext("这个地址或内容不能作为邮件发出，请核对邮箱"),
}


class ReminderForm(FlaskForm):
    """When to remind those who have not answered."""

    days = WholeNumberField(lazy_gettext("提前天数"), [REQUIRED], default=1)
    anchor = SelectField(lazy_gettext("早于"), choices=choices(ANCHOR_WORDS), coerce=Anchor)


class SubstituteForm(FlaskForm):
    """Who might come instead."""

    name = line(lazy_gettext("姓名"), substitutes.LIMITS["name"], required=True)
    phone = line(lazy_gettext("手机号"), substitutes.LIMITS["phone"], render_kw={"type": "tel", "inputmode": "tel"})
    email = line(lazy_gettext("电子邮箱"), substitutes.LIMITS["email"], render_kw={"type": "email", "inputmode": "email"})


def message_state(message: Message) -> tuple[str, LazyString]:
    """The look and the words for where a message stands."""
    if message.state is MessageState.QUEUED and message.error:
        return "look", lazy_gettext("稍后重试")
    return _LOOKS[message.state], _BY_CHANNEL.get((message.state, message.channel), MESSAGE_STATE_WORDS[message.state])


def fault(error: str) -> LazyString | str:
    """What an error of delivery means, in words; empty where there is none."""
    code = (re.match(r"[0-9]{3}|[a-z]+", error) or [""])[0]
    return _FAULTS.get(code) or _FAULTS.get(code[:1]) or error
