"""An open day of which every figure is known: two categories, some of each answer, and what formulas look like."""

from dataclasses import dataclass
from typing import Any

import make
from sqlalchemy.orm import Session

from engage import events, invitations, registrations
from engage.events import Event
from engage.invitations import State
from engage.people import Category
from surveys import questions
from surveys.questionnaires import Questionnaire, create, open_for_answers

# A reader must see exactly this, and a spreadsheet must not run it.
FORMULAS = ("=1+1", "+8613800000000", "-5", "@x", "\t=1+2", '=HYPERLINK("http://x.example")', "+86-138-0000-0000", "＝1+1")
ASKS: tuple[tuple[str, str, tuple[dict[str, Any], ...]], ...] = (
    ("总体评价", "Overall", (
        {"kind": "scale", "text": "总体评价", "text_en": "How was it?", "required": True},
        {"kind": "single", "text": "从哪里得知", "text_en": "How did you hear of it?", "settings": {"other": True},
         "options": [{"label": "单位通知", "label_en": "From work"}, {"label": "中心网站", "label_en": "Web site"}]},
    )),
    ("意见/建议", "Opinions: yours", (
        {"kind": "multiple", "text": "印象最深的环节", "text_en": "What did you like?",
         "options": [{"label": "参观", "label_en": "Visit"}, {"label": "=座谈", "label_en": "=Talk"}]},
        {"kind": "number", "text": "办事次数", "text_en": "Visits so far", "settings": {"unit": "次", "unit_en": "times"}},
        {"kind": "long_text", "text": "意见建议", "text_en": "Your suggestions"},
    )),
)
ANSWERS = (  # of the first category, then of the second
    (
        {"q1": "5", "q2": "1", "q3": ["1", "2"], "q4": 3, "q5": "停车位太少"},
        {"q1": "4", "q2": "other", "q2.other": "=邻居", "q3": ["2"], "q4": 0},
        {"q1": "1", "q2": "1", "q5": "停车位太少"},
    ),
    (
        {"q1": "3", "q2": "2", "q3": ["1"], "q4": 12.5, "q5": "讲解很好\n下次再来"},
        {"q1": "2"},
    ),
)


@dataclass(frozen=True)
class OpenDay:
    event: Event
    deputies: Category
    village: Category
    questionnaire: Questionnaire


def open_day(session: Session, *, anonymous: bool = False, **changes: Any) -> OpenDay:
    """Deputies: 4 invited (2 accepted, 1 declined), a fifth only drafted; 5 registered in 2 parties, 3 arrived, 3 answers.
    Village: nobody invited; a party of 2 and one who cancelled, 1 arrived, 2 answers."""
    deputies = make.category(session, name="代表", name_en="Delegate", position=1)
    village = make.category(session, name="村民", name_en="Villager", position=2)
    event = make.event(session, place="Hall", address="", purpose="", **changes)
    visit, talk = (make.activity(session, event, title=title, room="1") for title in ("Visit", "Talk"))
    asked = [make.invitation(session, event, category=deputies) for _ in range(5)]
    for invitation in asked[:4]:
        invitation.state = State.INVITED
    invitations.opened(session, asked[0], now=make.NOW)
    invitations.opened(session, asked[3], now=make.NOW)
    parties = [
        make.registration(session, event, invitation=asked[0], category=deputies, companions=2, activity_ids=[visit.id, talk.id],
                          name="=SUM(A1)", organisation="+86-10-1234"),
        make.registration(session, event, invitation=asked[1], category=deputies, companions=1, activity_ids=[talk.id]),
        make.registration(session, event, category=village, companions=1),
    ]
    gone = make.registration(session, event, category=village, activity_ids=[visit.id])
    invitations.answer(session, asked[2], State.DECLINED, by="guest", now=make.NOW)
    registrations.cancel(session, gone, by="guest", now=make.NOW)
    for attendee in (*parties[0].attendees[:2], parties[1].leader, parties[2].leader):
        attendee.arrived_at = make.NOW
    questionnaire = questioned(session, event, anonymous=anonymous)
    for category, answers in zip((deputies, village), ANSWERS, strict=True):
        for raw in answers:
            make.response(session, questionnaire, raw, context=event.slug, segment=category.code)
    make.response(session, questionnaire, {"q1": "1"}, context="another event")
    session.flush()
    return OpenDay(event, deputies, village, questionnaire)


def questioned(session: Session, event: Event, *, anonymous: bool = False) -> Questionnaire:
    """The questionnaire of ASKS, open, attached to the event, without answers."""
    made = create(session, title="问卷", title_en="Feedback", anonymous=anonymous, now=make.NOW)
    for title, title_en, asks in ASKS:
        section = questions.add_section(session, made, title=title, title_en=title_en, now=make.NOW)
        for ask in asks:
            questions.add_question(session, section, now=make.NOW, **ask)
    open_for_answers(session, made, now=make.NOW)
    events.attach(session, event, made, by=make.BY, now=make.NOW)
    session.flush()
    return made
