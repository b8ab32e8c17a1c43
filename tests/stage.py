"""A filled office for the browser: an open day that is running, others in every state, people, answers, messages, staff."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import make
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engage import (
    afterwards,
    answers,
    arrivals,
    board,
    devices,
    doubts,
    events,
    fields,
    invitations,
    outbox,
    people,
    registrations,
    screens,
    series,
    venue,
    waiting,
)
from engage.activities import ActivityKind
from engage.answers import Keeping, Sent
from engage.arrivals import Result, ScanRequest
from engage.events import Event, Kind, Topic
from engage.fields import Condition, EventField
from engage.files import Upload
from engage.invitations import Invitation
from engage.outbox import Channel, Text
from engage.parties import Registration
from engage.people import Category
from engage.presence import Scan
from engage.screens import Screen
from engage.sealing import Cipher
from engage.staff import Role
from surveys import Response, bank, create_from_template, finding, form_of, questionnaires, theme_decisions, themes
from surveys.questionnaires import Question, Questionnaire
from surveys.themes import Theme

BY = make.BY
NAMES = ("赵国强", "钱秀英", "孙建华", "李敏", "周文博", "吴桂兰", "郑海涛", "王雪梅", "冯志远", "陈晓燕", "褚卫东", "卫红霞")
ORGANISATIONS = ("省建设投资集团有限公司", "城关镇东风村股份经济合作社", "中信达工程咨询有限公司", "市第一人民医院")
REMARKS = (
    "希望把评标过程中的澄清事项及时公开，方便投标企业了解情况。", "大厅引导标识再清楚一些，第一次来不容易找到开标室。",
    "建议增加农村集体资产交易的培训，\n最好能到镇里讲一讲。", "服务态度很好，办事效率高。",
)


def fill(session: Session, now: datetime) -> dict[str, object]:
    """Everything that a page can show, made through the libraries; answers what the addresses of the pages need."""
    categories = {category.code: category for category in people.categories(session)}
    people.edit_category(session, categories["public"], companions=2, by=BY, now=now)
    make.user(session, Role.ADMIN, username="stage", display_name="王老师", password="all the world")
    someone = make.user(session, Role.DOOR, display_name="李签到")
    devices.add_device(session, "东门扫码枪", by=BY, now=now)
    questionnaire = create_from_template(session, "open_day", now=now)
    questionnaires.open_for_answers(session, questionnaire, now=now)
    running = _running(session, now, categories, questionnaire)
    asked = _invited(session, running, list(categories.values())[:5], now)
    came = _registered(session, running, asked, categories["public"], now)
    _answered(session, running, questionnaire, came, now)
    theme = _sorted(session, running, questionnaire, now)
    field = _form_answered(session, running, came[-1], categories["enterprise"], now)
    gone = make.registration(session, running, category=categories["public"], name="沈立新")
    registrations.cancel(session, gone, reason="临时出差", by="guest", now=now)
    draft = make.event(session, state="draft", title="三月平台开放日（筹备中）", starts_at=None, ends_at=None, place="",
                       registration_closes_at=None)
    full = make.event(session, seats=2, title="代理机构集中培训", kind=Kind.TRAINING, topic=Topic.SYSTEM, hours=4,
                      starts_at=now + timedelta(days=3), ends_at=now + timedelta(days=3, hours=4),
                      registration_closes_at=now + timedelta(days=3))
    make.registration(session, full, category=categories["agency"], companions=0)
    make.registration(session, full, category=categories["agency"], companions=0)
    offered, waits = (make.registration(session, full, category=categories["public"], companions=1, wait=True) for _ in range(2))
    events.set_quotas(session, full, 4, {}, by=BY, now=now)
    waiting.promote(session, full, now=now)
    kept = ScanRequest(id=str(uuid.uuid4()), code=gone.leader.ticket_code, at=now, told=Result.ADMITTED)
    arrivals.scan(session, running, [kept], by=BY, now=now)  # by a door without a network, which did not know
    cancelled = make.event(session, state="cancelled", title="招标人座谈会", kind=Kind.SYMPOSIUM)
    past = make.event(session, state="closed", title="去年秋季平台开放日")
    held = series.start(session, past, series.SeriesDetails(title="平台开放日", slug="open-days", interval=series.Interval.QUARTER), by=BY, now=now)
    series.add(session, held, running, by=BY, now=now)
    afterwards.choose(session, running, thanks=True, missed=True, by=BY, now=now)
    closed = make.questionnaire(session, state="closed", title="交易服务满意度评价")
    events.attach(session, past, closed, by=BY, now=now)
    unused = make.questionnaire(session, state="draft", title="待定问卷", asks=[
        {"kind": "single", "text": "您的身份", "options": make.OPTIONS}, {"kind": "long_text", "text": "您的意见"}])
    make.questionnaire(session, anonymous=True, title="匿名评价")
    venue.renew(session, running, by=BY, now=now)
    screen = _on_screen(session, running, theme.finding.question.code, now)
    return {
        "theme": theme.id, "asked": theme.finding.question.code,
        "running": running.slug, "draft": draft.slug, "full": full.slug, "cancelled": cancelled.slug, "past": past.slug,
        "field": field.id, "activity": running.activities[0].id, "registration": came[-1].id, "attendee": came[-1].leader.id, "person": asked[0].invitee_id,
        "opened": asked[-1].token, "accepted": asked[0].token, "declined": asked[-2].token, "unused_activity": running.activities[-1].id,
        "ticket": came[-1].leader.ticket_code, "companion": came[-1].companions[0].ticket_code, "guest": came[-1].companions[0].id,
        "cancelled_ticket": gone.leader.ticket_code, "arrived_ticket": came[0].leader.ticket_code,
        "doubt": session.scalars(sa.select(doubts.Doubt.id)).first(),
        "board": board.renew(session, running, by=BY, now=now).code, "screen": screen.code,
        "scan": session.scalar(sa.select(Scan.id).where(Scan.attendee_id == came[0].leader.id)),
        "offered_ticket": offered.leader.ticket_code, "waiting_ticket": waits.leader.ticket_code, "waiting": waits.id,
        "hall": running.survey_code, "personal": came[-1].leader.survey_code, "answered": came[0].leader.survey_code,
        "closed_survey": past.survey_code, "questionnaire": questionnaire.id, "unused": unused.id,
        "section": unused.sections[0].id, "question": unused.sections[0].questions[0].id, "user": someone.id,
        "bank_item": bank.keep_question(session, unused.sections[0].questions[0], now=now).id,
        "category": categories["media"].id, "invitation": asked[-1].id, "response": session.scalar(sa.select(sa.func.min(Response.id))),
        "message": session.scalar(sa.select(sa.func.min(outbox.Message.id))),
    }


def _running(session: Session, now: datetime, categories: Mapping[str, Category], questionnaire: Questionnaire) -> Event:
    event = make.event(
        session, state="draft", title="走进公共资源交易平台开放日", purpose="请社会各界走进交易大厅，了解交易全过程，听取意见建议。",
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=2), registration_closes_at=now + timedelta(hours=2),
        by_category={categories["deputy"].id: 20, categories["enterprise"].id: 40},
    )
    for title, kind, start, length, seats in (
        ("参观开标大厅", ActivityKind.VISIT, -50, 40, 30), ("体验远程异地评标", ActivityKind.EXPERIENCE, 0, 40, 3),
        ("座谈交流", ActivityKind.DISCUSSION, 50, 50, None), ("填写问卷", ActivityKind.SURVEY, 105, 10, None),
    ):
        start_at = now + timedelta(minutes=start)
        make.activity(session, event, title=title, kind=kind, seats=seats, room="二楼 201 室", host="周主任",
                      starts_at=start_at, ends_at=start_at + timedelta(minutes=length))
    events.attach(session, event, questionnaire, by=BY, now=now)
    events.publish(session, event, by=BY, now=now)
    session.flush()
    return event


def _invited(session: Session, event: Event, categories: list[Category], now: datetime) -> list[Invitation]:
    made = []
    for place, name in enumerate(NAMES):
        how = {"phone": f"1370000{place:04}", "email": f"invited{place}@example.com" if place % 2 else ""}
        made.append(make.invitation(session, event, name=name, category=categories[place % 5],
                                    organisation=ORGANISATIONS[place % 4], **(how if place % 5 != 4 else {"phone": "0371-65550000", "email": ""})))
    make.invitation(session, event, name="尤佳宁", category=categories[0])
    invitations.send(session, event, ids=[invitation.id for invitation in made], by=BY, now=now)
    invitations.opened(session, made[-1], now=now)
    invitations.answer(session, made[-2], invitations.State.DECLINED, reason="当天另有会议", by="guest", now=now)
    sent = outbox.claim(session, Channel.EMAIL, now=now)
    outbox.delivered(session, {message.id: Text("诚邀您参加平台开放日", f"{message.name}：\n\n诚邀您参加平台开放日。", "https://example.org/i/x")
                               for message in sent[1:]}, now=now)
    outbox.failed(session, sent[0], "550 mailbox unavailable", now=now, final=True)
    return made


def _registered(session: Session, event: Event, asked: list[Invitation], public: Category, now: datetime) -> list[Registration]:
    made = []
    for place, invitation in enumerate(asked[:8]):
        invitee = invitation.invitee
        made.append(make.registration(
            session, event, invitation=invitation, category=invitee.category, name=invitee.name, phone=invitee.phone,
            organisation=invitee.organisation, email=invitee.email, activity_ids=[event.activities[0].id] if place % 3 else [],
        ))
    made.append(make.registration(session, event, category=public, name="许志强", organisation="", companions=1,
                                  activity_ids=[activity.id for activity in event.activities[:2]]))
    there = [ScanRequest(id=str(uuid.uuid4()), code=registration.leader.ticket_code, at=now) for registration in made[:6]]
    arrivals.scan(session, event, [*there, ScanRequest(id=str(uuid.uuid4()), code="x" * 26, at=now)], by=BY, now=now)
    session.expire_all()
    return made


def _form_answered(session: Session, event: Event, party: Registration, enterprise: Category, now: datetime) -> EventField:
    """Every kind of question on the form, restricted and conditional ones too, and a party's answers; the first of them."""
    drives = make.field(session, event, "yes_no", label="是否自驾前来", label_en="Are you driving?", hint="院内车位有限，先到先停。")
    make.field(session, event, label="车牌号", label_en="Number plate", required=True, per_person=True, condition=Condition(drives.id, ["yes"]))
    make.field(session, event, "multiple", label="用餐要求", label_en="Meals", options=["素食", "清真", "无特殊要求"], settings={"max": 2})
    make.field(session, event, "number", label="关注的项目数", settings={"min": 0, "max": 20, "unit": "个", "unit_en": "projects"})
    make.field(session, event, "date", label="企业成立日期", category_ids=[enterprise.id])
    make.field(session, event, label="统一社会信用代码", category_ids=[enterprise.id], settings={"check": "uscc"})
    make.field(session, event, settings={"check": "identity"}, label="身份证号", label_en="Identity-card number",
               purpose="办理监督区进场登记", purpose_en="Registration at the supervised area")
    make.field(session, event, "file", label="单位介绍信", hint="加盖公章的扫描件。")
    make.field(session, event, "long_text", label="想了解的问题")
    gone = make.field(session, event, label="到达车次")
    asked = fields.asked(session, event)
    sent = {drives.code: ["yes"], "f2": ["鲁K12345"], "f3": ["1", "2"], "f4": ["3"], "f7": ["11010119900101004X"], "f9": ["评标如何保密？"], "f10": ["G6918"]}
    people = [{code: Sent(values, consent=True) for code, values in sent.items()}, {"f2": Sent(["鲁K54321"])}]
    people[0]["f8"] = Sent(upload=Upload("介绍信.pdf", b"%PDF-1.7"))
    judged = answers.read(asked, people, category_id=party.category_id, now=now)
    keeping = Keeping(Cipher(["only for tests"]), "guest", now)
    answers.keep(session, party, [guest.name for guest in party.attendees], asked=asked, judged=judged, keeping=keeping)
    fields.remove(session, event, gone, by=BY, now=now)
    return drives


