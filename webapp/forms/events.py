"""Forms of events and activities, and the words for what an event can be."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import NoneOf, NumberRange, Optional, Regexp

from engage.activities import Activity, ActivityDetails, ActivityKind
from engage.events import Details, Event, Kind, State, Topic, Visibility
from engage.people import Category
from webapp import wiring
from webapp.forms.fields import AnyNumberField, choices, line, moment, paragraphs, telephone, whole_number

KIND_WORDS = {
    Kind.OPEN_DAY: lazy_gettext("平台开放日"),
    Kind.TRAINING: lazy_gettext("集中培训"),
    Kind.SYMPOSIUM: lazy_gettext("座谈会"),
    Kind.OUTREACH: lazy_gettext("送政策进企业"),
    Kind.PRESS_BRIEFING: lazy_gettext("新闻发布会"),
    Kind.REHEARSAL: lazy_gettext("演练"),
}
STATE_WORDS = {
    State.DRAFT: lazy_gettext("草稿"),
    State.PUBLISHED: lazy_gettext("已发布"),
    State.CLOSED: lazy_gettext("已结束"),
    State.CANCELLED: lazy_gettext("已取消"),
}
STATE_LOOKS = {State.DRAFT: "quiet", State.PUBLISHED: "yes", State.CLOSED: "info", State.CANCELLED: "no"}
VISIBILITY_WORDS = {
    Visibility.INVITED: lazy_gettext("仅限受邀人员"),
    Visibility.PUBLIC: lazy_gettext("向社会公开"),
}
TOPIC_WORDS = {
    Topic.POLICY: lazy_gettext("政策解读"),
    Topic.SYSTEM: lazy_gettext("系统操作"),
    Topic.PRACTICE: lazy_gettext("交易实施"),
}
ACTIVITY_WORDS = {
    ActivityKind.VISIT: lazy_gettext("现场参观"),
    ActivityKind.EXPERIENCE: lazy_gettext("互动体验"),
    ActivityKind.DISCUSSION: lazy_gettext("座谈交流"),
    ActivityKind.SURVEY: lazy_gettext("问卷调查"),
}
PLANNED = choices({kind: words for kind, words in KIND_WORDS.items() if kind is not Kind.REHEARSAL})


def category_name(category: Category) -> str:
    """What a category is called in the reader's language."""
    return category.name_en if wiring.language() == "en" and category.name_en else category.name


class EventForm(FlaskForm):
    """What an organiser states of an event. `event_form` adds a field `category-ID` for each category's quota."""

    title = line(lazy_gettext("活动名称"), 120, required=True)
    kind = SelectField(lazy_gettext("活动类型"), choices=PLANNED, coerce=Kind, default=Kind.OPEN_DAY)
    purpose = paragraphs(lazy_gettext("活动目的"), 2000, description=lazy_gettext("一两句话，显示在活动页面和邀请函上。"))
    topic = SelectField(lazy_gettext("培训主题"), choices=choices({"": lazy_gettext("不适用"), **TOPIC_WORDS}),
                        coerce=lambda value: Topic(value) if value else None, validators=[Optional()],
                        description=lazy_gettext("仅集中培训填写。"))
    hours = AnyNumberField(lazy_gettext("学时"), [Optional(), NumberRange(0.5, 1000, lazy_gettext("学时应在 0.5 至 1000 之间。"))],
                           description=lazy_gettext("仅集中培训填写。"))
    place = line(lazy_gettext("地点"), 120)
    address = line(lazy_gettext("详细地址"), 200)
    starts_at = moment(lazy_gettext("开始时间"))
    ends_at = moment(lazy_gettext("结束时间"))
    visibility = RadioField(lazy_gettext("谁可以报名"), choices=choices(VISIBILITY_WORDS), coerce=Visibility,
                            default=Visibility.INVITED)
    registration_opens_at = moment(lazy_gettext("报名开始"), description=lazy_gettext("不填则发布后即可报名。"))
    registration_closes_at = moment(lazy_gettext("报名截止"), description=lazy_gettext("不填则到活动开始为止。"))
    walk_ins = BooleanField(lazy_gettext("接受现场登记"), description=lazy_gettext("没有报名的人可以在签到处登记后入场，占用名额。"))
    swap_until_hours = whole_number(lazy_gettext("换人截止"), description=lazy_gettext("活动开始前几小时为止可以换人或转给他人，例如 2；不填则到报名截止为止。"))
    contact_name = line(lazy_gettext("联系人"), 60)
    contact_phone = line(lazy_gettext("联系电话"), 40, telephone)
    seats = whole_number(lazy_gettext("总名额"), description=lazy_gettext("不填则不限。"))
    waiting_list = BooleanField(lazy_gettext("名额已满后接受候补"), default=True)
    confirm_hours = whole_number(
        lazy_gettext("候补确认时限（小时）"), default=Details.confirm_hours,
        description=lazy_gettext("有空余名额时为候补的人保留多久；填 0 则直接安排，无需确认。不填为 24 小时。"))
    slug = line(lazy_gettext("网址名称"), 80,
                Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", message=lazy_gettext("网址名称只能使用小写字母、数字和连字符。")),
                NoneOf(["new"], lazy_gettext("这个网址名称已被系统使用，请换一个。")),
                description=lazy_gettext("活动页面地址的最后一段，由小写字母、数字和连字符组成；不填则自动生成。"))

    def details(self) -> Details:
        """What was typed, as the library takes it."""
        stated = {field.name: self[field.name].data for field in fields(Details) if field.name in self}
        if self.confirm_hours.data is None:
            del stated["confirm_hours"]
        if self.kind.data is not Kind.TRAINING:
            stated |= {"topic": None, "hours": None}
        return Details(**stated)

    def quotas(self) -> dict[int, int | None]:
        """The limit of each category by its id."""
        return {int(name.removeprefix("category-")): field.data for name, field in self._fields.items()
                if name.startswith("category-")}

    @property
    def quota_fields(self) -> list[Any]:
        return [field for name, field in self._fields.items() if name.startswith("category-")]


