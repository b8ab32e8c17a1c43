"""What the open days ask beyond name and contact, and what invented guests say to it."""

import string
from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random

from sqlalchemy.orm import Session

from engage import answers, fields
from engage.answers import Keeping, Person, Sent
from engage.contacts import valid_uscc
from engage.events import Event
from engage.fields import Condition, Definition, EventField
from engage.parties import Attendee, Registration
from engage.people import Category
from webapp.wiring import cipher

COMPANIES = ("enterprise", "agency")
DRIVE, STAY_FOR_LUNCH, CANNOT_EAT, NEED_HELP = 0.55, 0.62, 0.3, 0.03
DISHES = tuple({"label": label, "label_en": label_en} for label, label_en in (
    ("清真", "Halal"), ("素食", "Vegetarian"), ("不吃辣", "Nothing spicy"), ("不吃海鲜", "No seafood"), ("不吃牛羊肉", "No beef or lamb"),
))
HELP = ("轮椅通道", "靠近讲解员的座位，听力不便", "行动不便，需要乘电梯")
_SIGNS = string.digits + "ABCDEFGHJKLMNPQRTUWXY"  # of a credit code


def ask(session: Session, event: Event, categories: Mapping[str, Category], *, by: str, now: datetime) -> None:
    """Put the questions on the event's form: parking with the plate, lunch with what is not eaten, the company's code, help."""

    def field(kind: str, label: str, label_en: str, **more: object) -> EventField:
        made = fields.add(session, event, Definition(kind=kind, label=label, label_en=label_en, **more), by=by, now=now)  # type: ignore[arg-type] -- passed on as they are
        session.flush()
        return made

    parks = field("yes_no", "是否需要停车位", "Do you need a parking space?", required=True, hint="院内车位有限，先到先停。",
                  hint_en="Space is scarce: first come, first served.")
    field("text", "车牌号", "Number plate", required=True, condition=Condition(parks.id, ["yes"]))
    stays = field("yes_no", "是否在中心用工作午餐", "Will you stay for lunch?", required=True, per_person=True, hint="12:30 在一楼职工食堂，费用自理。",
                  hint_en="12:30 in the canteen on the ground floor, at your own expense.")
    field("multiple", "饮食禁忌", "What you do not eat", per_person=True, options=DISHES, condition=Condition(stays.id, ["yes"]))
    field("text", "统一社会信用代码", "Unified social credit code", required=True, settings={"check": "uscc"},
          category_ids=[categories[code].id for code in COMPANIES], hint="营业执照上的 18 位代码。", hint_en="The 18 characters on the business licence.")
    field("text", "需要的无障碍协助", "Help you need to get around", sensitive=True, per_person=True, purpose="安排座位、轮椅和引导人员",
          purpose_en="To arrange seats, wheelchairs and somebody to guide you")


def fill_in(session: Session, party: Registration, chance: Random, *, by: str, now: datetime) -> None:
    """The party's answers, if the event asks anything."""
    asked = fields.asked(session, party.event)
    if not asked:
        return
    people = [_said(asked, attendee, chance) for attendee in party.attendees]
    judged = answers.read(asked, people, category_id=party.category_id, now=now)
    names = [attendee.name for attendee in party.attendees]
    answers.keep(session, party, names, asked=asked, judged=judged, keeping=Keeping(cipher(), by, now))


def _said(asked: Sequence[EventField], attendee: Attendee, chance: Random) -> Person:
    said = (
        _yes(chance, DRIVE), _plate(chance), _yes(chance, STAY_FOR_LUNCH), _some(chance, CANNOT_EAT, [str(chance.randint(1, len(DISHES)))]),
        [credit_code(attendee.organisation)], _some(chance, NEED_HELP, [chance.choice(HELP)]),
    )
    return {one.code: Sent(values, consent=True) for one, values in zip(asked, said, strict=True)}


def credit_code(organisation: str) -> str:
    """A code with the right last character, of a region that does not exist; the same for the same organisation."""
    chance = Random(organisation)  # noqa: S311 -- for likeness, not for secrets
    body = "91990000MA" + "".join(chance.choices(_SIGNS, k=7))
    return next(body + last for last in _SIGNS if valid_uscc(body + last))


def _plate(chance: Random) -> list[str]:
    return ["云Z" + "".join(chance.choices(string.digits, k=4)) + chance.choice("ABCDEFGH")]


def _yes(chance: Random, part: float) -> list[str]:
    return ["yes" if chance.random() < part else "no"]


def _some(chance: Random, part: float, values: list[str]) -> list[str]:
    return values if chance.random() < part else []