def _answered(session: Session, event: Event, questionnaire: Questionnaire, came: list[Registration], now: datetime) -> None:
    asked = [question for section in questionnaire.sections for question in section.questions]
    for place, registration in enumerate(came[:7]):
        raw = {question.code: _answer(question, place, at) for at, question in enumerate(asked)}
        make.response(session, questionnaire, raw, context=event.slug, segment=registration.category.code, now=now,
                      respondent=f"attendee:{registration.leader.id}")


def _sorted(session: Session, event: Event, questionnaire: Questionnaire, now: datetime) -> Theme:
    """Themes of the remarks: one that staff have made and pinned, one that they hide, and answers in none."""
    for each in themes.ask(session, questionnaire, context=event.slug, now=now):
        finding.keep(session, finding.sort(finding.read(session, each)), now=now)
    remarks = next(one for one in themes.overview(session, questionnaire, context=event.slug) if one.question.kind == "long_text")
    said = {answer.text: (answer.response_id, answer.place) for answer in session.scalars(themes.answers_of(remarks.finding, None))}
    made = [theme_decisions.move(session, remarks.finding, [said[text]], name=name) for text, name in zip(REMARKS, ("信息公开", "引导标识", "培训"), strict=False)]
    theme_decisions.pin(session, made[0], pinned=True)
    theme_decisions.hide(session, made[2], hidden=True)
    return made[0]


def _on_screen(session: Session, event: Event, code: str, now: datetime) -> Screen:
    """The hall's screen with a cloud of words on it, one of them hidden and others waiting."""
    screen, form = screens.renew(session, event, by=BY, now=now), form_of(session, event.questionnaire)
    asked = form.question(code)
    screens.turn(session, screen, form, asked.id, now=now)
    screens.reveal(session, screen, [asked.id], shown=True, by=BY, now=now)
    for words, approved in ((["大厅", "引导", "标识"], True), (["效率"], False)):
        screens.decide(session, event, asked, words, approved=approved, by=BY, now=now)
    return screen


def _answer(question: Question, person: int, place: int) -> list[str]:
    options = [option["code"] for option in question.options]
    if question.kind == "multiple":
        return options[: 1 + person % 3]
    if options:
        return [options[person % len(options)]]
    return [{
        "scale": str(5 - person * place % 5), "number": str(1 + person % 4), "text": ("规范", "透明", "高效")[person % 3],
        "long_text": REMARKS[person % 4],
    }[question.kind]]