def event_form(categories: Sequence[Category], event: Event | None = None) -> EventForm:
    """An EventForm with a quota for each category, filled from the event where there is one.

    The address of a published event is on invitations and posters, and its responses are filed under it: it stays.
    """
    quotas = {
        f"category-{category.id}": whole_number(category_name(category)) for category in categories
    }
    made: type[EventForm] = type("EventFormWithQuotas", (EventForm,), quotas)
    form = made(**({} if event is None else _stated(event)))
    if event is not None and event.state is not State.DRAFT:
        del form.slug
    if event is not None and event.kind is Kind.REHEARSAL:
        form.kind.choices = choices({Kind.REHEARSAL: KIND_WORDS[Kind.REHEARSAL]})
    return form


def _stated(event: Event) -> dict[str, Any]:
    stated = {field.name: getattr(event, field.name) for field in fields(Details)}
    limits = {f"category-{quota.category_id}": quota.seats for quota in event.quotas if quota.category_id}
    return stated | limits | {"seats": event.capacity}


class ActivityForm(FlaskForm):
    """What an organiser states of an activity."""

    title = line(lazy_gettext("环节名称"), 120, required=True)
    kind = SelectField(lazy_gettext("环节类型"), choices=choices(ACTIVITY_WORDS), coerce=ActivityKind,
                       default=ActivityKind.VISIT)
    starts_at = moment(lazy_gettext("开始时间"))
    ends_at = moment(lazy_gettext("结束时间"))
    room = line(lazy_gettext("地点"), 120, description=lazy_gettext("例如：开标大厅、三楼会议室。"))
    host = line(lazy_gettext("主持人"), 120)
    seats = whole_number(lazy_gettext("名额"), description=lazy_gettext("不填则不单独限制。"))
    capacity = whole_number(lazy_gettext("场地同时容纳人数"), description=lazy_gettext("在环节门口签到时，满员后不再放行。不填则不限。"))

    def details(self) -> ActivityDetails:
        """What was typed, as the library takes it."""
        return ActivityDetails(**{field.name: self[field.name].data for field in fields(ActivityDetails)})


def activity_form(activity: Activity | None = None) -> ActivityForm:
    """An ActivityForm, filled from the activity where there is one."""
    if activity is None:
        return ActivityForm()
    stated: Mapping[str, Any] = {field.name: getattr(activity, field.name) for field in fields(ActivityDetails)
                                 if field.name != "seats"}
    return ActivityForm(**stated, seats=activity.quota.seats)


class CancelRegistrationForm(FlaskForm):
    """Why a party's registration is taken back."""

    reason = line(lazy_gettext("取消原因"), 300, description=lazy_gettext("记录在邀请名单中，参会人看不到。"))
    notify = BooleanField(lazy_gettext("通知报名人"), default=True, description=lazy_gettext("按报名时留下的邮箱或手机号通知。"))
