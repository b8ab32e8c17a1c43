"""A guest's registration and a filled-in questionnaire, sent as a browser sends them and on disk before their answers; beside the floor.

Sixteen phones hand in one form after another, each form from an address of its own (the server believes one proxy), because
the limits on one address are not what is measured; they are counted all the same.
"""

import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench import floor, load, servers
from bench.report import Figure
from engage import events, people
from surveys import questionnaires, questions
from webapp import robots

ROUNDS, EACH = 4, 400
SENT = (ROUNDS + 1) * EACH
LEAST = {"registration": 1 / 3, "questionnaire": 0.4}  # of the floor
BY = "system"
OFFERED = [{"label": label} for label in ("大厅宽敞", "流程清楚", "讲解细致")]
ASKED: list[questions.Fields] = [  # twelve questions, as an open day asks them
    {"kind": "single", "text": "您从哪里得知本次活动？", "required": True, "options": OFFERED},
    {"kind": "multiple", "text": "您参加了哪些环节？", "options": OFFERED},
    {"kind": "number", "text": "这是您第几次来访？"},
    *({"kind": "scale", "text": text, "required": True} for text in ("总体评价", "参观讲解", "座谈答复", "办事流程", "服务态度", "场地设施")),
    {"kind": "single", "text": "您是否愿意再来？", "options": OFFERED},
    {"kind": "text", "text": "您最关心的业务"},
    {"kind": "long_text", "text": "您的意见和建议"},
]
ANSWERS = {"q1": "1", "q2": ["1", "3"], "q3": "2", **{f"q{number}": "4" for number in range(4, 10)}, "q10": "2",
           "q11": "工程建设项目招标投标", "q12": "希望多举办这样的活动，让企业当面了解交易规则，也希望大厅的指引牌更清楚一些。"}


class Hall(NamedTuple):
    """Where the forms are, and which category a guest states."""

    registration: str
    questionnaire: str
    category: int


class Form(NamedTuple):
    """What is sent where: `fields` of the nth guest."""

    what: str
    path: str
    fields: Callable[[int], Mapping[str, Any]]

    def sent(self, number: int) -> bytes:
        """The form as the nth guest's browser sends it."""
        return load.request("POST", self.path, urlencode(self.fields(number), doseq=True).encode(), {
            "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        })


def submits() -> Iterator[Figure]:
    """Both forms on SQLite."""
    with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
        installation = servers.install(Path(folder))
        installation.environment["ENGAGE_TRUSTED_PROXIES"] = "1"
        hall = open_hall(Path(folder) / "engage.sqlite")
        codes = [f"{number:026}" for number in range(2 * SENT)]
        beside = str(Path(folder) / "floor.sqlite")
        floor.prepare(beside, codes)
        with servers.floor(beside) as floor_port, servers.serving(installation) as port:
            for place, form in enumerate(forms(hall)):
                yield from _compared(form, port, floor_port, codes[place * SENT:])


def _compared(form: Form, port: int, floor_port: int, codes: list[str]) -> Iterator[Figure]:
    ours, theirs = [], []
    for first in range(0, SENT, EACH):  # alternating, so that a noisy neighbour disturbs both; the first round warms up
        numbers = range(first, first + EACH)
        sent = [form.sent(number) for number in numbers]
        theirs.append(load.run(floor_port, [load.request("POST", f"/{codes[number]}") for number in numbers]))
        ours.append(load.run(port, sent, status=302))
    bare, engage = load.joined(theirs[1:]), load.joined(ours[1:])
    ratio = engage.rate / bare.rate
    yield Figure(f"{form.what} submit, SQLite, 16 clients", f"{engage.rate:,.0f}/s",
                 f"p50 {engage.percentile(0.5):.1f} ms, p99 {engage.percentile(0.99):.1f} ms; floor {bare.rate:,.0f}/s")
    least = LEAST[form.what]
    yield Figure(f"{form.what} submit ÷ floor, SQLite", f"{ratio:.2f}", f"at least {least:.2f}", met=ratio >= least)


def forms(hall: Hall) -> Sequence[Form]:
    """What guests fill in on the day."""
    issued = robots.issued(servers.SECRET, now=datetime.now(UTC) - timedelta(minutes=1))  # noqa: TID251 -- the office's clock
    return [Form("registration", hall.registration, lambda number: stated(hall, number)),
            Form("questionnaire", hall.questionnaire, lambda _number: {"form.submission": uuid.uuid4(), "form.issued": issued, **ANSWERS})]


def stated(hall: Hall, number: int) -> dict[str, Any]:
    return {"submission": uuid.uuid4(), "category": hall.category, "name": f"来宾{number}", "phone": f"139{number:08}",
            "email": "", "organisation": "丰和建设有限公司", "consent": "y"}


def open_hall(database: Path) -> Hall:
    """A public open day that begins tomorrow, with seats for everybody and its questionnaire open."""
    now = datetime.now(UTC)  # noqa: TID251 -- the office's clock
    start = now + timedelta(days=1)
    engine = sa.create_engine(f"sqlite:///{database}")
    with Session(engine) as session:
        event = events.create(session, events.Details(
            title="平台开放日", visibility=events.Visibility.PUBLIC, purpose="走进交易大厅", place="交易大厅", contact_phone="0371-60000000",
            starts_at=start, ends_at=start + timedelta(hours=3),
        ), seats=2 * SENT, by=BY, now=now)
        events.publish(session, event, by=BY, now=now)
        questionnaire = questionnaires.create(session, now=now, title="开放日问卷")
        section = questions.add_section(session, questionnaire, now=now)
        for asked in ASKED:
            questions.add_question(session, section, now=now, **asked)
        questionnaires.open_for_answers(session, questionnaire, now=now)
        events.attach(session, event, questionnaire, by=BY, now=now)
        category = next(each for each in people.categories(session) if each.self_chosen)
        hall = Hall(f"/events/{event.slug}/register", f"/q/{event.survey_code}", category.id)
        session.commit()
    engine.dispose()
    return hall
